"""The message log by day on PostgreSQL: days made ahead, filled, dropped; nobody waits for it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from ocpp_gateway import days, notebook
from ocpp_gateway.models import OcppMessage
from ocpp_gateway.notebook import Exchange

pytestmark = [pytest.mark.production, pytest.mark.django_db(transaction=True)]
AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DEFAULT = f"{days.TABLE}_default"


@pytest.fixture(autouse=True)
def days_go_with_their_test(transactional_db):
    """Partitions outlive a test: those it made are dropped."""
    before = tables()
    yield
    with connection.cursor() as cursor:
        for name in tables() - before:
            cursor.execute(f"DROP TABLE {name}")
    assert tables() == before


def tables():
    """The log's tables, by name."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tablename FROM pg_tables WHERE tablename LIKE '{days.TABLE}_%'")
        return {name for (name,) in cursor.fetchall()}


def the_day(at):
    """The partition of the day of ``at``."""
    return f"{days.TABLE}_{at:%Y%m%d}"


def said(*moments):
    """Exchanges at ``moments``, written as the gateway writes them."""
    entry = Exchange(1, "Received", "1", "Heartbeat", "[2]", "[3]", "", AT, 1)
    notebook._store([entry._replace(at=at) for at in moments], [], AT)


def where():
    """Of each exchange: its number, and the table it is in."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, tableoid::regclass::text FROM {days.TABLE} ORDER BY id")
        return cursor.fetchall()


def places():
    """The tables of the exchanges, in order of their numbers."""
    return [table for _, table in where()]


@contextmanager
def somebody_reads(release):
    """Another connection has looked at the log and keeps its transaction open until ``release``."""
    reading = threading.Event()

    def read():
        try:
            with transaction.atomic():
                OcppMessage.objects.count()
                reading.set()
                release.wait(30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        assert reading.wait(30)
        yield
        release.set()
        reader.result(30)


def test_a_message_of_a_day_that_has_no_table_is_stored_and_found():
    said(AT, AT + 40_000 * DAY)
    assert places() == [DEFAULT, DEFAULT]
    assert OcppMessage.objects.get(at__lt=AT + DAY).at == AT


def test_days_are_made_ahead_once():
    days.make_ahead(AT)
    made = tables()
    assert made >= {the_day(AT + number * DAY) for number in range(days.AHEAD + 1)}
    days.make_ahead(AT)
    assert tables() == made
    said(AT, AT + DAY, AT - DAY)
    assert places() == [the_day(AT), the_day(AT + DAY), DEFAULT]


def test_migrating_makes_the_days_of_now():
    now = datetime.now(UTC)
    assert tables() >= {the_day(now + number * DAY) for number in range(days.AHEAD)}
    said(now)
    assert places() == [the_day(now)]


def test_a_day_begins_and_ends_at_midnight_utc():
    days.make(AT.date(), AT.date())
    midnight = datetime(2025, 3, 1, tzinfo=UTC)
    said(midnight - timedelta(microseconds=1), midnight, midnight + DAY)
    assert places() == [DEFAULT, the_day(AT), DEFAULT]


def test_what_waited_for_its_day_moves_there_and_the_rest_stays():
    said(AT, AT - 100 * DAY, AT + DAY, AT)
    before = [number for number, _ in where()]
    days.make(AT.date(), AT.date())
    assert where() == [*zip(before, [the_day(AT), DEFAULT, DEFAULT, the_day(AT)], strict=True)]
    said(AT)
    assert [number for number, _ in where()] == [*before, before[-1] + 1]


def test_however_much_waited_it_moves_in_pieces(monkeypatch):
    monkeypatch.setattr(days, "_MOST", 10)
    said(*[AT] * 35)
    days.make(AT.date(), AT.date())
    assert places() == [the_day(AT)] * 35
    assert days._ASIDE not in tables()


def test_a_move_that_was_cut_short_is_ended_by_the_next_run(monkeypatch):
    said(*[AT] * 35)
    with monkeypatch.context() as killed:
        killed.setattr(days, "_MOST", 10)
        killed.setattr(days, "_put_back", lambda: None)
        days.make(AT.date(), AT.date())
    assert OcppMessage.objects.count() == 10
    days.make(AT.date(), AT.date())
    assert places() == [the_day(AT)] * 35


def test_a_default_partition_that_grew_large_is_not_read_under_a_lock(monkeypatch):
    monkeypatch.setattr(days, "_SCANNED", -1)
    said(AT - 100 * DAY)
    days.make(AT.date(), AT.date())
    assert places() == [DEFAULT]
    assert the_day(AT) in tables()


def test_a_message_that_comes_in_between_leaves_the_day_to_the_next_run(monkeypatch, caplog):
    said(AT)
    with monkeypatch.context() as late:
        late.setattr(days, "_is_in_the_way", lambda _: False)  # as it was a moment before
        days.make(AT.date(), AT.date())
    assert "tries again" in caplog.text
    assert places() == [DEFAULT]
    days.make(AT.date(), AT.date())
    assert places() == [the_day(AT)]


def test_old_days_are_dropped_whole_and_the_rest_row_by_row():
    days.make(AT.date() - 2 * DAY, AT.date())
    said(AT - 40 * DAY, *(AT - number * DAY for number in (2, 1, 0)), AT + 40 * DAY)
    days.forget(AT - timedelta(hours=12, minutes=-1))  # a minute after midnight
    assert places() == [the_day(AT), DEFAULT]
    assert {the_day(AT - DAY), the_day(AT - 2 * DAY)} & tables() == set()


def test_a_day_is_kept_until_its_last_message_is_too_old():
    days.make(AT.date(), AT.date())
    said(AT - timedelta(hours=1))
    days.forget(AT)
    assert places() == [the_day(AT)]


def test_who_writes_does_not_wait_for_a_day_that_somebody_still_reads(caplog):
    days.make(AT.date() - DAY, AT.date())
    release = threading.Event()

    def forget():
        try:
            days.forget(AT)
        finally:
            connection.close()

    with somebody_reads(release), ThreadPoolExecutor(1) as pool:
        forgetting = pool.submit(forget)
        longest = 0.0
        while not forgetting.done():
            began = time.monotonic()
            said(AT)
            longest = max(longest, time.monotonic() - began)
        forgetting.result()
        assert longest < 3  # half a second, on a machine that does nothing else
        assert "tries again" in caplog.text
        assert the_day(AT - DAY) in tables()
    days.forget(AT)
    assert the_day(AT - DAY) not in tables()


def test_many_make_drop_and_write_at_once_and_nothing_is_lost():
    first: date = AT.date() - 10 * DAY

    def work(number):
        try:
            for turn in range(10):
                said(*(AT + (turn - day) * DAY for day in range(5)))
                days.make(first + turn * DAY, first + (turn + number) * DAY)
                days.forget(AT - 100 * DAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, number) for number in range(6)]:
            done.result(60)
    days.make(first, first + 14 * DAY)
    assert OcppMessage.objects.count() == 6 * 10 * 5
    assert len({number for number, _ in where()}) == 6 * 10 * 5
    assert {the_day(first + number * DAY) for number in range(15)} <= tables()
    assert days._ASIDE not in tables()


def test_emptying_the_database_empties_every_day_and_keeps_the_tables():
    days.make(AT.date(), AT.date())
    said(AT, AT + DAY)
    before = tables()
    call_command("flush", verbosity=0, interactive=False)
    assert where() == []
    assert tables() >= before
