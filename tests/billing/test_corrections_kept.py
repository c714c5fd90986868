"""The database itself: nobody approves their own, what was asked for stays, it is booked once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import CorrectionRequest, JournalEntry
from tests.billing import given
from tests.billing.correcting import a_charge, a_limit, now, refund, reject, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def waits():
    a_limit("5")
    return refund(a_charge(given.a_wallet(holding="50")), "11.90")


def refused(waits: CorrectionRequest, **changes: Any) -> bool:
    """Whether the database refuses them."""
    try:
        with transaction.atomic():
            CorrectionRequest.objects.filter(pk=waits.pk).update(**changes)
    except IntegrityError:
        return True
    return False


def decided(by: str, state: str) -> dict[str, Any]:
    """The columns of a decision."""
    return {"state": state, "decided_by": somebody(by), "decided_at": given.NOON}


def test_an_approval_by_who_asked_is_refused(waits):
    entry = JournalEntry.objects.order_by("pk").first()
    assert refused(waits, entry=entry, **decided("asker", "Approved"))
    assert refused(waits, entry=entry, **decided("asker", "Rejected"))
    assert not refused(waits, entry=entry, **decided("other", "Approved"))


def test_an_approval_by_nobody_is_refused(waits):
    entry = JournalEntry.objects.order_by("pk").first()
    assert refused(waits, state="Approved", entry=entry, decided_at=given.NOON)
    assert refused(waits, state="Approved", entry=entry)


def test_an_approval_that_booked_nothing_and_a_rejection_that_booked_are_refused(waits):
    entry = JournalEntry.objects.order_by("pk").first()
    assert refused(waits, **decided("other", "Approved"))
    assert refused(waits, entry=entry, **decided("other", "Rejected"))


def test_somebody_elses_withdrawal_is_refused(waits):
    assert refused(waits, **decided("other", "Withdrawn"))
    assert not refused(waits, **decided("asker", "Withdrawn"))


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"charge_id": 1, "amount": "1"}},
        {"amount": Decimal(1)},
        {"reason": "another"},
        {"facts": {}},
        {"kind": "Reversal"},
    ],
)
def test_what_was_asked_for_is_not_changed(waits, change):
    assert refused(waits, **change)


def test_who_asked_is_not_changed(waits):
    assert refused(waits, asked_by=somebody("other"))


def test_what_was_decided_is_final(waits):
    reject(waits)
    assert refused(waits, state="Waiting", decided_by=None, decided_at=None)
    assert refused(waits, answer="something else")
    assert now(waits).state == "Rejected"


def test_a_limit_is_not_negative():
    with pytest.raises(IntegrityError), transaction.atomic():
        a_limit("-1")


def test_requests_are_not_deleted(waits):
    with pytest.raises(IntegrityError), transaction.atomic():
        CorrectionRequest.objects.filter(pk=waits.pk).delete()
