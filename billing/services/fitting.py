"""Bills that no longer fit: what was learned of a session after it was billed is made visible.

A bill is looked at again an hour, a day, a week and a month after it was made, and soon after
something decisive about its session changed (stations/hooks.py). Nothing is billed by that: a
person prices the session anew. Work is bounded, and what was missed once is found the next time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from billing.models import BillingState, BillKind, SessionBill, SessionTariff
from billing.services import pricing
from billing.services.pricing import Priced, Unpriced
from cms.shared import money

BATCH = 200
LOOKS = (timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(days=30))
_WHILE_IT_DOES_NOT = timedelta(days=1)


def changed(session_id: int, at: datetime) -> None:
    """Something about an ended session changed: look at its bill soon, where it has one.

    One that was discarded before it had a bill, and was accepted since, is to be billed after all.
    """
    rows = SessionTariff.objects.filter(session=session_id)
    rows.filter(state=BillingState.BILLED).update(check_at=at)
    rows.filter(state=BillingState.NOTHING, session__billable=True).update(state=BillingState.DUE)


def look_at_all(*, at: datetime, batches: int = 20) -> int:
    """Look at the bills whose time has come, batch by batch, each its own transaction; how many."""
    looked = 0
    for _ in range(batches):
        some = look_again(at=at)
        looked += some
        if some < BATCH:
            break
    return looked


@transaction.atomic
def look_again(*, at: datetime, limit: int = BATCH) -> int:
    """Price up to ``limit`` billed sessions as ``bills.reprice`` would, and note which differ.

    Safe side by side: rows are locked, those of others passed over. As many queries for many.
    """
    rows = _claimed(at, limit)
    bills = _standing([row.session_id for row in rows])
    for row in rows:
        if row.session_id in bills:
            row.version = bills[row.session_id].version  # a new price may have been by another
    found = {one.session.pk: one for one in pricing.of_rows(rows, at=at)}
    for row in rows:
        bill = bills.get(row.session_id)
        _note(row, bill, _misfit(found[row.session_id], bill) if bill else "", at)
    SessionTariff.objects.bulk_update(rows, ["check_at", "misfit_since", "misfit"])
    return len(rows)


def _note(row: SessionTariff, bill: SessionBill | None, misfit: str, at: datetime) -> None:
    row.misfit = misfit[:200]
    row.misfit_since = (row.misfit_since or at) if misfit else None
    if misfit:
        row.check_at = at + _WHILE_IT_DOES_NOT
        return
    moments = [bill.billed_at + look for look in LOOKS] if bill else []
    row.check_at = next((moment for moment in moments if moment > at), None)


def _misfit(found: Priced | Unpriced, bill: SessionBill) -> str:
    """Why a bill is not what its session would be billed now; empty where it is."""
    session = found.session
    if session.is_open:
        return "The session is under way again"
    if session.needs_review:
        return "The session waits for review again"
    if not session.billable:
        return "The session was discarded after it was billed: refund it"
    if isinstance(found, Unpriced):
        return f"It has no price any more: {found.error}"
    now = (found.bill.net, found.bill.tax, found.bill.gross)
    if now != (bill.net, bill.tax, bill.gross):
        return (
            f"It would cost {_amount(found.bill.gross, bill)} now, not {_amount(bill.gross, bill)}"
        )
    if session.energy_wh != bill.energy_wh:
        return f"It took {session.energy_wh} Wh by now, not {bill.energy_wh}"
    return ""


def _amount(amount: money.Amount, bill: SessionBill) -> str:
    return f"{money.rounded(amount, bill.currency):f} {bill.currency}"


def _claimed(at: datetime, limit: int) -> list[SessionTariff]:
    rows = pricing.rows_with_sessions()
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
    due = rows.filter(check_at__lte=at, state=BillingState.BILLED)
    return list(due.order_by("check_at")[:limit])


def _standing(session_ids: Sequence[int]) -> dict[int, SessionBill]:
    bills = SessionBill.objects.filter(
        session__in=session_ids, kind=BillKind.BILL, reversed_by=None
    )
    return {bill.session_id: bill for bill in bills.select_related("version__tariff")}
