"""States as the admin says them: a word, a colour, and what an answer means."""

from __future__ import annotations

from datetime import timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cms.shared import clock, display
from stations.models import (
    AssignmentState,
    ChargingSession,
    ChargingStation,
    Command,
    CommandStatus,
    Connector,
    ConnectorStatus,
    ProfileAssignment,
    Registration,
    Reservation,
    ReservationStatus,
    ReviewCase,
    SessionStatus,
)

_CONNECTOR = {
    ConnectorStatus.AVAILABLE: "green",
    ConnectorStatus.PREPARING: "blue",
    ConnectorStatus.CHARGING: "blue",
    ConnectorStatus.SUSPENDED_EV: "amber",
    ConnectorStatus.SUSPENDED_EVSE: "amber",
    ConnectorStatus.FINISHING: "blue",
    ConnectorStatus.RESERVED: "violet",
    ConnectorStatus.FAULTED: "red",
}
_SESSION = {
    SessionStatus.ACTIVE: "blue",
    SessionStatus.COMPLETED: "green",
    SessionStatus.INFERRED: "amber",
    SessionStatus.ORPHANED: "amber",
}
_SUSPECT = (SessionStatus.INFERRED, SessionStatus.ORPHANED)  # the word says why already
_RESERVATION = {
    ReservationStatus.REQUESTED: "blue",
    ReservationStatus.ACCEPTED: "violet",
    ReservationStatus.USED: "green",
    ReservationStatus.EXPIRED: "grey",
    ReservationStatus.CANCELLED: "grey",
}
_ASSIGNMENT = {
    AssignmentState.REQUESTED: "blue",
    AssignmentState.ACCEPTED: "green",
    AssignmentState.REPLACED: "grey",
    AssignmentState.CLEARED: "grey",
    AssignmentState.ENDED: "grey",
}
_REGISTRATION = {Registration.ACCEPTED: "green", Registration.PENDING: "amber"}
_GOOD = ("", "Accepted", "AcceptedCanceled", "Unlocked", "Scheduled", "RebootRequired")
_REVIEW = {
    "NoStop": "no stop came from the station",
    "NoStart": "no start came from the station",
    "RegisterMismatch": "the meter ran backwards",
    "ClockSkew": "it ended before it began",
    "Silent": "its station has been away for long",
    "SecondStop": "another stop contradicts its own",
}
# What a station's answer means, by the OCPP 1.6 section of the action.
_MEANINGS = {
    ("RemoteStartTransaction", "Accepted"): "The station starts as soon as the cable is in.",
    ("RemoteStartTransaction", "Rejected"): "The station does not start.",
    ("RemoteStopTransaction", "Accepted"): "The station ends the session.",
    ("RemoteStopTransaction", "Rejected"): "The station knows no such session under way.",
    ("Reset", "Accepted"): "The station restarts.",
    ("Reset", "Rejected"): "The station does not restart.",
    ("UnlockConnector", "Unlocked"): "The cable is free.",
    ("UnlockConnector", "UnlockFailed"): "The lock did not open.",
    ("UnlockConnector", "NotSupported"): "This connector has no lock it could open.",
    ("ChangeAvailability", "Scheduled"): "It happens when the session under way has ended.",
    ("ChangeConfiguration", "RebootRequired"): "It counts after the next restart.",
    ("ChangeConfiguration", "NotSupported"): "The station has no such key.",
    ("TriggerMessage", "Accepted"): "The station sends it next; the message log shows it.",
    ("TriggerMessage", "Rejected"): "The station does not send it now.",
    ("TriggerMessage", "NotImplemented"): "The station cannot send this message on demand.",
    ("SetChargingProfile", "Accepted"): "The profile is in force.",
    ("SetChargingProfile", "Rejected"): "The station does not take this profile.",
    ("SetChargingProfile", "NotSupported"): "The station knows no smart charging.",
    ("ClearChargingProfile", "Accepted"): "What matched is gone.",
    ("ClearChargingProfile", "Unknown"): "The station has no such profile.",
    ("GetCompositeSchedule", "Rejected"): "The station cannot say.",
    ("DataTransfer", "Rejected"): "The station refuses the message.",
    ("DataTransfer", "UnknownVendorId"): "The station knows no such vendor.",
    ("DataTransfer", "UnknownMessageId"): "The station knows no such message of the vendor.",
    ("ReserveNow", "Accepted"): "The connector is kept.",
    ("ReserveNow", "Occupied"): "The connector is in use or reserved already.",
    ("GetLog", "Accepted"): "The station uploads the log.",
    ("GetLog", "AcceptedCanceled"): "The station uploads it, instead of another one.",
    ("SignedUpdateFirmware", "Accepted"): "The station fetches and installs it.",
    ("SignedUpdateFirmware", "AcceptedCanceled"): "It does so, instead of another update.",
    ("SignedUpdateFirmware", "InvalidCertificate"): "The signing certificate is not valid.",
    ("SignedUpdateFirmware", "RevokedCertificate"): "The signing certificate is revoked.",
    ("CertificateSigned", "Accepted"): "The station uses the new certificate.",
    ("CertificateSigned", "Rejected"): "The station does not take this certificate.",
    ("InstallCertificate", "Accepted"): "The station trusts whoever it signs.",
    ("InstallCertificate", "Rejected"): "The certificate is not valid, says the station.",
    ("InstallCertificate", "Failed"): "The station could not store it.",
    ("DeleteCertificate", "NotFound"): "The station has no such certificate.",
    ("DeleteCertificate", "Failed"): "The station could not delete it; it may be in use.",
    ("GetInstalledCertificateIds", "NotFound"): "The station has none of this kind.",
    ("ExtendedTriggerMessage", "NotImplemented"): "The station cannot send this on demand.",
    ("CancelReservation", "Rejected"): "The station knows no such reservation.",
    ("CancelReservation", "Accepted"): "The connector is free again.",
}


