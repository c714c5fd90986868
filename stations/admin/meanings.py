"""What the answers of stations mean, in plain language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

# What a station's answer means, by the OCPP 1.6 section of the action.
_MEANINGS = {
    ("RemoteStartTransaction", "Accepted"): gettext_lazy(
        "The station starts as soon as the cable is in."
    ),
    ("RemoteStartTransaction", "Rejected"): gettext_lazy(
        "The station does not start. Its connector may be in use, reserved or out of order."
    ),
    ("RemoteStopTransaction", "Accepted"): gettext_lazy("The station ends the session."),
    ("RemoteStopTransaction", "Rejected"): gettext_lazy(
        "The station knows no such session under way."
    ),
    ("Reset", "Accepted"): gettext_lazy("The station restarts."),
    ("Reset", "Rejected"): gettext_lazy("The station does not restart."),
    ("UnlockConnector", "Unlocked"): gettext_lazy("The cable is free."),
    ("UnlockConnector", "UnlockFailed"): gettext_lazy("The lock did not open."),
    ("UnlockConnector", "NotSupported"): gettext_lazy("This connector has no lock it could open."),
    ("ChangeAvailability", "Scheduled"): gettext_lazy(
        "It happens when the session under way has ended."
    ),
    ("ChangeConfiguration", "RebootRequired"): gettext_lazy("It counts after the next restart."),
    ("ChangeConfiguration", "NotSupported"): gettext_lazy("The station has no such key."),
    ("TriggerMessage", "Accepted"): gettext_lazy(
        "The station sends it next; the message log shows it."
    ),
    ("TriggerMessage", "Rejected"): gettext_lazy("The station does not send it now."),
    ("TriggerMessage", "NotImplemented"): gettext_lazy(
        "The station cannot send this message on demand."
    ),
    ("SetChargingProfile", "Accepted"): gettext_lazy("The profile is in force."),
    ("SetChargingProfile", "Rejected"): gettext_lazy("The station does not take this profile."),
    ("SetChargingProfile", "NotSupported"): gettext_lazy("The station knows no smart charging."),
    ("ClearChargingProfile", "Accepted"): gettext_lazy("What matched is gone."),
    ("ClearChargingProfile", "Unknown"): gettext_lazy("The station has no such profile."),
    ("GetCompositeSchedule", "Rejected"): gettext_lazy("The station cannot say."),
    ("DataTransfer", "Rejected"): gettext_lazy("The station refuses the message."),
    ("DataTransfer", "UnknownVendorId"): gettext_lazy("The station knows no such vendor."),
    ("DataTransfer", "UnknownMessageId"): gettext_lazy(
        "The station knows no such message of the vendor."
    ),
    ("ReserveNow", "Accepted"): gettext_lazy("The connector is kept."),
    ("ReserveNow", "Occupied"): gettext_lazy("The connector is in use or reserved already."),
    ("GetLog", "Accepted"): gettext_lazy("The station uploads the log."),
    ("GetLog", "AcceptedCanceled"): gettext_lazy("The station uploads it, instead of another one."),
    ("SignedUpdateFirmware", "Accepted"): gettext_lazy("The station fetches and installs it."),
    ("SignedUpdateFirmware", "AcceptedCanceled"): gettext_lazy(
        "It does so, instead of another update."
    ),
    ("SignedUpdateFirmware", "InvalidCertificate"): gettext_lazy(
        "The signing certificate is not valid."
    ),
    ("SignedUpdateFirmware", "RevokedCertificate"): gettext_lazy(
        "The signing certificate is revoked."
    ),
    ("CertificateSigned", "Accepted"): gettext_lazy("The station uses the new certificate."),
    ("CertificateSigned", "Rejected"): gettext_lazy("The station does not take this certificate."),
    ("InstallCertificate", "Accepted"): gettext_lazy("The station trusts whoever it signs."),
    ("InstallCertificate", "Rejected"): gettext_lazy(
        "The certificate is not valid, says the station."
    ),
    ("InstallCertificate", "Failed"): gettext_lazy("The station could not store it."),
    ("DeleteCertificate", "NotFound"): gettext_lazy("The station has no such certificate."),
    ("DeleteCertificate", "Failed"): gettext_lazy(
        "The station could not delete it; it may be in use."
    ),
    ("GetInstalledCertificateIds", "NotFound"): gettext_lazy("The station has none of this kind."),
    ("ExtendedTriggerMessage", "NotImplemented"): gettext_lazy(
        "The station cannot send this on demand."
    ),
    ("CancelReservation", "Rejected"): gettext_lazy("The station knows no such reservation."),
    ("CancelReservation", "Accepted"): gettext_lazy("The connector is free again."),
}


def of(action: str, status: str) -> str:
    """What ``status`` means as the answer to ``action``; empty where its word says it all."""
    return str(_MEANINGS.get((action, status), ""))
