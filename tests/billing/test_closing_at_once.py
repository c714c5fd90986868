"""Billing by many while periods are closed again and again: nothing is lost, nothing slips in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import connection, transaction

from billing.errors import PeriodClosed
from billing.models import BillingPeriod, BillKind, JournalEntry, SessionBill, SessionTariff
from billing.reports import figures
from billing.reports.scope import Scope
from billing.services import bills, giving_back, period_proof, periods, proof
from cms.shared.errors import Conflict
from tests.billing.charging import LATER, a_driver, a_station, bill_all, charged, everywhere

# SQLite has one writer: there is nothing at once.
pytestmark = [pytest.mark.production, pytest.mark.django_db(transaction=True)]
WORKERS, SESSIONS = 20, 120
BEGIN = LATER + timedelta(minutes=1)


class Clock:
    """Goes on a second whenever somebody looks."""

    def __init__(self) -> None:
        self._ticks, self._lock = count(), threading.Lock()

    def now(self) -> datetime:
        """A time nobody has seen yet."""
        with self._lock:
            return BEGIN + timedelta(seconds=next(self._ticks))


def in_thread(work: Callable[[], Any]) -> Any:
    """Work with a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def until_it_goes(clock: Clock, work: Callable[[datetime], Any]) -> int:
    """Do it with a fresh clock until the period is open; how often it was not."""
    for turned_away in count():
        try:
            work(clock.now())
        except PeriodClosed:
            continue
        return turned_away
    raise AssertionError


def billing(clock: Clock, number: int, turned_away: list[int]) -> None:
    """One worker: bills a few at a time, gives some back, prices some anew."""
    while SessionTariff.objects.filter(state="Due").exists():
        turned_away.append(until_it_goes(clock, lambda at: bills.bill_ended(at=at, limit=3)))
    for bill in SessionBill.objects.filter(kind=BillKind.BILL, revision=1).order_by("pk"):
        if bill.pk % WORKERS == number % WORKERS:
            until_it_goes(clock, partial(corrected, bill))


def corrected(bill: SessionBill, at: datetime) -> None:
    """Half of them priced anew, a cent of the others given back."""
    try:
        if bill.pk % 2:
            bills.reprice(session_id=bill.session_id, reason="late", at=at)
        else:
            assert bill.entry_id is not None
            giving_back.refund(
                charge_id=bill.entry_id,
                amount=Decimal("0.01"),
                reason="cable",
                key=f"refund/{bill.pk}",
                at=at,
            )
    except PeriodClosed:
        raise
    except Conflict as refusal:
        raise AssertionError(refusal.message) from refusal


def closing(clock: Clock, is_over: threading.Event) -> None:
    """Close what is over, again and again."""
    last = LATER - timedelta(days=2)
    while not is_over.is_set():
        until = clock.now()
        until_it_goes(clock, partial(close, last, until))
        last = until


def close(since: datetime, until: datetime, at: datetime) -> BillingPeriod:
    key = f"close/{since.isoformat()}"
    return periods.close(scope=Scope(since, until), at=at, key=key, leave_open="small")


def test_what_is_closed_is_all_there_is_whoever_bills_meanwhile():
    station = a_station()
    a_driver()
    everywhere()
    for number in range(SESSIONS):
        charged(station, minute=number * 70 - 70 * SESSIONS, wh=10_000)
    clock, is_over = Clock(), threading.Event()
    turned_away: list[int] = []
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        closer = pool.submit(in_thread, lambda: closing(clock, is_over))
        workers = [
            pool.submit(in_thread, partial(billing, clock, number, turned_away))
            for number in range(WORKERS)
        ]
        try:
            for worker in workers:
                worker.result(300)
        finally:
            is_over.set()
        closer.result(60)
    last = periods.newest()
    assert last is not None
    end = clock.now()
    close(last.until, end, end)
    everything = figures.of(Scope(LATER - timedelta(days=2), end))
    assert everything["bills"] == SESSIONS + SessionBill.objects.filter(kind="Reversal").count()
    assert summed("bills") == everything["bills"]
    assert summed("entries") == everything["entries"]
    assert BillingPeriod.objects.count() > 1
    assert not list(period_proof.problems())
    assert not list(proof.problems())
    assert not SessionTariff.objects.filter(state="Due").exists()
    assert sum(turned_away), "no billing run ever met a period that was closed meanwhile"


def summed(name: str) -> int:
    """Over all closed periods."""
    return sum(period.snapshot[name] for period in BillingPeriod.objects.all())


def test_closing_waits_for_who_is_about_to_commit_and_sees_it():
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    billed, closed = threading.Event(), []

    def late() -> None:
        billed.wait(30)
        closed.append(close(LATER - timedelta(days=2), BEGIN, BEGIN))

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(in_thread, late)
        with transaction.atomic():
            bill_all(at=LATER)
            billed.set()
            assert not is_done(waiting)
        waiting.result(30)
    assert closed[0].snapshot["bills"] == 1
    assert JournalEntry.objects.filter(booked_at__lt=BEGIN).exists()


def is_done(waiting: Any) -> bool:
    """Whether it came to an end while somebody else still books: it may not."""
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT pg_sleep(0.01)")
            cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone():
                return bool(waiting.done())
    raise AssertionError("nobody waits")
