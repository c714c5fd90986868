"""The second pair of eyes: every journal that corrects is looked at here before it is written.

Whatever verb books it and whoever calls that: above the limit of its currency a correction is
booked only inside ``approved``, and there only what was approved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from typing import NamedTuple

from billing.errors import NeedsApproval, OutOfDate
from billing.models import Account, AccountKind, CorrectionLimit, EntryKind
from billing.models.ledger import CUSTOMERS
from cms.shared import money

CORRECTING = frozenset(
    {
        *(EntryKind.REFUND, EntryKind.CREDIT_NOTE, EntryKind.PAY_OUT),
        *(EntryKind.ADJUSTMENT, EntryKind.REVERSAL),
    }
)
Moves = Iterable[tuple[Account, Decimal]]


class Approval(NamedTuple):
    """What another person approved; ``still`` raises where things are no longer as they were."""

    amount: Decimal
    currency: str
    still: Callable[[], None]


class _Happened:
    """The books follow what has happened already: there is nothing to approve."""


_allowed: ContextVar[Approval | _Happened | None] = ContextVar("second_pair", default=None)


@contextmanager
def approved(approval: Approval) -> Iterator[None]:
    """What is corrected inside was approved: this, and nothing else."""
    with _allowing(approval):
        yield


@contextmanager
def has_happened() -> Iterator[None]:
    """What is booked inside a provider did already, whatever we say: no limit counts."""
    with _allowing(_Happened()):
        yield


def check(kinds: Iterable[str], moves: Moves) -> None:
    """Look at what a journal is about to write: its entries' kinds, all its accounts and amounts.

    Its accounts are locked. Raises NeedsApproval where it corrects more than the limit and nobody
    approved, OutOfDate where it is something else than what was approved.
    """
    allowed = _allowed.get()
    if isinstance(allowed, _Happened) or CORRECTING.isdisjoint(kinds):
        return
    sums = changes(moves)
    if allowed is not None:
        allowed.still()
        _same(allowed, sums)
    needing = {code: sum_ for code, sum_ in sums.items() if not allowed or code != allowed.currency}
    limits = CorrectionLimit.objects.filter(currency__in=list(needing)) if needing else ()
    for limit in limits:
        if needing[limit.currency] > limit.amount:
            amount = money.rounded(needing[limit.currency], limit.currency)
            raise NeedsApproval(amount, limit.currency)


def changes(moves: Moves) -> dict[str, Decimal]:
    """By how much the customer's money changes, without its sign, in each currency.

    Of several customers the one it changes most; what is charged to nobody counts as one of them,
    and where no customer is touched, our own accounts do.
    """
    customers: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    ours: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for account, amount in moves:
        theirs = account.kind in (*CUSTOMERS, AccountKind.UNASSIGNED)
        (customers if theirs else ours)[account.currency, account.wallet_id or account.pk] += amount
    found: dict[str, Decimal] = {}
    for (currency, _), amount in (customers or ours).items():
        found[currency] = max(found.get(currency, Decimal(0)), abs(amount))
    return found


def _same(approval: Approval, sums: dict[str, Decimal]) -> None:
    now = sums.get(approval.currency, Decimal(0))
    if now != approval.amount:
        shown, then = (
            f"{money.rounded(one, approval.currency):f} {approval.currency}"
            for one in (now, approval.amount)
        )
        raise OutOfDate(
            "It would change %(shown)s by now, not %(then)s: ask anew", shown=shown, then=then
        )


@contextmanager
def _allowing(what: Approval | _Happened) -> Iterator[None]:
    token = _allowed.set(what)
    try:
        yield
    finally:
        _allowed.reset(token)
