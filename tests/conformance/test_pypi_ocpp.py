"""The PyPI package ``ocpp`` charges at our server and answers its commands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from ocpp.v16 import call
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.conformance.charge_point import Judged, Station
from tests.conformance.judge import Judge
from tests.conformance.story import ANSWERS, ID_TAG, commands

BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def after(minutes: int) -> str:
    """So many minutes after the session began."""
    return (BEGUN + timedelta(minutes=minutes)).isoformat()


async def charge(station: Any) -> int:
    """The whole session; gives its transaction id."""
    boot = await station.call(call.BootNotification("One", "Acme", firmware_version="1.0"))
    assert boot.status == "Accepted"
    for number, status in ((0, "Available"), (1, "Available"), (1, "Preparing")):
        await station.call(call.StatusNotification(number, "NoError", status))
    authorized = await station.call(call.Authorize(ID_TAG))
    assert authorized.id_tag_info["status"] == "Accepted"
    started = await station.call(call.StartTransaction(1, ID_TAG, 1000, after(0)))
    assert started.id_tag_info["status"] == "Accepted"
    await station.call(call.StatusNotification(1, "NoError", "Charging"))
    for minute in range(1, 6):
        sampled = [
            {"value": str(1000 + 500 * minute), "unit": "Wh", "context": "Sample.Periodic"},
            {"value": "30.0", "measurand": "Power.Active.Import", "unit": "kW"},
        ]
        element = {"timestamp": after(minute), "sampled_value": sampled}
        await station.call(call.MeterValues(1, [element], started.transaction_id))
    heartbeat = await station.call(call.Heartbeat())
    assert datetime.fromisoformat(heartbeat.current_time).tzinfo is not None
    transferred = await station.call(call.DataTransfer("Acme", data="x"))
    assert transferred.status == "UnknownVendorId"
    return int(started.transaction_id)


async def obey(api: Any, cp_id: str, transaction_id: int, judge: Judge) -> None:
    """Every command over REST, each answered with what the station said."""
    reservation_id = 1
    for asked in commands(transaction_id):
        body = asked.body
        if asked.action == "CancelReservation":
            body = {"reservationId": reservation_id}
        path = f"admin/{cp_id}/{asked.path}?wait=20"
        answer = await asyncio.to_thread(api.post, path, body)
        assert answer.status == 200, (asked, answer)
        assert asked.answer.items() <= answer.body.items(), (asked, answer)
        if asked.action == "ReserveNow":
            reservation_id = judge.payloads["ReserveNow"]["reservationId"]


async def story(url: str, cp_id: str, api: Any) -> tuple[Judge, int]:
    """Connect, charge, obey, stop."""
    judge = Judge()
    protocol = [Subprotocol("ocpp1.6")]
    async with connect(f"{url}/{cp_id}", subprotocols=protocol, proxy=None) as socket:
        assert socket.subprotocol == "ocpp1.6"
        station = Station(cp_id, Judged(socket, judge), response_timeout=20)
        reading = asyncio.create_task(station.start())
        transaction_id = await charge(station)
        await obey(api, cp_id, transaction_id, judge)
        stop = call.StopTransaction(9000, after(30), transaction_id, "Remote", ID_TAG)
        stopped = await station.call(stop)
        assert stopped.id_tag_info["status"] == "Accepted"
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled() or reading.exception() is None, reading
    return judge, transaction_id


def test_it_charges_and_obeys_and_every_frame_of_ours_passes_its_schema(server, api):
    judge, transaction_id = asyncio.run(story(server.ws, "PYPI", api))
    assert judge.is_satisfied
    assert list(judge.payloads) == [asked.action for asked in commands(transaction_id)]
    session = api.get(f"sessions/{transaction_id}").body
    assert (session["sessionStatus"], session["energyKwh"]) == ("COMPLETED", 8.0)
    assert len(session["meterValues"]) == 5


def test_the_story_has_every_command_of_the_api(api):
    paths = api.get("schema").body["paths"].items()
    offered = {path["post"]["summary"] for name, path in paths if name.startswith("/api/admin/")}
    assert offered == set(ANSWERS)
