"""What drivers and operators do to a station over real sockets and REST, and what comes of it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.processes import Server, start_server
from tests.rows import one
from tests.simulator.battery import Battery
from tests.simulator.charge_point import ChargePoint, Hardware
from tests.simulator.clock import Clock
from tests.web import Answer, Api, logged_in, with_api_key

_LONGEST_S = 60
_SPEED = 60.0  # a second is a minute for the station
_TWO = Hardware(connectors=2)


@pytest.fixture(scope="module")
def server(shared_environment):
    with start_server(shared_environment) as running:
        add_cards(running)
        yield running


@pytest.fixture
def office(server):
    return Office(with_api_key(server))


def add_cards(server: Server) -> None:
    """A couple with a card each in one group, a stranger, and one who will not pay."""
    group = {"name": "The couple", "parent_id_tag": "COUPLE"}
    assert logged_in(server).submit("/admin/rfid/cardgroup/add/", **group).status == 200
    number = one(server.environment, "SELECT id FROM rfid_cardgroup")
    api = with_api_key(server)
    for id_tag in ("HERS", "HIS"):
        assert api.post("rfid", {"tagId": id_tag, "groupId": number}).status == 201
    for id_tag in ("STRANGER", "DEBTOR"):
        assert api.post("rfid", {"tagId": id_tag}).status == 201


class Office:
    """An operator with REST, who never holds up the stations of the same event loop."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get(self, path: str) -> Any:
        """What is there."""
        answer = await asyncio.to_thread(self._api.get, path)
        assert answer.status == 200, answer
        return answer.body

    async def ask(self, path: str, **body: Any) -> Answer:
        """Ask for something."""
        return await asyncio.to_thread(self._api.post, path, body)

    async def sees(self, path: str, **wanted: Any) -> dict[str, Any]:
        """What is there, as soon as it is as wanted; what it was last, in the failure."""
        for _ in range(100):
            shown: dict[str, Any] = await self.get(path)
            if {name: shown[name] for name in wanted} == wanted:
                return shown
            await asyncio.sleep(0.1)
        raise AssertionError(f"{path} never had {wanted}: {shown}")

    async def status(self, cp_id: str, connector_id: int, wanted: str) -> None:
        """Wait until a connector shows a status."""
        for _ in range(100):
            connectors = (await self.get(f"stations/{cp_id}"))["connectors"]
            shown = {each["connectorId"]: each["status"] for each in connectors}
            if shown.get(connector_id) == wanted:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"connector {connector_id} never was {wanted}: {shown}")


