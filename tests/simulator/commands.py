"""How a station answers each command: a table from action to answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ocpp_gateway.frames import Call, CallError
from tests.simulator.clock import parse
from tests.simulator.connector import STARTABLE, Connector
from tests.simulator.link import AfterAnswer, Answer
from tests.simulator.reservations import Reservation
from tests.simulator.upkeep_commands import (
    get_diagnostics,
    get_log,
    signed_update_firmware,
    update_firmware,
)

if TYPE_CHECKING:
    from tests.simulator.charge_point import ChargePoint

Payload = dict[str, Any]
Reply = tuple[Answer, AfterAnswer | None]  # what to say, and what to do once it was said


class Command(NamedTuple):
    """One row: what the payload must have, and who answers."""

    answer: Callable[[ChargePoint, Payload], Reply]
    required: dict[str, type] = {}


def reply(station: ChargePoint, call: Call) -> Reply:
    """The answer of ``station`` to ``call``, and what it does after answering."""
    command = COMMANDS.get(call.action)
    if command is None:
        code = "NotSupported" if call.action in _OTHER_ACTIONS else "NotImplemented"
        return CallError(call.unique_id, code, "this station does not do that"), None
    for name, kind in command.required.items():
        if name not in call.payload:
            code = "OccurenceConstraintViolation"  # spelled so in OCPP-J 1.6, section 4.2.3
            return CallError(call.unique_id, code, f"{name} is missing"), None
        if not isinstance(call.payload[name], kind):
            return CallError(call.unique_id, "TypeConstraintViolation", name), None
    return command.answer(station, call.payload)


def _status(status: str, afterwards: AfterAnswer | None = None) -> Reply:
    return {"status": status}, afterwards


def remote_start_transaction(station: ChargePoint, payload: Payload) -> Reply:
    connector = _to_start_at(station, payload.get("connectorId"), payload["idTag"])
    if connector is None:
        return _status("Rejected")
    return _status("Accepted", lambda: station.remote_start(connector, payload["idTag"]))


def remote_stop_transaction(station: ChargePoint, payload: Payload) -> Reply:
    for connector in station.connectors.values():
        transaction = connector.transaction
        if transaction is not None and transaction.id == payload["transactionId"]:

            async def stop(connector: Connector = connector) -> None:
                connector.stop("Remote")

            return _status("Accepted", stop)
    return _status("Rejected")


def change_availability(station: ChargePoint, payload: Payload) -> Reply:
    chosen = _connectors(station, payload["connectorId"])
    if not chosen or payload["type"] not in ("Operative", "Inoperative"):
        return _status("Rejected")
    operative = payload["type"] == "Operative"
    if payload["connectorId"] == 0:
        station.operative = operative
    statuses = {connector.set_operative(operative) for connector in chosen}

    async def tell() -> None:
        station.refresh()
        for connector in chosen:
            connector.refresh()

    return _status("Scheduled" if "Scheduled" in statuses else "Accepted", tell)


def reset(station: ChargePoint, payload: Payload) -> Reply:
    if payload["type"] not in ("Soft", "Hard"):
        return _status("Rejected")
    return _status("Accepted", lambda: station.reset(payload["type"]))


def unlock_connector(station: ChargePoint, payload: Payload) -> Reply:
    connector = station.connectors.get(payload["connectorId"])
    if connector is None:
        return _status("NotSupported")
    if not connector.lock_works:
        return _status("UnlockFailed")

    async def stop() -> None:
        connector.stop("UnlockCommand")

    return _status("Unlocked", stop)


def get_configuration(station: ChargePoint, payload: Payload) -> Reply:
    known, unknown = station.configuration.listed(payload.get("key") or ())
    answer: Payload = {"configurationKey": known}
    if unknown:
        answer["unknownKey"] = unknown
    return answer, None


def change_configuration(station: ChargePoint, payload: Payload) -> Reply:
    status = station.configuration.change(payload["key"], payload["value"])
    if payload["key"] == "AuthorizationKey" and status == "Accepted":
        station.link.key = bytes.fromhex(payload["value"])
    return _status(status)


def clear_cache(station: ChargePoint, payload: Payload) -> Reply:
    if not station.configuration.flag("AuthorizationCacheEnabled"):
        return _status("Rejected")
    station.cards.forget()
    return _status("Accepted")


def get_local_list_version(station: ChargePoint, payload: Payload) -> Reply:
    enabled = station.configuration.flag("LocalAuthListEnabled")
    return {"listVersion": station.local_list.version if enabled else -1}, None


def send_local_list(station: ChargePoint, payload: Payload) -> Reply:
    items = payload.get("localAuthorizationList", [])
    return _status(station.local_list.update(payload["listVersion"], payload["updateType"], items))


def data_transfer(station: ChargePoint, payload: Payload) -> Reply:
    if payload["vendorId"] != station.hardware.vendor:
        return _status("UnknownVendorId")
    if payload.get("messageId") != "Echo":
        return _status("UnknownMessageId")
    return {"status": "Accepted", "data": str(payload.get("data", ""))}, None


def trigger_message(station: ChargePoint, payload: Payload) -> Reply:
    wanted = payload["requestedMessage"]
    connector_id = payload.get("connectorId")
    if wanted not in _TRIGGERED:
        return _status("NotImplemented")
    if connector_id not in (None, 0, *station.connectors):
        return _status("Rejected")
    return _status("Accepted", lambda: _TRIGGERED[wanted](station, connector_id))


def reserve_now(station: ChargePoint, payload: Payload) -> Reply:
    try:
        expires_at = parse(payload["expiryDate"])
    except ValueError:
        return _status("Rejected")
    reservation = Reservation(
        payload["reservationId"],
        payload["connectorId"],
        payload["idTag"],
        payload.get("parentIdTag", ""),
        expires_at,
    )
    return _status(station.reservations.reserve(reservation))


def cancel_reservation(station: ChargePoint, payload: Payload) -> Reply:
    was_there = station.reservations.end(payload["reservationId"])
    return _status("Accepted" if was_there else "Rejected")


def _to_start_at(station: ChargePoint, connector_id: Any, id_tag: str) -> Connector | None:
    """Where a remote start may begin: a vehicle that waits is better than an empty place."""
    able = [
        connector
        for connector in station.connectors.values()
        if connector_id in (None, connector.id)
        and connector.status in STARTABLE
        and station.reservations.usable(connector, id_tag)
    ]
    return min(able, key=lambda connector: connector.vehicle is None, default=None)


def _connectors(station: ChargePoint, connector_id: int | None) -> list[Connector]:
    """One connector, or all of them for 0 and None; empty where there is no such one."""
    if connector_id in (0, None):
        return list(station.connectors.values())
    connector = station.connectors.get(connector_id or 0)
    return [connector] if connector else []


async def _boot(station: ChargePoint, connector_id: int | None) -> None:
    await station.boot_once()


async def _heartbeat(station: ChargePoint, connector_id: int | None) -> None:
    await station.say("Heartbeat", {})


async def _diagnostics(station: ChargePoint, connector_id: int | None) -> None:
    await station.say("DiagnosticsStatusNotification", {"status": station.upkeep.upload_status})


async def _firmware(station: ChargePoint, connector_id: int | None) -> None:
    await station.say("FirmwareStatusNotification", {"status": station.upkeep.firmware_status})


async def _statuses(station: ChargePoint, connector_id: int | None) -> None:
    if not connector_id:
        await station.say_message(station.told_now())
    if connector_id == 0:
        return
    for connector in _connectors(station, connector_id):
        await station.say_message(connector.told_now())


async def _meter_values(station: ChargePoint, connector_id: int | None) -> None:
    for connector in _connectors(station, connector_id):
        station.post(connector.sample("Trigger"))


_TRIGGERED: dict[str, Callable[[ChargePoint, int | None], Any]] = {
    "BootNotification": _boot,
    "DiagnosticsStatusNotification": _diagnostics,
    "FirmwareStatusNotification": _firmware,
    "Heartbeat": _heartbeat,
    "MeterValues": _meter_values,
    "StatusNotification": _statuses,
}

COMMANDS: dict[str, Command] = {
    "CancelReservation": Command(cancel_reservation, {"reservationId": int}),
    "ChangeAvailability": Command(change_availability, {"connectorId": int, "type": str}),
    "ChangeConfiguration": Command(change_configuration, {"key": str, "value": str}),
    "ClearCache": Command(clear_cache),
    "DataTransfer": Command(data_transfer, {"vendorId": str}),
    "GetConfiguration": Command(get_configuration),
    "GetDiagnostics": Command(get_diagnostics, {"location": str}),
    "GetLog": Command(get_log, {"log": dict, "logType": str, "requestId": int}),
    "GetLocalListVersion": Command(get_local_list_version),
    "RemoteStartTransaction": Command(remote_start_transaction, {"idTag": str}),
    "RemoteStopTransaction": Command(remote_stop_transaction, {"transactionId": int}),
    "ReserveNow": Command(
        reserve_now,
        {"connectorId": int, "expiryDate": str, "idTag": str, "reservationId": int},
    ),
    "Reset": Command(reset, {"type": str}),
    "SignedUpdateFirmware": Command(signed_update_firmware, {"firmware": dict, "requestId": int}),
    "SendLocalList": Command(send_local_list, {"listVersion": int, "updateType": str}),
    "TriggerMessage": Command(trigger_message, {"requestedMessage": str}),
    "UnlockConnector": Command(unlock_connector, {"connectorId": int}),
    "UpdateFirmware": Command(update_firmware, {"location": str, "retrieveDate": str}),
}

# Known to OCPP 1.6, but of profiles this station does not have.
_OTHER_ACTIONS = frozenset(
    {
        "ClearChargingProfile",
        "GetCompositeSchedule",
        "SetChargingProfile",
    }
)
