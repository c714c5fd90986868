"""An account that is shut: its apps are told nothing any more, and closed; those of others stay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from rest_framework_simplejwt.tokens import AccessToken

from cms.accounts import passwords, people, tokens
from cms.accounts.models import User
from cms.drivers import beginning, following, leaving
from cms.drivers.consumer import DriverConsumer
from cms.live import hub
from stations import waiting
from stations.models import ChargingStation, Command
from tests.drivers.given import a_driver
from tests.maps.watchers import NoHub, played
from tests.stations import given

pytestmark = pytest.mark.django_db(transaction=True)
START = {"chargePointId": "CP-1", "connectorId": 1, "idTag": "ANN-1"}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No hub; who left is looked for all the time."""
    monkeypatch.setattr(hub, "here", NoHub)
    monkeypatch.setattr(leaving, "LOOK_S", 0.01)


def accepted(station: ChargingStation) -> None:
    """The station does what it is asked for, and the session begins."""
    Command.objects.update(status="Answered", answer_status="Accepted", sent_at=given.NOON)
    given.begin(station, tag="ANN-1")


async def app_of(user: User, seal: str | None = None) -> Any:
    """A socket that is logged in, by a token that may name its password's seal."""
    token = AccessToken.for_user(user)
    if seal is not None:
        token[tokens.SEAL] = seal
    app: Any = WebsocketCommunicator(DriverConsumer.as_asgi(), f"/ws?token={token}")
    assert (await app.connect())[0]
    assert (await app.receive_json_from(5))["data"]["success"] is True
    return app


def test_the_app_of_an_account_that_is_shut_is_closed_and_no_other():
    ann, bob = a_driver(), a_driver("bob", "BOB-1")

    async def story():
        hers, his = await app_of(ann), await app_of(bob)
        await database_sync_to_async(people.deactivate)(user=ann)
        closed = await hers.receive_output(5)
        assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
        assert set(following.here()._sockets) == {bob.pk}
        await his.send_json_to({"id": "1", "type": "heartbeat"})
        assert (await his.receive_json_from(5))["type"] == "heartbeat"
        for app in (hers, his):
            await app.disconnect()
        assert not following.here()._sockets

    played(story)


def test_the_app_of_a_password_that_was_changed_is_closed_and_the_new_one_s_stays():
    ann = a_driver()

    async def story():
        old = await app_of(ann, passwords.seal(ann))
        others = await app_of(ann)  # of a tool that signs with our secret, and says no seal
        await database_sync_to_async(passwords.assign)(user=ann, new="battery staple 7")
        new = await app_of(ann, passwords.seal(ann))
        closed = await old.receive_output(5)
        assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
        for app in (new, others):
            await app.receive_nothing(0.1)
            await app.send_json_to({"id": "1", "type": "heartbeat"})
            assert (await app.receive_json_from(5))["type"] == "heartbeat"
            await app.disconnect()

    played(story)


def test_a_new_token_of_the_same_driver_leaves_their_requests_under_way(monkeypatch):
    monkeypatch.setattr(beginning, "_LOOK_AGAIN_S", 0.05)
    monkeypatch.setattr(waiting, "_LOOK_AGAIN", 0.05)
    ann, station = a_driver(), given.a_connected_station()

    async def story():
        app = await app_of(ann)
        await app.send_json_to({"id": "7", "type": "start_charging_request", "data": START})
        await app.receive_nothing(0.3)
        token = str(AccessToken.for_user(ann))
        await app.send_json_to({"id": "8", "type": "auth_request", "data": {"token": token}})
        assert (await app.receive_json_from(5))["type"] == "auth_response"
        await database_sync_to_async(accepted)(station)
        kinds = {}
        while "start_charging_response" not in kinds:
            frame = await app.receive_json_from(15)
            kinds[frame["type"]] = frame
        assert kinds["start_charging_response"]["replyTo"] == "7"
        await app.disconnect()

    played(story)


def test_nobody_leaves_where_the_database_is_away(monkeypatch):
    asked = []

    def away(user_ids):
        asked.append(user_ids)
        raise OSError("away")

    class Socket:
        def shut(self):
            raise AssertionError

    async def story():
        monkeypatch.setattr(leaving, "_there", away)
        looking = asyncio.create_task(leaving.look_on({7: {Socket()}}))
        while len(asked) < 3:
            await asyncio.sleep(0.01)
        assert not looking.done()
        looking.cancel()

    played(story)
