"""Waiting for a station's answer: woken by the doorbell, right without it, and never for long."""

from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from cms.shared import live
from stations import events, waiting
from stations.models import Command
from stations.services import commands
from tests.api.conftest import NOW


@pytest.fixture
def command(online) -> Command:
    made = commands.request(station=online, action="ClearCache", payload={}, at=NOW)
    commands.claim_next(station_id=online.pk, connection_id="socket", at=NOW)
    made.refresh_from_db()
    return made


def settle(command: Command) -> None:
    outcome = commands.Outcome("Answered", {"status": "Accepted"})
    commands.settle(command_id=command.pk, outcome=outcome, at=NOW)


def test_an_answer_that_is_there_is_not_waited_for(command, django_assert_num_queries):
    settle(command)
    with django_assert_num_queries(1):
        assert waiting.settled(command, seconds=10).answer == {"status": "Accepted"}


def test_no_time_to_wait_asks_nothing(command, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert waiting.settled(command, seconds=0).status == "Sent"


def test_the_wait_ends_in_time(command):
    began = time.monotonic()
    assert waiting.settled(command, seconds=0.3).is_open
    assert 0.3 <= time.monotonic() - began < 5


def test_the_doorbell_ends_the_wait_at_once(command):
    async def answer_while_waiting() -> tuple[Command, float]:
        wait = asyncio.create_task(waiting.until_settled(command, seconds=10))
        await asyncio.sleep(0.1)  # it looked, and listens
        await sync_to_async(settle)(command)
        rung = time.monotonic()
        message = {"type": "command.settled", "id": command.pk}
        await live._send(events.command_group(command.pk), message)
        return await wait, time.monotonic() - rung

    found, took = async_to_sync(answer_while_waiting)()
    assert found.answer == {"status": "Accepted"}
    assert took < waiting._LOOK_AGAIN / 2


def test_a_lost_doorbell_costs_a_second(command):
    async def answer_while_waiting() -> tuple[Command, float]:
        wait = asyncio.create_task(waiting.until_settled(command, seconds=10))
        await asyncio.sleep(0.1)
        await sync_to_async(settle)(command)
        settled_at = time.monotonic()
        return await wait, time.monotonic() - settled_at

    found, took = async_to_sync(answer_while_waiting)()
    assert not found.is_open
    assert took < waiting._LOOK_AGAIN + 4


def test_a_command_that_vanishes_is_waited_for_no_longer_than_asked(command):
    Command.objects.all().delete()
    assert waiting.settled(command, seconds=0.1) == command


@pytest.mark.django_db(transaction=True)
def test_an_answer_written_by_another_thread_is_found(command):
    def answer() -> None:
        settle(command)
        connection.close()

    thread = threading.Timer(0.2, answer)
    thread.start()
    try:
        assert waiting.settled(command, seconds=10).answer == {"status": "Accepted"}
    finally:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_no_database_connection_is_held_while_waiting(command, monkeypatch):
    held = []

    async def look_around(queue, timeout):
        queue.close()
        held.append(await sync_to_async(lambda: connection.connection is not None)())
        raise TimeoutError

    monkeypatch.setattr(waiting, "asyncio", SimpleNamespace(wait_for=look_around))
    waiting.settled(command, seconds=0.5)
    assert held
    assert not any(held)
