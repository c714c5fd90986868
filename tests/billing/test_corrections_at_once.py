"""Many who ask and decide at once: one request, one decision, one booking."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from billing.models import CorrectionRequest, EntryKind, JournalEntry, SessionBill
from billing.services import bills
from tests.billing import charging, given
from tests.billing.correcting import (
    a_bill,
    a_charge,
    a_limit,
    approve,
    now,
    refund,
    reject,
    reprice,
    somebody,
    withdraw,
)
from tests.billing.test_at_once import MANY, at_once, kinds, proved

pytestmark = pytest.mark.django_db(transaction=True)


def people() -> None:
    """They are there before they come at once."""
    for name in ("asker", *(f"other-{number}" for number in range(MANY))):
        somebody(name)


@pytest.fixture
def charge() -> JournalEntry:
    people()
    a_limit("5")
    return a_charge(given.a_wallet(holding="50"))


def refunds() -> int:
    return JournalEntry.objects.filter(kind=EntryKind.REFUND).count()


def test_approvers_at_once_book_once_and_all_are_told_of_that_one(charge):
    waits = refund(charge, "11.90")
    results = at_once(lambda number: approve(waits, by=f"other-{number}"))
    assert kinds(results) == {"CorrectionRequest": MANY}
    assert {row.entry_id for row in results} == {now(waits).entry_id}
    assert refunds() == 1
    assert proved()


def test_approvers_and_rejecters_at_once_decide_once(charge):
    waits = refund(charge, "11.90")

    def decide(number: int) -> Any:
        return (approve if number % 2 else reject)(waits, by=f"other-{number}")

    results = at_once(decide)
    assert kinds(results).keys() <= {"CorrectionRequest", "Conflict"}
    assert refunds() == (now(waits).state == "Approved")
    assert proved()


def test_a_withdrawal_and_an_approval_at_once_leave_one_of_them(charge):
    waits = refund(charge, "11.90")
    at_once(lambda number: approve(waits, by="other-1") if number % 2 else withdraw(waits))
    row = now(waits)
    assert row.state in ("Approved", "Withdrawn")
    assert refunds() == (row.state == "Approved")


def test_one_key_at_once_is_one_request(charge):
    results = at_once(lambda _: refund(charge, "11.90"))
    assert kinds(results) == {"CorrectionRequest": MANY}
    assert CorrectionRequest.objects.count() == 1


def test_many_who_ask_for_the_same_thing_at_once_are_told_of_the_first(charge):
    results = at_once(lambda number: refund(charge, "11.90", key=f"k{number}"))
    assert kinds(results) == {"CorrectionRequest": 1, "Conflict": MANY - 1}


def test_a_small_refund_at_the_moment_of_an_approval_is_never_added_to_it(charge):
    waits = refund(charge, "6")

    def one(number: int) -> Any:
        if number % 2:
            return approve(waits, by="other-1")
        return refund(charge, "3", key=f"small-{number}")

    at_once(one, 2)
    given_back = JournalEntry.objects.filter(kind=EntryKind.REFUND)
    assert given_back.count() == (2 if now(waits).state == "Approved" else 1)
    # Approved first, then the small one; or the small one first, and the other is out of date.
    first = given_back.order_by("pk")[0]
    assert (first == now(waits).entry) == (now(waits).state == "Approved")
    assert proved()


def test_a_bill_priced_anew_at_the_moment_of_an_approval_is_as_one_of_them_wanted():
    people()
    bill = a_bill()
    limit = a_limit("5")
    waits = reprice(bill, "0.20")
    limit.amount = Decimal(100)
    limit.save()

    def one(number: int) -> Any:
        if number % 2:
            return approve(waits, by="other-1")
        return bills.reprice(session_id=bill.session_id, reason="again", at=charging.LATER)

    at_once(one, 2)
    approved = now(waits).state == "Approved"
    assert SessionBill.objects.count() == (5 if approved else 3)
    assert now(waits).state in ("Approved", "Stale")
    assert proved()
