"""The doorbell: rings on commit, from any thread, and never stops what rang it."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
import time_machine
from channels.layers import get_channel_layer
from django.db import transaction

from cms.shared import clock, live
from tests import ringing


@pytest.fixture(autouse=True)
def _nobody_serves():
    yield
    live.serve_from(None)


MESSAGE = {"type": "command.waiting", "station": 1}


async def heard_while(ring, group="tests"):
    """What was heard of ``group`` while ``ring`` ran in another thread."""
    async with live.listening(group) as heard:
        await asyncio.to_thread(ring)
        return await asyncio.wait_for(heard.get(), 5)


def test_it_is_heard():
    assert asyncio.run(heard_while(lambda: live.ring("tests", MESSAGE))) == MESSAGE


def test_it_is_heard_from_a_thread_of_a_serving_process():
    async def serving():
        live.serve_from(asyncio.get_running_loop())
        return await heard_while(lambda: live.ring("tests", MESSAGE))

    assert asyncio.run(serving()) == MESSAGE


def test_it_may_ring_inside_an_event_loop():
    async def inside():
        async with live.listening("tests") as heard:
            live.ring("tests", MESSAGE)
            return await asyncio.wait_for(heard.get(), 5)

    assert asyncio.run(inside()) == MESSAGE


def test_it_keeps_the_newest_where_nobody_takes_them():
    async def flooded():
        async with live.listening("tests") as heard:
            for number in range(1500):
                await get_channel_layer().group_send("tests", MESSAGE | {"station": number})
                await asyncio.sleep(0)
            waiting = heard.qsize()
            while (await asyncio.wait_for(heard.get(), 5))["station"] != 1499:
                pass
            return waiting

    assert asyncio.run(flooded()) <= 1000


@pytest.mark.django_db(transaction=True)
def test_it_rings_only_after_the_commit(monkeypatch):
    rung = ringing.heard(monkeypatch)
    with transaction.atomic():
        live.ring_on_commit("tests", MESSAGE)
        assert rung == []
    assert rung == [("tests", MESSAGE)]


@pytest.mark.django_db(transaction=True)
def test_it_does_not_ring_for_what_was_taken_back(monkeypatch):
    rung = ringing.heard(monkeypatch)
    with transaction.atomic():
        live.ring_on_commit("tests", MESSAGE)
        transaction.set_rollback(True)
    assert rung == []


def test_a_broken_channel_layer_stops_nobody(monkeypatch, caplog):
    class Broken:
        async def group_send(self, group, message):
            raise ConnectionError("no Redis here")

    monkeypatch.setattr(live, "get_channel_layer", Broken)
    live.ring("tests", MESSAGE)
    assert "was lost" in caplog.text


def test_who_listens_hears_on_after_the_channel_layer_failed(monkeypatch, caplog):
    layer, receive = get_channel_layer(), get_channel_layer().receive
    failures = [ConnectionError("Redis is gone"), ValueError("not msgpack")]

    async def failing(channel):
        if failures:
            raise failures.pop()
        return await receive(channel)

    monkeypatch.setattr(layer, "receive", failing)
    monkeypatch.setattr(live, "_AGAIN", 0.01)
    assert asyncio.run(heard_while(lambda: live.ring("tests", MESSAGE))) == MESSAGE
    assert caplog.text.count("was not heard") == 2


def test_a_listener_is_still_heard_after_months():
    async def months_later():
        async with live.listening("tests") as heard:
            with time_machine.travel(clock.now() + timedelta(days=400), tick=True):
                await get_channel_layer().group_send("tests", MESSAGE)
                return await asyncio.wait_for(heard.get(), 5)

    assert asyncio.run(months_later()) == MESSAGE


def test_nothing_is_left_behind_when_nobody_listens_any_more(caplog):
    async def listened():
        async with live.listening("tests"):
            await asyncio.sleep(0)
        return [task for task in asyncio.all_tasks() if "_pump" in str(task)]

    assert asyncio.run(listened()) == []
    assert caplog.text == ""


def test_many_threads_may_ring_at_once():
    async def all_of_them():
        live.serve_from(asyncio.get_running_loop())
        async with live.listening("tests") as heard:
            threads = [
                threading.Thread(target=live.ring, args=("tests", MESSAGE)) for _ in range(20)
            ]
            for thread in threads:
                thread.start()
            for _ in threads:
                await asyncio.wait_for(heard.get(), 5)

    asyncio.run(all_of_them())
