"""The life of one station: boot, heartbeat, charging, reservations' and cards' effects, reset."""

from __future__ import annotations

import asyncio
import base64

import pytest
from websockets.asyncio.server import ServerConnection, serve

from ocpp_gateway.frames import CallError
from tests.simulator.central_system import NOW, CentralSystem, failing
from tests.simulator.charge_point import ChargePoint
from tests.simulator.clock import Clock, parse
from tests.simulator.failures import OutOfPatience
from tests.simulator.staging import TWO_CONNECTORS, empty_car, nearly_full_car, played, stage


@played
async def test_it_boots_and_tells_the_status_of_every_connector_and_of_itself() -> None:
    async with stage(hardware=TWO_CONNECTORS) as (system, _):
        assert [action for _, action, _ in system.received] == [
            "BootNotification",
            *["StatusNotification"] * 3,
        ]
        told = [(each["connectorId"], each["status"]) for each in system.of("StatusNotification")]
        assert told == [(0, "Available"), (1, "Available"), (2, "Available")]
        assert system.paths == ["/ocpp/CP1"]


@played
async def test_it_says_nothing_but_boot_until_it_is_accepted() -> None:
    async with CentralSystem() as system:
        system.boot = {"status": "Pending", "interval": 2, "currentTime": NOW}
        async with ChargePoint("CP1", system.url, clock=Clock(hurry=100)) as station:
            await system.until(lambda: len(system.of("BootNotification")) == 2)
            system.boot = {"status": "Rejected", "interval": 0, "currentTime": NOW}
            await system.until(lambda: len(system.of("BootNotification")) == 4)
            assert {action for _, action, _ in system.received} == {"BootNotification"}
            system.boot = {"status": "Accepted", "interval": 60, "currentTime": NOW}
            await station.ready()
        assert system.of("StatusNotification")


@played
async def test_it_boots_again_after_a_callerror() -> None:
    async with CentralSystem() as system:
        trouble = CallError("", "InternalError")
        system.behaviours["BootNotification"] = failing(1, trouble, lambda _: system.boot)
        async with ChargePoint("CP1", system.url, clock=Clock(hurry=1000)) as station:
            await station.ready()
        assert len(system.of("BootNotification")) == 2


@played
async def test_its_heartbeat_follows_the_interval_of_the_boot_answer() -> None:
    async with CentralSystem() as system:
        system.boot = {"status": "Accepted", "interval": 5, "currentTime": NOW}
        async with ChargePoint("CP1", system.url, clock=Clock(hurry=100)) as station:
            await system.until(lambda: len(system.of("Heartbeat")) >= 3)
            assert station.configuration.number("HeartbeatInterval") == 5


@played
async def test_it_authenticates_with_its_id_and_key() -> None:
    async with stage(key="secret") as (system, _):
        expected = base64.b64encode(b"CP1:secret").decode()
        assert system.authorizations == [f"Basic {expected}"]


@played
async def test_a_driver_charges_with_a_card() -> None:
    async with stage() as (system, station):
        station.connectors[1].plug_in(empty_car())
        assert await station.present_card(1, "CARD") == "Accepted"
        await system.until(lambda: len(system.of("MeterValues")) >= 5)
        assert await station.present_card(1, "card") == "Stopped"
        station.connectors[1].unplug()
        await station.drained()
        assert system.statuses() == [
            "Available",
            "Preparing",
            "Charging",
            "Finishing",
            "Available",
        ]
        start, stop = system.of("StartTransaction")[0], system.of("StopTransaction")[0]
        assert stop["transactionId"] == 1000
        assert stop["reason"] == "Local"
        assert stop["meterStop"] > start["meterStart"] > 0
        assert {each["transactionId"] for each in system.of("MeterValues")} == {1000}


@played
async def test_the_card_may_come_before_the_cable() -> None:
    async with stage() as (system, station):
        await station.present_card(1, "CARD")
        assert station.connectors[1].status == "Preparing"
        station.connectors[1].plug_in(empty_car())
        await system.until(lambda: len(system.of("StartTransaction")) == 1)


@played
async def test_a_card_without_a_cable_is_forgotten_after_the_connection_timeout() -> None:
    async with stage(settings={"ConnectionTimeOut": "30"}) as (system, station):
        await station.present_card(1, "CARD")
        await system.until(lambda: system.statuses() == ["Available", "Preparing", "Available"])
        station.connectors[1].plug_in(empty_car())
        await station.drained()
        assert system.of("StartTransaction") == []


@played
async def test_a_refused_card_is_shown_and_starts_nothing() -> None:
    async with stage() as (system, station):
        system.cards["BAD"] = "Blocked"
        station.connectors[1].plug_in(empty_car())
        assert await station.present_card(1, "BAD") == "Blocked"
        assert station.records.counts["refused_cards"] == 1
        assert system.of("StartTransaction") == []


@played
async def test_a_card_refused_by_the_start_ends_the_transaction_it_started() -> None:
    async with stage() as (system, station):
        system.behaviours["Authorize"] = lambda *_: {"idTagInfo": {"status": "Accepted"}}
        system.cards["TWICE"] = "ConcurrentTx"
        station.connectors[1].plug_in(empty_car())
        await station.present_card(1, "TWICE")
        await system.until(lambda: len(system.of("StopTransaction")) == 1)
        assert system.of("StopTransaction")[0]["reason"] == "DeAuthorized"