def story(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Makes a test of a coroutine function, with an end to its time."""

    @functools.wraps(test)
    def run(**named: Any) -> None:
        async def limited() -> None:
            async with asyncio.timeout(_LONGEST_S):
                await test(**named)

        asyncio.run(limited())

    return run


@asynccontextmanager
async def station_at(server: Server, cp_id: str) -> AsyncIterator[ChargePoint]:
    """A station with two connectors, booted."""
    settings = {"MeterValueSampleInterval": "30"}
    clock = Clock(_SPEED)
    async with ChargePoint(
        cp_id, server.ws, hardware=_TWO, clock=clock, settings=settings, patience=30
    ) as station:
        await station.ready()
        try:
            yield station
        finally:
            for connector in station.connectors.values():
                connector.unplug()


def hungry_car() -> Battery:
    """A vehicle that charges for as long as it stays."""
    return Battery(capacity_wh=80_000, charge_wh=8_000, max_power_w=22_000)


def nearly_full_car() -> Battery:
    """A vehicle that takes 200 Wh more."""
    return Battery(capacity_wh=40_000, charge_wh=39_800, max_power_w=22_000)


@story
async def test_she_charges_until_the_car_is_full_and_he_stops_it_with_his_card(server, office):
    async with station_at(server, "TALE-COUPLE") as station:
        connector = station.connectors[1]
        connector.plug_in(nearly_full_car())
        await office.status("TALE-COUPLE", 1, "Preparing")
        assert await station.present_card(1, "HERS") == "Accepted"
        await station.drained()
        session = connector.transaction
        assert session is not None
        await office.sees(f"sessions/{session.id}", sessionStatus="ACTIVE", ocppIdTag="HERS")
        await office.status("TALE-COUPLE", 1, "SuspendedEV")
        assert await station.present_card(1, "STRANGER") == "Occupied"
        assert await station.present_card(1, "HIS") == "Stopped"
        shown = await office.sees(f"sessions/{session.id}", sessionStatus="COMPLETED")
        assert (shown["stopIdTag"], shown["stopReason"]) == ("HIS", "Local")
        assert shown["energyKwh"] in (0.199, 0.2)  # the meter shows whole Wh
        assert shown["needsReview"] is False
        assert len(shown["meterValues"]) > 3
        connector.unplug()
        await office.status("TALE-COUPLE", 1, "Available")


@story
async def test_a_blocked_card_is_refused_until_it_is_active_again(server, office):
    async with station_at(server, "TALE-DEBT") as station:
        connector = station.connectors[1]
        connector.plug_in(hungry_car())
        blocked = await office.ask("rfid/DEBTOR/block", reason="unpaid")
        assert (blocked.status, blocked.body["status"]) == (200, "Blocked")
        assert await station.present_card(1, "DEBTOR") == "Blocked"
        assert await station.present_card(1, "NOBODY") == "Invalid"
        assert connector.transaction is None
        assert await office.get("sessions/station/TALE-DEBT") == []
        assert (await office.ask("rfid/DEBTOR/activate")).body["status"] == "Active"
        assert await station.present_card(1, "DEBTOR") == "Accepted"
        await station.drained()
        [session] = await office.get("sessions/station/TALE-DEBT/active")
        assert session["authorization"] == "Accepted"


@story
async def test_a_card_that_charges_elsewhere_is_told_so(server, office):
    async with station_at(server, "TALE-HERE") as here, station_at(server, "TALE-THERE") as there:
        for station in (here, there):
            station.connectors[1].plug_in(hungry_car())
        assert await here.present_card(1, "STRANGER") == "Accepted"
        await here.drained()
        assert await there.present_card(1, "STRANGER") == "ConcurrentTx"


@story
async def test_a_reserved_connector_waits_for_the_card_it_is_kept_for(server, office):
    async with station_at(server, "TALE-KEPT") as station:
        until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        wanted = {"ocppIdentifier": "TALE-KEPT", "connectorId": 1, "idTag": "HERS"}
        made = await office.ask("reservations", **wanted, expiryDate=until)
        assert (made.status, made.body["status"]) == (201, "Accepted")
        path = f"reservations/{made.body['id']}"
        await office.status("TALE-KEPT", 1, "Reserved")
        station.connectors[1].plug_in(hungry_car())
        assert await station.present_card(1, "STRANGER") == "Reserved"
        assert await office.get("sessions/station/TALE-KEPT") == []
        assert await station.present_card(1, "HERS") == "Accepted"
        used = await office.sees(path, status="Used")
        await station.drained()
        [session] = await office.get("sessions/station/TALE-KEPT")
        assert used["sessionId"] == session["id"]


@story
async def test_a_reservation_is_cancelled_and_the_connector_free_again(server, office):
    async with station_at(server, "TALE-FREE") as station:
        until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        wanted = {"connectorId": 2, "idTag": "HERS", "expiryDate": until}
        answer = await office.ask("admin/TALE-FREE/reserve-now", **wanted)
        assert (answer.status, answer.body) == (200, {"status": "Accepted"})
        [reservation] = await office.get("reservations?station=TALE-FREE")
        await office.status("TALE-FREE", 2, "Reserved")
        cancelled = await office.ask(f"reservations/{reservation['id']}/cancel")
        assert (cancelled.status, cancelled.body["status"]) == (200, "Cancelled")
        await office.status("TALE-FREE", 2, "Available")
        station.connectors[2].plug_in(hungry_car())
        assert await station.present_card(2, "STRANGER") in ("Accepted", "ConcurrentTx")


@story
async def test_an_operator_starts_and_stops_a_session(server, office):
    async with station_at(server, "TALE-REMOTE") as station:
        station.connectors[2].plug_in(hungry_car())
        start = await office.ask("admin/TALE-REMOTE/start-transaction", connectorId=2, idTag="HIS")
        assert (start.status, start.body) == (200, {"status": "Accepted"})
        await office.status("TALE-REMOTE", 2, "Charging")
        await station.drained()
        [active] = await office.get("sessions/station/TALE-REMOTE/active")
        assert (active["connectorId"], active["ocppIdTag"]) == (2, "HIS")
        number = active["id"]
        stop = await office.ask("admin/TALE-REMOTE/stop-transaction", transactionId=number)
        assert (stop.status, stop.body) == (200, {"status": "Accepted"})
        done = await office.sees(f"sessions/{number}", sessionStatus="COMPLETED")
        assert done["stopReason"] == "Remote"
        again = await office.ask("admin/TALE-REMOTE/stop-transaction", transactionId=number)
        assert (again.status, again.body) == (200, {"status": "Rejected"})


@story
async def test_a_reset_ends_what_charges_and_the_station_comes_back(server, office):
    async with station_at(server, "TALE-RESET") as station:
        before = await office.get("stations/TALE-RESET")
        station.connectors[1].plug_in(hungry_car())
        assert await station.present_card(1, "HERS") == "Accepted"
        await station.drained()
        answer = await office.ask("admin/TALE-RESET/reset", type="Soft")
        assert (answer.status, answer.body) == (200, {"status": "Accepted"})
        [session] = await office.get("sessions/station/TALE-RESET")
        done = await office.sees(f"sessions/{session['id']}", sessionStatus="COMPLETED")
        assert done["stopReason"] == "SoftReset"
        after = await office.sees("stations/TALE-RESET", isConnected=True)
        for _ in range(100):
            if after["lastBootAt"] > before["lastBootAt"]:
                break
            await asyncio.sleep(0.1)
            after = await office.get("stations/TALE-RESET")
        assert after["lastBootAt"] > before["lastBootAt"]
        await station.ready()
        assert station.records.counts["connected"] == 2


@story
async def test_the_configuration_of_a_station_is_read_changed_and_remembered(server, office):
    async with station_at(server, "TALE-CONFIG") as station:
        answer = await office.ask("admin/TALE-CONFIG/get-configuration")
        told = {entry["key"]: entry.get("value") for entry in answer.body["configurationKey"]}
        assert told["MeterValueSampleInterval"] == "30"
        assert told["NumberOfConnectors"] == "2"
        known = {
            each["key"]: each for each in await office.get("stations/TALE-CONFIG/configuration")
        }
        assert known["NumberOfConnectors"]["value"] == "2"
        assert known["NumberOfConnectors"]["readonly"] is True
        change = {"key": "MeterValueSampleInterval", "value": "20"}
        changed = await office.ask("admin/TALE-CONFIG/change-configuration", **change)
        assert (changed.status, changed.body) == (200, {"status": "Accepted"})
        assert station.configuration.number("MeterValueSampleInterval") == 20
        known = {
            each["key"]: each for each in await office.get("stations/TALE-CONFIG/configuration")
        }
        assert known["MeterValueSampleInterval"]["value"] == "20"
        nonsense = await office.ask(
            "admin/TALE-CONFIG/change-configuration", key="Colour", value="1"
        )
        assert nonsense.body == {"status": "NotSupported"}


@story
async def test_a_connector_is_taken_out_of_service_and_put_back(server, office):
    async with station_at(server, "TALE-CLOSED") as station:
        off = {"connectorId": 1, "type": "Inoperative"}
        answer = await office.ask("admin/TALE-CLOSED/change-availability", **off)
        assert (answer.status, answer.body) == (200, {"status": "Accepted"})
        await office.status("TALE-CLOSED", 1, "Unavailable")
        assert await station.present_card(1, "HERS") == "Unavailable"
        on = {"connectorId": 1, "type": "Operative"}
        assert (await office.ask("admin/TALE-CLOSED/change-availability", **on)).status == 200
        await office.status("TALE-CLOSED", 1, "Available")


@story
async def test_a_wrong_body_never_reaches_the_station(server, office):
    async with station_at(server, "TALE-WRONG"):
        answer = await office.ask("admin/TALE-WRONG/start-transaction", connectorId="one")
        assert answer.status == 400
        assert {"connectorId", "idTag"} <= answer.body["fields"].keys()
        assert await office.get("commands?station=TALE-WRONG") == []