def online(station: ChargingStation) -> SafeString:
    """Whether the station is there, with since when on hover."""
    if station.online:
        since = f"since {display.exact(station.connected_at)}" if station.connected_at else ""
        return display.dot("Online", "green", since)
    since = f"since {display.exact(station.disconnected_at)}" if station.disconnected_at else ""
    return display.dot("Offline", "grey", since)


def registration(station: ChargingStation) -> SafeString:
    """Whether the system serves the station."""
    return display.pill(station.registration, _REGISTRATION.get(station.registration, "red"))  # type: ignore[call-overload]


def connector(row: Connector) -> SafeString:
    """The status of a connector."""
    return display.pill(row.get_status_display(), _tone(row), _hover(row))


def pips(rows: list[Connector]) -> SafeString:
    """One coloured pill per outlet with its number; the word on hover and for screen readers."""
    outlets = [row for row in rows if row.connector_id] or rows
    return format_html(
        '<span class="vd-pips">{}</span>',
        format_html_join(
            "",
            '<span class="vd-pip vd-{}" title="{}">{}<span class="vd-hidden"> {}</span></span>',
            ((_tone(row), _hover(row), row.connector_id, row.status) for row in outlets),
        )
        or display.NOTHING,
    )


def _tone(row: Connector) -> str:
    return _CONNECTOR.get(row.status, "grey")  # type: ignore[call-overload, no-any-return]


def _hover(row: Connector) -> str:
    error = f", {row.error_code}" if row.error_code not in ("", "NoError") else ""
    return f"Connector {row.connector_id}: {row.get_status_display()}{error}"


def session(row: ChargingSession) -> SafeString:
    """Where a session stands, and whether somebody should look at it."""
    why = review(row)
    state = display.pill(row.get_status_display(), _SESSION[SessionStatus(row.status)], why)
    if not row.needs_review or row.status in _SUSPECT:
        return state
    return format_html("{} {}", state, display.pill("Review", "amber", why))


def review(row: ChargingSession) -> str:
    """Why somebody should look at a session, in words."""
    return "; ".join(reason(word) for word in row.review_reasons)


def reason(word: str) -> str:
    """Why something is to be looked at, in words."""
    return _REVIEW.get(word, word)


def review_state(row: ReviewCase) -> SafeString:
    """Open, or how it was settled, with who and why on hover."""
    if row.is_open:
        return display.pill("Open", "amber")
    by = row.settled_by_name or "the system"
    return display.pill(row.get_resolution_display(), "green", f"{by}: {row.why}")


def session_length(row: ChargingSession) -> str:
    """How long a session lasted, or lasts by now."""
    if row.started_at is None:
        return "–"
    return display.span((row.stopped_at or clock.now()) - row.started_at)


def reservation(row: Reservation) -> SafeString:
    """Where a reservation stands."""
    tone = _RESERVATION.get(ReservationStatus(row.status), "red")
    return display.pill(row.get_status_display(), tone, row.status_reason)


def assignment(row: ProfileAssignment) -> SafeString:
    """Where an assigned charging profile stands."""
    tone = _ASSIGNMENT.get(AssignmentState(row.state), "red")
    return display.pill(row.get_state_display(), tone, row.answer)


def profile_name(row: ProfileAssignment) -> str:
    """The name of an assigned profile; else its number at the station."""
    return row.profile.name if row.profile else f"profile {row.number}"


def at_connector(row: ProfileAssignment) -> str:
    """Where an assigned profile counts."""
    if row.connector is None:
        return "any"
    return str(row.connector.connector_id or "the station")


def in_line(row: ProfileAssignment) -> str:
    """An assigned profile in one line."""
    where = f"connector {at_connector(row)}"
    parts = (profile_name(row), where, row.get_purpose_display(), f"level {row.stack_level}")
    return " · ".join(parts)


def is_good(command: Command) -> bool:
    """Whether the station did what it was asked."""
    return command.status == CommandStatus.ANSWERED and command.answer_status in _GOOD


def command(row: Command) -> SafeString:
    """How a command stands: the station's own word once it answered."""
    word = row.answer_status or row.error_code or row.get_status_display()
    if row.is_open:
        return display.pill(word, "blue")
    return display.pill(word, "green" if is_good(row) else "red", meaning(row))


def meaning(row: Command) -> str:
    """What the station's answer means, or why there is none."""
    if row.status == CommandStatus.FAILED:
        return row.error_description or "The station answered with an error."
    if row.status == CommandStatus.TIMED_OUT:
        return "The station did not answer. It may or may not have done it."
    if row.status == CommandStatus.EXPIRED:
        return "It was never sent, and will not be."
    return _MEANINGS.get((row.action, row.answer_status), "")


def latency(row: Command) -> SafeString:
    """How long the station took to answer."""
    if row.sent_at is None or row.settled_at is None or row.status == CommandStatus.TIMED_OUT:
        return display.NOTHING
    milliseconds = (row.settled_at - row.sent_at) / timedelta(milliseconds=1)
    return display.number(milliseconds, "ms", 0)
