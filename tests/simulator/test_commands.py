"""What a station answers to each command, and what it does afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp_gateway.frames import CallError, CallResult
from tests.simulator.central_system import schema
from tests.simulator.charge_point import ChargePoint
from tests.simulator.commands import COMMANDS
from tests.simulator.staging import TWO_CONNECTORS, empty_car, played, stage

Payload = dict[str, Any]


@pytest.mark.parametrize("action", sorted(COMMANDS))
@played
async def test_it_names_what_a_command_lacks(action: str) -> None:
    async with stage() as (system, _):
        answer = await system.ask(action, {})
        if COMMANDS[action].required:
            assert isinstance(answer, CallError)
            assert answer.code == "OccurenceConstraintViolation"
        else:
            assert isinstance(answer, CallResult)
            assert schema(f"{action}Response").is_valid(answer.payload)


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("MakeCoffee", {}, "NotImplemented"),
        ("SetChargingProfile", {}, "NotSupported"),
        ("Reset", {"type": 5}, "TypeConstraintViolation"),
    ],
)
@played
async def test_it_refuses_what_it_cannot_do(action: str, payload: Payload, code: str) -> None:
    async with stage() as (system, _):
        answer = await system.ask(action, payload)
        assert isinstance(answer, CallError)
        assert answer.code == code


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("RemoteStartTransaction", {"idTag": "A", "connectorId": 9}, "Rejected"),
        ("RemoteStopTransaction", {"transactionId": 99}, "Rejected"),
        ("ChangeAvailability", {"connectorId": 9, "type": "Operative"}, "Rejected"),
        ("Reset", {"type": "Gentle"}, "Rejected"),
        ("UnlockConnector", {"connectorId": 9}, "NotSupported"),
        ("UnlockConnector", {"connectorId": 1}, "Unlocked"),
        ("ChangeConfiguration", {"key": "Colour", "value": "red"}, "NotSupported"),
        ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "3"}, "Rejected"),
        ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "-1"}, "Rejected"),
        ("ChangeConfiguration", {"key": "MeterValueSampleInterval", "value": "60"}, "Accepted"),
        ("ChangeConfiguration", {"key": "WebSocketPingInterval", "value": "9"}, "RebootRequired"),
        ("ClearCache", {}, "Accepted"),
        ("DataTransfer", {"vendorId": "Nobody"}, "UnknownVendorId"),
        ("DataTransfer", {"vendorId": "Simulated", "messageId": "No"}, "UnknownMessageId"),
        ("DataTransfer", {"vendorId": "Simulated", "messageId": "Echo", "data": "x"}, "Accepted"),
        ("TriggerMessage", {"requestedMessage": "Poetry"}, "NotImplemented"),
        ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 9}, "Rejected"),
        ("CancelReservation", {"reservationId": 1}, "Rejected"),
    ],
)
@played
async def test_it_answers_with_a_status(action: str, payload: Payload, status: str) -> None:
    async with stage() as (system, _):
        assert await system.status_of(action, payload) == status


@played
async def test_it_lists_its_configuration() -> None:
    async with stage(hardware=TWO_CONNECTORS) as (system, _):
        everything = await system.ask("GetConfiguration", {})
        assert isinstance(everything, CallResult)
        keys = {each["key"]: each for each in everything.payload["configurationKey"]}
        assert keys["NumberOfConnectors"] == {
            "key": "NumberOfConnectors",
            "readonly": True,
            "value": "2",
        }
        assert not keys["HeartbeatInterval"]["readonly"]
        assert "value" not in keys["AuthorizationKey"]  # it can be written, never read
        some = await system.ask("GetConfiguration", {"key": ["HeartbeatInterval", "Colour"]})
        assert isinstance(some, CallResult)
        assert [each["key"] for each in some.payload["configurationKey"]] == ["HeartbeatInterval"]
        assert some.payload["unknownKey"] == ["Colour"]


@played
async def test_a_changed_heartbeat_interval_counts_at_once() -> None:
    async with stage() as (system, _):
        await system.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "1"})
        await system.until(lambda: len(system.of("Heartbeat")) >= 3, 1)


@played
async def test_a_changed_key_opens_the_next_socket() -> None:
    async with stage(key="old") as (system, _):
        key = {"key": "AuthorizationKey", "value": "00ff" * 9}
        assert await system.status_of("ChangeConfiguration", key) == "Accepted"
        await system.ask("Reset", {"type": "Hard"})
        await system.until(lambda: len(system.authorizations) == 2)
        assert len(set(system.authorizations)) == 2


@played
async def test_a_remote_start_charges_the_vehicle_that_waits() -> None:
    async with stage(hardware=TWO_CONNECTORS) as (system, station):
        station.connectors[2].plug_in(empty_car())
        assert await system.status_of("RemoteStartTransaction", {"idTag": "APP"}) == "Accepted"
        await system.until(lambda: len(system.of("StartTransaction")) == 1)
        assert system.of("Authorize") == [{"idTag": "APP"}]
        assert system.of("StartTransaction")[0]["connectorId"] == 2


@played
async def test_a_remote_start_waits_for_a_vehicle() -> None:
    async with stage() as (system, station):
        await system.ask("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})
        await system.until(lambda: system.statuses()[-1] == "Preparing")
        station.connectors[1].plug_in(empty_car())
        await system.until(lambda: system.statuses()[-1] == "Charging")


@played
async def test_a_remote_start_with_a_refused_card_starts_nothing() -> None:
    async with stage() as (system, station):
        system.cards["BAD"] = "Expired"
        station.connectors[1].plug_in(empty_car())
        await system.ask("RemoteStartTransaction", {"idTag": "BAD"})
        await system.until(lambda: station.records.counts["refused_cards"] == 1)
        assert station.connectors[1].transaction is None


@played
async def test_a_remote_stop_stops_the_transaction_it_names() -> None:
    async with stage() as (system, station):
        await _charging(station)
        assert await system.status_of("RemoteStopTransaction", {"transactionId": 1000}) == (
            "Accepted"
        )
        await system.until(lambda: len(system.of("StopTransaction")) == 1)
        assert system.of("StopTransaction")[0]["reason"] == "Remote"


@played
async def test_a_busy_connector_becomes_unavailable_after_its_transaction() -> None:
    async with stage() as (system, station):
        await _charging(station)
        inoperative = {"connectorId": 0, "type": "Inoperative"}
        assert await system.status_of("ChangeAvailability", inoperative) == "Scheduled"
        await system.until(lambda: system.statuses(0)[-1] == "Unavailable")
        assert station.connectors[1].status == "Charging"
        station.connectors[1].unplug()
        await system.until(lambda: system.statuses()[-1] == "Unavailable")
        assert await station.present_card(1, "CARD") == "Unavailable"
        operative = {"connectorId": 0, "type": "Operative"}
        assert await system.status_of("ChangeAvailability", operative) == "Accepted"
        await system.until(lambda: system.statuses()[-1] == "Available")


@played
async def test_unlocking_stops_the_transaction() -> None:
    async with stage() as (system, station):
        await _charging(station)
        assert await system.status_of("UnlockConnector", {"connectorId": 1}) == "Unlocked"
        await system.until(lambda: len(system.of("StopTransaction")) == 1)
        assert system.of("StopTransaction")[0]["reason"] == "UnlockCommand"


@played
async def test_a_broken_lock_is_reported() -> None:
    async with stage() as (system, station):
        station.connectors[1].lock_works = False
        assert await system.status_of("UnlockConnector", {"connectorId": 1}) == "UnlockFailed"


@pytest.mark.parametrize(
    "action",
    [
        "BootNotification",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StatusNotification",
    ],
)
@played
async def test_a_triggered_message_is_really_sent(action: str) -> None:
    async with stage() as (system, _):
        before = len(system.of(action))
        assert await system.status_of("TriggerMessage", {"requestedMessage": action}) == "Accepted"
        await system.until(lambda: len(system.of(action)) > before)


@played
async def test_clearing_the_cache_forgets_the_cards() -> None:
    async with stage() as (system, station):
        await station.cards.authorise("CARD")
        await system.ask("ClearCache", {})
        station.link.cut()
        assert (await station.cards.authorise("CARD")).status == "Invalid"


async def _charging(station: ChargePoint) -> None:
    station.connectors[1].plug_in(empty_car())
    await station.present_card(1, "CARD")
    await station.drained()
