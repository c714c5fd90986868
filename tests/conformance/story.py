"""What an independent client is asked to do: the commands of the REST API and sensible answers."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests import pki

ID_TAG = "JUDGE-CARD"


class Asked(NamedTuple):
    """One command: its path in the API, its body, the OCPP action, what the station answers."""

    path: str
    body: dict[str, Any]
    action: str
    answer: dict[str, Any]


ACCEPTED = {"status": "Accepted"}
FILES = "https://files.example.com/here"
ROOT = pki.authority("An authority").pem
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": "2026-01-01T00:00:00Z",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32.0}],
    },
}
HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a1" * 32,
    "issuerKeyHash": "b2" * 32,
    "serialNumber": "0c3d",
}
SETTINGS = {
    "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}],
    "unknownKey": ["Nonsense"],
}


def commands(transaction_id: int) -> list[Asked]:
    """Every command there is, in an order that makes sense."""
    return [*_core(transaction_id), *_profiles(), *_security()]


def _core(transaction_id: int) -> list[Asked]:
    start, stop = {"connectorId": 1, "idTag": ID_TAG}, {"transactionId": transaction_id}
    change = {"key": "HeartbeatInterval", "value": "30"}
    keys = {"key": ["HeartbeatInterval", "Nonsense"]}
    availability = {"connectorId": 1, "type": "Inoperative"}
    return [
        Asked("start-transaction", start, "RemoteStartTransaction", ACCEPTED),
        Asked("stop-transaction", stop, "RemoteStopTransaction", ACCEPTED),
        Asked("change-availability", availability, "ChangeAvailability", {"status": "Scheduled"}),
        Asked("change-configuration", change, "ChangeConfiguration", {"status": "RebootRequired"}),
        Asked("get-configuration", keys, "GetConfiguration", SETTINGS),
        Asked("clear-cache", {}, "ClearCache", {"status": "Rejected"}),
        Asked("data-transfer", {"vendorId": "Acme"}, "DataTransfer", {"status": "UnknownVendorId"}),
        Asked("unlock-connector", {"connectorId": 1}, "UnlockConnector", {"status": "Unlocked"}),
        Asked("reset", {"type": "Soft"}, "Reset", ACCEPTED),
    ]


def _profiles() -> list[Asked]:
    reserve = {"connectorId": 2, "idTag": ID_TAG, "expiryDate": "2099-01-01T00:00:00Z"}
    trigger = {"requestedMessage": "StatusNotification", "connectorId": 1}
    schedule = {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"}
    profile = {"connectorId": 0, "csChargingProfiles": PROFILE}
    entry = {"idTag": ID_TAG, "idTagInfo": {"status": "Accepted"}}
    whole = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    update = {"location": FILES, "retrieveDate": "2099-01-01T00:00:00Z", "retries": 1}
    return [
        Asked("trigger-message", trigger, "TriggerMessage", {"status": "NotImplemented"}),
        Asked("reserve-now", reserve, "ReserveNow", ACCEPTED),
        Asked("cancel-reservation", {"reservationId": 1}, "CancelReservation", ACCEPTED),
        Asked("get-local-list-version", {}, "GetLocalListVersion", {"listVersion": 0}),
        Asked("send-local-list", whole, "SendLocalList", ACCEPTED),
        Asked("set-charging-profile", profile, "SetChargingProfile", ACCEPTED),
        Asked("get-composite-schedule", schedule, "GetCompositeSchedule", {"status": "Rejected"}),
        Asked("clear-charging-profile", {"id": 1}, "ClearChargingProfile", {"status": "Unknown"}),
        Asked("update-firmware", update, "UpdateFirmware", {}),
        Asked("get-diagnostics", {"location": FILES}, "GetDiagnostics", {"fileName": "log.gz"}),
    ]


def _security() -> list[Asked]:
    kind = {"certificateType": "ManufacturerRootCertificate"}
    firmware = {"location": FILES, "retrieveDateTime": "2099-01-01T00:00:00Z"}
    signed = {"signature": "c2lnbmF0dXJl", "signingCertificate": ROOT}
    log = {"logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": FILES}}
    trigger = {"requestedMessage": "Heartbeat"}
    known = {"status": "Accepted", "certificateHashData": [HASHES]}
    hashes = {"certificateHashData": HASHES}
    return [
        Asked("extended-trigger-message", trigger, "ExtendedTriggerMessage", ACCEPTED),
        Asked("install-certificate", {**kind, "certificate": ROOT}, "InstallCertificate", ACCEPTED),
        Asked("get-installed-certificate-ids", kind, "GetInstalledCertificateIds", known),
        Asked("delete-certificate", hashes, "DeleteCertificate", {"status": "NotFound"}),
        Asked(
            "certificate-signed",
            {"certificateChain": ROOT},
            "CertificateSigned",
            {"status": "Rejected"},
        ),
        Asked("get-log", log, "GetLog", {"status": "Accepted", "filename": "log.gz"}),
        Asked(
            "signed-update-firmware",
            {"requestId": 1, "firmware": {**firmware, **signed}},
            "SignedUpdateFirmware",
            ACCEPTED,
        ),
    ]


ANSWERS = {asked.action: asked.answer for asked in commands(1)}
