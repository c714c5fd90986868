"""What an independent client is asked to do: the commands of the REST API and sensible answers."""

from __future__ import annotations

from typing import Any, NamedTuple

ID_TAG = "JUDGE-CARD"


class Asked(NamedTuple):
    """One command: its path in the API, its body, the OCPP action, what the station answers."""

    path: str
    body: dict[str, Any]
    action: str
    answer: dict[str, Any]


ACCEPTED = {"status": "Accepted"}
SETTINGS = {
    "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "60"}],
    "unknownKey": ["Nonsense"],
}


def commands(transaction_id: int) -> list[Asked]:
    """Every command of Core, Remote Trigger and Reservation, in an order that makes sense."""
    start, stop = {"connectorId": 1, "idTag": ID_TAG}, {"transactionId": transaction_id}
    change = {"key": "HeartbeatInterval", "value": "30"}
    keys = {"key": ["HeartbeatInterval", "Nonsense"]}
    reserve = {"connectorId": 2, "idTag": ID_TAG, "expiryDate": "2099-01-01T00:00:00Z"}
    trigger = {"requestedMessage": "StatusNotification", "connectorId": 1}
    availability = {"connectorId": 1, "type": "Inoperative"}
    return [
        Asked("start-transaction", start, "RemoteStartTransaction", ACCEPTED),
        Asked("stop-transaction", stop, "RemoteStopTransaction", ACCEPTED),
        Asked("change-availability", availability, "ChangeAvailability", {"status": "Scheduled"}),
        Asked("change-configuration", change, "ChangeConfiguration", {"status": "RebootRequired"}),
        Asked("get-configuration", keys, "GetConfiguration", SETTINGS),
        Asked("clear-cache", {}, "ClearCache", {"status": "Rejected"}),
        Asked("data-transfer", {"vendorId": "Acme"}, "DataTransfer", {"status": "UnknownVendorId"}),
        Asked("trigger-message", trigger, "TriggerMessage", {"status": "NotImplemented"}),
        Asked("unlock-connector", {"connectorId": 1}, "UnlockConnector", {"status": "Unlocked"}),
        Asked("reserve-now", reserve, "ReserveNow", ACCEPTED),
        Asked("cancel-reservation", {"reservationId": 1}, "CancelReservation", ACCEPTED),
        Asked("reset", {"type": "Soft"}, "Reset", ACCEPTED),
    ]


ANSWERS = {asked.action: asked.answer for asked in commands(1)}
