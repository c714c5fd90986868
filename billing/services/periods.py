"""Closing of billing periods: what was billed in a time is frozen and sealed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import reduce
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from billing.models import Account, BillingPeriod, Posting, SessionBill
from billing.models.ledger import INCOME_AND_TAX
from billing.reports import books, figures, unfinished
from billing.reports.figures import Figures
from billing.reports.scope import Scope, of_days
from billing.reports.unfinished import Unfinished
from billing.services import gate, journal, seals
from cms.shared.errors import Conflict, DomainError, Text

_WAITING = {
    "open": Text("under way"),
    "in_review": Text("in review"),
    "failed": Text("not priced"),
    "due": Text("not billed yet"),
}


class Closable(NamedTuple):
    """What closing a time would freeze, and what stands against it (sentences; empty: nothing)."""

    scope: Scope
    figures: Figures
    waiting: Unfinished
    misfits: int  # bills that no longer fit; they stand until somebody prices them anew
    refusals: list[Text]


@transaction.atomic
def close(
    *, scope: Scope, at: datetime, key: str, leave_open: str = "", by_id: int | None = None
) -> BillingPeriod:
    """Close the time of ``scope`` for ever; gives the period: with the same ``key`` the same one.

    ``leave_open``: why sessions without a bill do not matter; they are billed in the next period.
    Raises Conflict where it is not over, does not begin where the last one ended (the first: where
    something was billed before it), has sessions without a bill and nobody says why, or where the
    ledger does not say what the bills say; DomainError, KeyUsed.
    """
    asked = {"close": [scope.since, scope.until, scope.zone], "leave_open": leave_open}
    journal.checked_key(key)
    gate.shut()  # what is booked from here on has to wait, and comes to lie after it
    known = BillingPeriod.objects.filter(idempotency_key=key).first()
    if known is not None:
        journal.check_same(known.fingerprint, asked)
        return known
    last = newest()
    found = _closable(scope, last, at)
    if found.refusals:
        raise Conflict(found.refusals[0])
    if found.waiting and not leave_open.strip():
        raise Conflict(
            "%(waiting)s: wait for them, or say why they are left open",
            fields={"leaveOpen": ["is needed: why sessions are left to the next period"]},
            waiting=waiting_words(found.waiting),
        )
    period = BillingPeriod(
        number=last.number + 1 if last else 1,
        since=scope.since,
        until=scope.until,
        zone=scope.zone,
        closed_at=at,
        closed_by_id=by_id,
        note=leave_open.strip(),
        snapshot={**found.figures, "unfinished": found.waiting._asdict()},
        previous_hash=last.hash if last else "",
        idempotency_key=key,
        fingerprint=journal.fingerprint(asked),
    )
    period.hash = seals.seal(period)
    period.save(force_insert=True)
    return period


def preview(*, scope: Scope, at: datetime) -> Closable:
    """What ``close`` would freeze now; nothing is written."""
    return _closable(scope, newest(), at)


def newest() -> BillingPeriod | None:
    """The period that was closed last."""
    return BillingPeriod.objects.order_by("-number").first()


def month(year: int, number: int, zone: str) -> Scope:
    """A month by the clocks of ``zone``. Raises DomainError where there is none such."""
    try:
        first = date(year, number, 1)
        after = date(year + number // 12, number % 12 + 1, 1)
        return of_days(first, after - timedelta(days=1), zone)
    except (ValueError, OverflowError) as wrong:
        raise DomainError("There is no such month: %(wrong)s", wrong=wrong) from None


def suggested(*, at: datetime) -> Scope:
    """The next time to close: the month after the last closed one, or the month of the first bill

    (the last month where there is none).
    """
    last = newest()
    zone = last.zone if last else settings.TIME_ZONE
    first = SessionBill.objects.order_by("billed_at").values_list("billed_at", flat=True).first()
    begin = last.until if last else first
    day = begin.astimezone(ZoneInfo(zone)).date() if begin else None
    if day is None:
        day = at.astimezone(ZoneInfo(zone)).date().replace(day=1) - timedelta(days=1)
    whole = month(day.year, day.month, zone)
    return whole._replace(since=last.until) if last else whole


def left_open(period: BillingPeriod) -> Unfinished:
    """How many sessions had no bill when it was closed."""
    return Unfinished(**period.snapshot["unfinished"])


def waiting_words(waiting: Unfinished) -> Text:
    """How many sessions wait, and for what."""
    parts = [
        Text("%(number)s %(what)s", number=getattr(waiting, name), what=what)
        for name, what in _WAITING.items()
        if getattr(waiting, name)
    ]
    counted = reduce(_listed, parts) if parts else Text("none")
    return Text("Sessions without a bill: %(counted)s", counted=counted)


def _listed(one: Text, other: Text) -> Text:
    return Text("%(one)s, %(other)s", one=one, other=other)


def _closable(scope: Scope, last: BillingPeriod | None, at: datetime) -> Closable:
    refusals = _misplaced(scope, last, at)
    if refusals:
        return Closable(scope, {}, Unfinished(0, 0, 0, 0), 0, refusals)
    differing = [line for line in books.reconciliation(scope) if not line.agrees]
    refusals = [
        Text(
            "The ledger has %(ledger)s %(currency)s, the bills %(bills)s: "
            "find the difference first",
            ledger=line.ledger_total,
            currency=line.currency,
            bills=line.report_total,
        )
        for line in differing
    ]
    waiting, odd = unfinished.before(scope.until), unfinished.misfits()
    return Closable(scope, figures.of(scope), waiting, odd, refusals)


def _misplaced(scope: Scope, last: BillingPeriod | None, at: datetime) -> list[Text]:
    """Why this time is none that can be closed now."""
    if scope.until <= scope.since:
        return [Text("A period ends after it begins")]
    if scope.until > at:
        return [Text("The period is not over yet")]
    if last is None:
        earlier = SessionBill.objects.filter(billed_at__lt=scope.since).exists()
        ours = Account.objects.filter(kind__in=INCOME_AND_TAX)
        booked = Posting.objects.filter(account__in=ours, booked_at__lt=scope.since)
        if earlier or booked.exists():
            return [
                Text("Something was billed before it: the first period begins with the first bill")
            ]
        return []
    if scope.since < last.until:
        return [
            Text("Period %(number)s is closed until %(day)s", number=last.number, day=_day(last))
        ]
    if scope.since > last.until:
        return [
            Text(
                "It begins where period %(number)s ended: %(day)s",
                number=last.number,
                day=_day(last),
            )
        ]
    return []


def _day(last: BillingPeriod) -> str:
    """When a period ended, by its own clocks: the day where that was at midnight."""
    local = last.until.astimezone(ZoneInfo(last.zone))
    return local.date().isoformat() if local.time() == time() else local.isoformat(" ", "minutes")
