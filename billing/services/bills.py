"""Bills: ended sessions priced and booked in batches; and priced anew, by reversal."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection, transaction

from billing.errors import PeriodClosed
from billing.models import (
    BillingState,
    BillKind,
    BillLine,
    SessionBill,
    SessionTariff,
    TariffVersion,
)
from billing.services import bill_rows, charges, fitting, journal, numbers, pricing, tariffs
from billing.services.charges import Due
from billing.services.pricing import Priced, Unpriced
from cms.shared import bulk
from cms.shared.errors import Conflict, NotFound
from stations.models import SessionStatus

logger = logging.getLogger(__name__)
BATCH = 200
# No fault of one session: the others would meet it, too.
_OF_ALL = (PeriodClosed, OperationalError, InterfaceError)


class Run(NamedTuple):
    """What one batch came to; ``last`` is the session it ended with, None where nothing is left."""

    billed: int
    waiting: int
    last: int | None


@transaction.atomic
def bill_ended(*, at: datetime, after: int = 0, limit: int = BATCH) -> Run:
    """Bill the next ended sessions behind ``after`` that have no bill; one batch.

    Safe to run twice and side by side: each session's row is locked, those of others are passed
    over. What waits for review, or whose vehicle is still parked there, stays for a later run.
    """
    rows = _claimed(after, limit)
    dropped = [row.session_id for row in rows if not row.session.billable]
    if dropped:
        tariffs.not_to_be_billed(session_ids=dropped)
    found = pricing.of_rows([row for row in rows if row.session.billable], at=at)
    priced = [one for one in found if isinstance(one, Priced)]
    _note_errors([one for one in found if isinstance(one, Unpriced)], at)
    due = charges.due([one for one in priced if one.is_over], at=at)
    _store(due, charges.book(due, at=at, dropped=dropped), at)
    last = rows[-1].session_id if len(rows) == limit else None
    return Run(billed=len(due), waiting=len(found) - len(due), last=last)


def bill_all_ended(*, at: datetime, batches: int = 500) -> int:
    """Bill what ended and has no bill, batch by batch, each its own transaction; how many.

    Where the period of ``at`` is closed meanwhile, the rest is left to the next run. What cannot be
    billed keeps nobody else from being: it waits with its error.
    """
    billed, last = 0, 0
    for _ in range(batches):
        try:
            run = _batch(at, last)
        except PeriodClosed:
            logger.info("A billing period was closed meanwhile; the next run goes on")
            break
        billed += run.billed
        if run.last is None:
            break
        last = run.last
    return billed


def _batch(at: datetime, after: int) -> Run:
    try:
        return bill_ended(at=at, after=after)
    except _OF_ALL:
        raise
    except Exception:  # whatever is wrong with one of them: the others are billed
        logger.exception("A batch of sessions cannot be billed; one by one instead")
    with transaction.atomic():
        waiting = [row.session_id for row in _claimed(after, BATCH)]
    billed = sum(_billed_alone(number, at) for number in waiting)
    last = waiting[-1] if len(waiting) == BATCH else None
    return Run(billed=billed, waiting=len(waiting) - billed, last=last)


def _billed_alone(session_id: int, at: datetime) -> int:
    """1 where it could be billed; else its row says why not, as of a session without a price."""
    try:
        return bill_ended(at=at, after=session_id - 1, limit=1).billed
    except _OF_ALL:
        raise
    except Exception as error:
        logger.exception("Session %s cannot be billed", session_id)
        error_text = f"It cannot be billed: {type(error).__name__}: {error}"[:300]
        SessionTariff.objects.filter(session=session_id).update(error=error_text, tried_at=at)
        return 0


@transaction.atomic
def reprice(
    *,
    session_id: int,
    reason: str,
    at: datetime,
    version: TariffVersion | None = None,
    by_id: int | None = None,
) -> SessionBill:
    """Take the bill of a session back and make a new one of what is known now.

    ``version``: by another tariff. Gives the new bill. Raises NotFound, DomainError without a
    reason, Conflict where it has no bill yet, waits for review, or was refunded in part.
    """
    reason = journal.checked_reason(reason)
    row = _locked(session_id)
    old = current(session_id)
    if old is None:
        raise Conflict("Session %(session_id)s has no bill yet", session_id=session_id)
    if row.session.needs_review:
        raise Conflict(
            "Session %(session_id)s waits for review: settle it first", session_id=session_id
        )
    if row.session.is_open:
        raise Conflict(
            "Session %(session_id)s is under way again: wait for its end", session_id=session_id
        )
    priced = pricing.with_version(row=row, version=version or row.version, at=at)
    [due] = charges.due([priced], at=at)
    if old.wallet_id:  # who has the card by now had nothing of it
        due = due._replace(wallet=old.wallet, driver_id=old.driver_id)
    facts: dict[str, Any] = {"at": at, "reason": reason, "by_id": by_id}
    revision = old.revision + 2
    taken_back, charge = charges.book_anew(due, old, revision=revision, **facts)
    reversal = bill_rows.mirrored(old, taken_back, **facts)
    bill = bill_rows.bill(due, charge, revision, **facts)
    SessionBill.objects.bulk_create([reversal, bill])
    mirrored = bill_rows.mirrored_lines(old, reversal)
    BillLine.objects.bulk_create([*mirrored, *bill_rows.lines(bill, priced)])
    _done([session_id], at)
    return bill


def preview(*, session_id: int, version: TariffVersion | None, at: datetime) -> Priced:
    """What ``reprice`` would bill; nothing is written. Raises NotFound, Conflict."""
    row = pricing.rows_with_sessions().filter(session=session_id).first()
    if row is None:
        raise NotFound("Session %(session_id)s has no tariff", session_id=session_id)
    return pricing.with_version(row=row, version=version or row.version, at=at)


def current(session_id: int) -> SessionBill | None:
    """The bill of a session that stands, if any."""
    bills = SessionBill.objects.filter(session=session_id, kind=BillKind.BILL, reversed_by=None)
    return bills.order_by("-revision").first()


def _claimed(after: int, limit: int) -> list[SessionTariff]:
    """The next rows to bill, locked; those somebody else has are passed over."""
    rows = pricing.rows_with_sessions()
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
    due = rows.filter(state=BillingState.DUE, session__gt=after, session__needs_review=False)
    return list(due.exclude(session__status=SessionStatus.ACTIVE).order_by("session_id")[:limit])


def _locked(session_id: int) -> SessionTariff:
    rows = pricing.rows_with_sessions()
    if connection.features.has_select_for_update_of:
        rows = rows.select_for_update(of=("self",), no_key=True)
    row = rows.filter(session=session_id).first()
    if row is None:
        raise NotFound("Session %(session_id)s has no tariff", session_id=session_id)
    return row


def _note_errors(unpriced: Sequence[Unpriced], at: datetime) -> None:
    for one in unpriced:
        row = SessionTariff.objects.filter(session=one.session)
        row.update(error=one.error[:300], tried_at=at)


def _store(due: Sequence[Due], entries: dict[int, Any], at: datetime) -> None:
    if not due:
        return
    bills = [bill_rows.bill(one, entries.get(one.priced.session.pk), 1, at=at) for one in due]
    for bill, number in zip(bills, numbers.of(SessionBill, len(bills)), strict=True):
        bill.pk = number
    lines = (bill_rows.lines(bill, one.priced) for bill, one in zip(bills, due, strict=True))
    stored = (bills, [line for many in lines for line in many])
    bulk.run(bulk.of_models(rows) for rows in stored if rows)
    _done([bill.session_id for bill in bills], at)


def _done(session_ids: Sequence[int], at: datetime) -> None:
    """Their bills fit what is known now; that is looked at again later."""
    SessionTariff.objects.filter(session__in=session_ids).update(
        state=BillingState.BILLED,
        error="",
        tried_at=at,
        check_at=at + fitting.LOOKS[0],
        misfit_since=None,
        misfit="",
    )
