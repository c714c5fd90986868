"""One station's slow work is nobody else's: others are answered while its rows are locked."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.gateway.wire import AVAILABLE, NOON
from tests.processes import Server
from tests.rows import cut_off, one
from tests.web import Api, logged_in

pytestmark = [pytest.mark.stack, pytest.mark.production]
_STATION = "SELECT id FROM stations_chargingstation WHERE cp_id = '{}'"


@contextlib.contextmanager
def locked(server: Server, statement: str) -> Iterator[None]:
    """Somebody else's transaction holds the rows of ``statement``."""
    with psycopg.connect(server.environment["DATABASE_URL"]) as holder:
        holder.execute(statement + " FOR NO KEY UPDATE")
        yield
        holder.rollback()


def seconds(ask) -> float:
    """How long it takes."""
    since = time.monotonic()
    ask()
    return time.monotonic() - since


def test_others_are_served_while_a_stations_session_is_locked(server, dial, cp_id):
    slow, quick = dial(f"{cp_id}-slow"), dial(f"{cp_id}-quick")
    held, free = slow.start("A"), quick.start("B")
    lock = f"SELECT 1 FROM stations_chargingsession WHERE transaction_id = {held}"
    with locked(server, lock):
        element = {"timestamp": NOON, "sampledValue": [{"value": "2000"}]}
        payload = {"connectorId": 1, "transactionId": held, "meterValue": [element]}
        waiting = slow.call("MeterValues", payload)
        time.sleep(0.2)
        assert seconds(lambda: quick.meter(free, 3000, NOON)) < 3
        assert seconds(lambda: quick.ask("StatusNotification", AVAILABLE)) < 3
    assert slow.answer_to(waiting)[0] == 3
    slow.meter(held, 2500, "2025-03-01T12:30:00Z")
    query = "SELECT energy_wh FROM stations_chargingsession WHERE transaction_id = ?"
    assert [one(server.environment, query, number) for number in (free, held)] == [2000, 1500]


def test_others_are_served_while_a_stations_connector_is_locked(server, dial, cp_id):
    slow, quick = dial(f"{cp_id}-slow"), dial(f"{cp_id}-quick")
    slow.ask("StatusNotification", AVAILABLE)
    number = quick.start("B")
    station = _STATION.format(f"{cp_id}-slow")
    with locked(server, f"SELECT 1 FROM stations_connector WHERE station_id = ({station})"):
        waiting = slow.call("StatusNotification", AVAILABLE)
        assert slow.is_silent(0.3)
        assert seconds(lambda: quick.meter(number, 3000, NOON)) < 3
        assert seconds(lambda: quick.ask("StatusNotification", AVAILABLE)) < 3
    assert slow.answer_to(waiting)[0] in (3, 4)  # refused, to be tried again, after three seconds


def test_others_are_served_while_the_rows_of_many_stations_are_locked(server, dial, cp_id):
    slow = [dial(f"{cp_id}-slow-{number}") for number in range(6)]
    quick = dial(f"{cp_id}-quick")
    for wire in slow:
        wire.ask("StatusNotification", AVAILABLE)
    quick.boot()
    stations = f"SELECT id FROM stations_chargingstation WHERE cp_id LIKE '{cp_id}-slow-%'"
    with locked(server, f"SELECT 1 FROM stations_connector WHERE station_id IN ({stations})"):
        for wire in slow:
            wire.call("StatusNotification", AVAILABLE)
        time.sleep(0.2)
        assert seconds(lambda: quick.ask("StatusNotification", AVAILABLE)) < 8


def test_a_station_whose_rows_are_locked_still_gets_its_heartbeats_after_the_lock(
    server, dial, cp_id
):
    wire = dial()
    wire.ask("StatusNotification", AVAILABLE)
    station = _STATION.format(cp_id)
    with locked(server, f"SELECT 1 FROM stations_connector WHERE station_id = ({station})"):
        first = wire.call("StatusNotification", AVAILABLE)
        second = wire.call("Heartbeat", {})
        time.sleep(0.3)
    assert [wire.hear()[1], wire.hear()[1]] == [first, second]


def test_connections_the_database_cut_are_made_anew(server, api, dial, cp_id):
    wires = [dial(f"{cp_id}-{number}") for number in range(3)]
    numbers = [wire.start(f"CARD-{index}") for index, wire in enumerate(wires)]
    for wire, number in zip(wires, numbers, strict=True):
        wire.meter(number, 2000, NOON)
    leave_connections_idle(api)
    cut_off(server.environment)
    for wire, number in zip(wires, numbers, strict=True):
        assert wire.meter(number, 3000, "2025-03-01T12:30:00Z") == {}
        assert wire.ask("StatusNotification", AVAILABLE) == {}
        assert wire.ask("Authorize", {"idTag": "A"}) != "InternalError"
    query = "SELECT count(*) FROM stations_metervalue WHERE session_id = ?"
    assert [one(server.environment, query, number) for number in numbers] == [2, 2, 2]


def test_programs_and_people_notice_nothing_of_connections_the_database_cut(server, api):
    browser = logged_in(server)
    leave_connections_idle(api)
    cut_off(server.environment)
    assert [api.get("stations").status for _ in range(10)] == [200] * 10
    leave_connections_idle(api)
    cut_off(server.environment)
    assert [browser.open("/admin/").status for _ in range(10)] == [200] * 10


def leave_connections_idle(api: Api) -> None:
    """Have many requests at once, so that the pool of connections has several to spare."""
    with ThreadPoolExecutor(8) as callers:
        for answer in callers.map(api.get, ["stations"] * 24):
            assert answer.status == 200
