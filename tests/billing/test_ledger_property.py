"""Whatever happens in whatever order: sums are zero, balances follow, limits hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from billing.models import Account, AccountKind, EntryKind, JournalEntry
from billing.services import giving_back, holds, ledger, proof, wallets
from cms.shared.errors import DomainError
from tests.billing import given

AMOUNTS = st.decimals(min_value=Decimal("0.01"), max_value=40, places=2)
CUSTOMERS = st.integers(0, 2)
SESSIONS = st.integers(0, 2)
VERBS = ("top_up", "hold", "release", "settle", "refund", "refund_session", "reverse", "pay_out")
STEPS = st.tuples(st.sampled_from(VERBS), CUSTOMERS, SESSIONS, AMOUNTS, st.integers(0, 9))


class Books:
    """Three customers: a prepaid one with and one without money, and a company with credit."""

    def __init__(self) -> None:
        self.wallets = [
            given.a_wallet("ada", holding="50"),
            given.a_wallet("bob"),
            given.a_company_wallet("30"),
        ]

    def do(self, step: Any, key: str) -> Any:
        """One verb, or how it was refused."""
        verb, customer, session, amount, pick = step
        common = {"key": key, "at": given.NOON}
        wallet = {"wallet_id": self.wallets[customer].pk}
        reference = {"reference": f"session/{customer}/{session}"}
        entry = self._entry(pick, EntryKind.CHARGE if verb == "refund" else None)
        why = {"reason": "because"}
        work: dict[str, Any] = {
            "top_up": lambda: wallets.top_up(**wallet, amount=amount, source=given.CASH, **common),
            "hold": lambda: holds.hold(**wallet, **reference, amount=amount, **common),
            "release": lambda: holds.release(**wallet, **reference, **common),
            "settle": lambda: holds.settle(
                **wallet, **reference, sale=given.sale(str(amount), tax="0.19"), **common
            ),
            "refund": lambda: giving_back.refund(charge_id=entry, amount=amount, **why, **common),
            "refund_session": lambda: giving_back.refund_session(
                **wallet, **reference, amount=amount, **why, **common
            ),
            "reverse": lambda: ledger.reverse(entry_id=entry, **why, **common),
            "pay_out": lambda: wallets.pay_out(
                **wallet, amount=amount, target=given.CASH, **why, **common
            ),
        }
        try:
            return work[verb]()
        except DomainError as refusal:
            return type(refusal)

    def _entry(self, pick: int, kind: EntryKind | None) -> int:
        rows = JournalEntry.objects.order_by("pk")
        numbers = list((rows.filter(kind=kind) if kind else rows).values_list("pk", flat=True))
        return numbers[pick % len(numbers)] if numbers else 0

    def worth(self) -> list[Decimal]:
        """What each customer has: spendable, held, less what is owed."""
        rows = [
            Account.objects.filter(pk=wallet.pk) | Account.objects.filter(wallet=wallet)
            for wallet in self.wallets
        ]
        return [sum((row.balance for row in one), Decimal(0)) for one in rows]


def gained(before: list[Decimal], after: list[Decimal]) -> Decimal:
    return sum(after, Decimal(0)) - sum(before, Decimal(0))


EXPECTED = {  # what a customer is worth more by it; None: it depends on the entry
    "top_up": 1,
    "hold": 0,
    "release": 0,
    "settle": -1,
    "refund": 1,
    "pay_out": -1,
}


@pytest.mark.django_db
@settings(max_examples=12)
@for_all(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_the_books_stay_right_whatever_happens(steps):
    with given.taken_back():
        books = Books()
        for number, step in enumerate(steps):
            before = books.worth()
            done = books.do(step, key=f"step/{number}")
            after = books.worth()
            if isinstance(done, type):
                assert after == before, f"{step} was refused and changed something"
                continue
            if (sign := EXPECTED.get(step[0])) is not None:
                cost = step[3] + (Decimal("0.19") if step[0] == "settle" else 0)
                assert gained(before, after) == sign * cost, step
            counted = given.counted()
            repeated = books.do(step, key=f"step/{number}")
            if step[0] not in ("refund", "reverse"):  # these name an entry, now another one
                assert repeated == done
            assert (given.counted(), books.worth()) == (counted, after), f"{step} counted twice"
        assert list(proof.problems()) == []
        limited = Account.objects.filter(kind__in=[AccountKind.WALLET, AccountKind.HELD])
        assert all(row.balance >= row.floor for row in limited if row.floor is not None)
        assert sum((row.balance for row in Account.objects.all()), Decimal(0)) == 0
