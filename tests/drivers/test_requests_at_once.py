"""How much one app may ask for at once: what it waits for does not keep it from anything else."""

from __future__ import annotations

import asyncio

import pytest

from cms.drivers import consumer, envelope
from cms.live import hub
from tests.drivers.given import a_driver
from tests.drivers.test_leaving import START, app_of
from tests.maps.watchers import NoHub, played

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nobody_plugs_in(monkeypatch):
    """Starts wait, for minutes."""

    async def wait(driver, asked):
        await asyncio.sleep(600)

    monkeypatch.setattr(hub, "here", NoHub)
    monkeypatch.setitem(consumer._HANDLERS, "start_charging_request", wait)


def test_who_waits_for_four_starts_may_stop_something_and_start_no_fifth():
    ann = a_driver()

    async def story():
        app = await app_of(ann)
        for number in range(5):
            await app.send_json_to(
                {"id": str(number), "type": "start_charging_request", "data": START}
            )
        refused = await app.receive_json_from(5)
        assert (refused["id"], refused["error"]["code"]) == ("4", envelope.TOO_OFTEN)
        data = {"chargePointId": "CP-1", "transactionId": 1}
        await app.send_json_to({"id": "s", "type": "stop_charging_request", "data": data})
        answered = await app.receive_json_from(5)
        told = answered["id"], answered["error"]["code"]
        assert told == ("s-response", envelope.NO_TRANSACTION)
        await app.disconnect()

    played(story)
