"""What the database itself refuses of payments, whoever asks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from billing.models import Payment, PaymentEvent, PaymentRefund
from tests.billing import given, paying
from tests.billing.given import after

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(db):
    """Cash, a part of it given back."""
    payment = paying.begun(given.a_user(), "20", provider="cash")
    paying.refund(payment, "5")
    return payment


def refused(rows: Any, **changes: Any) -> bool:
    """Whether the database says no."""
    try:
        with transaction.atomic():
            rows.update(**changes) if changes else rows._raw_delete(rows.db)
            connection.check_constraints()
    except DatabaseError:
        return True
    return False


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal(21)},
        {"currency": "USD"},
        {"provider": "stripe"},
        {"idempotency_key": "other"},
        {"captured": Decimal(19)},
        {"state": "Failed"},
        {"state": "Cancelled", "entry": None},
        {"entry": None},
        {"requested_at": after(1)},
        {},
    ],
)
def test_what_was_agreed_and_paid_stays(paid, change):
    assert refused(Payment.objects.filter(pk=paid.pk), **change)
    assert not refused(Payment.objects.filter(pk=paid.pk), error="somebody should look")


@pytest.mark.parametrize("change", [{"amount": Decimal(1)}, {"reason": "x"}, {}])
def test_what_goes_back_stays(paid, change):
    assert refused(PaymentRefund.objects.all(), **change)


def test_a_refund_that_failed_is_not_revived(paid):
    assert not refused(PaymentRefund.objects.all(), state="Failed")
    assert refused(PaymentRefund.objects.all(), state="Refunded")


@pytest.mark.parametrize("change", [{"what": "x"}, {"detail": "x"}, {"at": after(1)}, {}])
def test_history_is_not_rewritten(paid, change):
    assert refused(PaymentEvent.objects.all(), **change)


def test_a_payment_takes_no_more_than_agreed_and_is_booked_where_it_is_paid(paid):
    other = paying.begun(given.a_user("bob"), "20", provider="cash", key="p2")
    open_one = {"state": "Pending", "entry": None, "captured": 0}
    fields = {name: getattr(other, name) for name in ("provider", "purpose", "wallet", "currency")}
    times = {"requested_at": after(0), "changed_at": after(0)}
    row = Payment.objects.create(
        **fields, **times, **open_one, amount=5, idempotency_key="p3", fingerprint="x"
    )
    mine = Payment.objects.filter(pk=row.pk)
    assert refused(mine, captured=Decimal(6))
    assert refused(mine, state="Captured", captured=Decimal(5))
    with pytest.raises(IntegrityError), transaction.atomic():
        mine.update(provider_ref=other.provider_ref)
