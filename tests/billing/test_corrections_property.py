"""Whoever asks for and decides what: the ledger holds exactly what another person approved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from billing.models import CorrectionRequest, JournalEntry
from billing.models.ledger import CUSTOMERS
from billing.services import proof
from billing.services.second_pair import CORRECTING
from cms.shared.errors import DomainError
from tests.billing import given
from tests.billing.correcting import a_charge, a_limit, approve, pay_out, refund, reject, withdraw

PEOPLE = ("ann", "bea", "cem")
LIMIT = Decimal(5)
VERBS = ("ask", "approve", "reject", "withdraw", "ask", "approve")
STEPS = st.tuples(
    st.sampled_from(VERBS),
    st.sampled_from(PEOPLE),
    st.integers(0, 5),
    st.decimals(min_value=Decimal("0.01"), max_value=12, places=2),
)


class Office:
    """Three people, two wallets, and a charge of each; what should be in the books by now."""

    def __init__(self) -> None:
        a_limit(str(LIMIT))
        self.wallets = [given.a_wallet(name, holding="60") for name in ("ada", "bob")]
        self.charges = [a_charge(wallet) for wallet in self.wallets]
        self.requests: list[CorrectionRequest] = []
        self.alone: set[int] = set()  # entries up to the limit, which needed nobody

    def do(self, step: Any, key: str) -> Any:
        """One step of somebody, or how it was refused."""
        verb, who, pick, amount = step
        try:
            if verb == "ask":
                return self._ask(who, pick, str(amount), key)
            decide: Any = {"approve": approve, "reject": reject, "withdraw": withdraw}[verb]
            return decide(self.requests[pick % len(self.requests)], by=who)
        except (DomainError, ZeroDivisionError) as refusal:
            return type(refusal)

    def _ask(self, who: str, pick: int, amount: str, key: str) -> Any:
        if pick % 2:
            made = refund(self.charges[pick // 2 % 2], amount, by=who, key=key)
        else:
            made = pay_out(self.wallets[pick // 2 % 2], amount, by=who, key=key)
        if isinstance(made, CorrectionRequest):
            assert Decimal(amount) > LIMIT
            self.requests.append(made)
        else:
            assert Decimal(amount) <= LIMIT
            self.alone.add(made.pk)
        return made


def moved(entry: JournalEntry) -> Decimal:
    """By how much it changed a customer's money."""
    rows = entry.postings.filter(account__kind__in=CUSTOMERS)
    return abs(sum(rows.values_list("amount", flat=True), Decimal(0)))


@pytest.mark.django_db
@settings(max_examples=25, deadline=None)
@for_all(steps=st.lists(STEPS, min_size=5, max_size=25))
def test_the_ledger_holds_exactly_what_another_person_approved_each_once(steps):
    with given.taken_back():
        office = Office()
        for number, step in enumerate(steps):
            office.do(step, key=f"step/{number}")
        rows = CorrectionRequest.objects.select_related("entry")
        approved = {row.entry_id or 0: row for row in rows if row.state == "Approved"}
        corrections = {row.pk: row for row in JournalEntry.objects.filter(kind__in=CORRECTING)}
        assert corrections.keys() == approved.keys() | office.alone
        assert not approved.keys() & office.alone
        for entry_id, row in approved.items():
            booked = corrections[entry_id]
            assert row.asked_by_id not in (row.decided_by_id, booked.booked_by_id)
            assert moved(booked) == row.amount > LIMIT
        assert all(moved(corrections[entry_id]) <= LIMIT for entry_id in office.alone)
        assert all(row.entry is None for row in rows if row.state != "Approved")
        assert list(proof.problems()) == []