@played
async def test_another_card_does_not_stop_a_transaction_unless_it_is_of_the_same_group() -> None:
    async with stage() as (system, station):
        groups = {"A": "FAMILY", "B": "FAMILY", "C": "OTHERS"}

        def info(_: str, payload: dict[str, str]) -> dict[str, object]:
            tag = payload["idTag"]
            card = {"status": "Accepted", "parentIdTag": groups[tag]}
            return (
                {"idTagInfo": card, "transactionId": 7}
                if "meterStart" in payload
                else {"idTagInfo": card}
            )

        system.behaviours |= {"Authorize": info, "StartTransaction": info}
        station.connectors[1].plug_in(empty_car())
        await station.present_card(1, "A")
        await station.drained()
        assert await station.present_card(1, "C") == "Occupied"
        assert await station.present_card(1, "B") == "Stopped"


@played
async def test_a_full_vehicle_is_suspended_and_takes_no_more() -> None:
    async with stage() as (system, station):
        station.connectors[1].plug_in(nearly_full_car())
        await station.present_card(1, "CARD")
        await system.until(lambda: "SuspendedEV" in system.statuses())
        station.connectors[1].unplug()
        await station.drained()
        stop = system.of("StopTransaction")[0]
        assert stop["meterStop"] - system.of("StartTransaction")[0]["meterStart"] in (99, 100, 101)
        assert stop["reason"] == "EVDisconnected"


@played
async def test_the_stop_carries_the_registers_where_they_are_asked_for() -> None:
    settings = {"StopTxnSampledData": "Energy.Active.Import.Register"}
    async with stage(settings=settings) as (system, station):
        station.connectors[1].plug_in(empty_car())
        await station.present_card(1, "CARD")
        station.connectors[1].stop("Local")
        await station.drained()
        begin, end = system.of("StopTransaction")[0]["transactionData"]
        assert begin["sampledValue"][0]["context"] == "Transaction.Begin"
        assert end["sampledValue"][0]["context"] == "Transaction.End"


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
@played
async def test_a_reset_ends_the_transaction_and_boots_on_a_new_socket(kind: str) -> None:
    async with stage() as (system, station):
        station.connectors[1].plug_in(empty_car())
        await station.present_card(1, "CARD")
        await station.drained()
        assert await system.status_of("Reset", {"type": kind}) == "Accepted"
        await system.until(lambda: len(system.of("BootNotification")) == 2)
        await system.until(lambda: len(system.of("StopTransaction")) == 1)
        assert system.of("StopTransaction")[0]["reason"] == f"{kind}Reset"
        assert len(system.paths) == 2


@played
async def test_after_a_mere_reconnect_it_tells_its_status_but_does_not_boot() -> None:
    async with stage() as (system, station):
        station.link.cut()
        await system.until(lambda: system.statuses() == ["Available", "Available"])
        assert len(system.of("BootNotification")) == 1


@played
async def test_a_known_card_charges_while_the_server_is_away() -> None:
    async with stage() as (system, station):
        await station.cards.authorise("CARD")
        await system.kill()
        await _offline(station)
        station.connectors[1].plug_in(empty_car())
        assert await station.present_card(1, "STRANGER") == "Invalid"
        assert await station.present_card(1, "CARD") == "Accepted"
        started = station.clock.now()
        station.connectors[1].unplug()
        await system.start()
        await station.drained()
        assert parse(system.of("StartTransaction")[0]["timestamp"]) <= started
        assert system.of("StopTransaction")[0]["transactionId"] == 1000


@played
async def test_the_energy_counts_up_to_the_stop_even_without_samples() -> None:
    async with stage(settings={"MeterValueSampleInterval": "0"}) as (system, station):
        station.connectors[1].plug_in(empty_car())
        await station.present_card(1, "CARD")
        await station.clock.sleep(25)  # less than the tick without samples
        station.connectors[1].stop("Local")
        await station.drained()
        assert system.of("MeterValues") == []
        start, stop = system.of("StartTransaction")[0], system.of("StopTransaction")[0]
        assert stop["meterStop"] > start["meterStart"]


@played
async def test_it_does_not_talk_to_a_server_without_its_sub_protocol() -> None:
    heard: list[str | bytes] = []

    async def listen(socket: ServerConnection) -> None:
        heard.extend([text async for text in socket])

    async with serve(listen, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with ChargePoint("CP1", f"ws://127.0.0.1:{port}", patience=0.2) as station:
            with pytest.raises(OutOfPatience, match=r"sub-protocol ocpp1\.6"):
                await station.ready()
    assert heard == []


@played
async def test_it_gives_up_when_there_is_no_server_for_longer_than_its_patience() -> None:
    async with CentralSystem() as system:
        url = system.url
    async with ChargePoint("CP1", url, patience=0.3) as station:
        with pytest.raises(OutOfPatience, match="no server"):
            await station.ready()


@played
async def test_a_server_that_never_answers_is_as_good_as_none() -> None:
    async with CentralSystem() as system:
        system.behaviours["BootNotification"] = lambda *_: None
        station = ChargePoint("CP1", system.url, patience=0.3, timeout=0.1)
        async with station:
            with pytest.raises(OutOfPatience):
                await station.ready()


async def _offline(station: ChargePoint) -> None:
    while station.link.ready.is_set():
        await asyncio.sleep(0.002)
