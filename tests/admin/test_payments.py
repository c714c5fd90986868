"""Payments in the admin: what happened is shown, dialogs act once and only for whom may."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from billing.models import Payment, PaymentRefund
from billing.services import payment_steps
from cms.shared import clock
from tests.admin.dialogs import HTMX, press
from tests.admin.test_wallets import page
from tests.billing import given, paying
from tests.billing.given import NOON

pytestmark = pytest.mark.django_db
VIEW = "billing.view_payment"


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


@pytest.fixture
def paid(server, db):
    return paying.paid(server, given.a_user())


def test_the_page_shows_what_happened_and_the_name_at_the_provider(root, server, paid):
    paying.refund(paid, "5")
    shown = page(root, paid)
    for text in ("pi_0001", "re_0001", "20.00 EUR", "payment_intent.succeeded", "cable", "Paid"):
        assert text in shown
    assert "secret" not in shown


def test_what_somebody_should_look_at_is_found(root, server, paid):
    server.fail_next("payment_intents$", "401")
    trouble = paying.begun(paid.user or paid.wallet.user, key="p2")
    address = reverse("admin:billing_payment_changelist")
    found = root.get(address, {"attention": "1"}).context["cl"].result_list
    assert list(found) == [trouble]
    assert "Invalid API Key provided" in page(root, trouble)


def test_cash_is_recorded_once_however_often_it_is_pressed(client_with):
    given.a_user("bob")
    client = client_with(VIEW, "billing.record_payment")
    address = reverse("admin:billing_payment_record_cash")
    data = {"token": uuid.uuid4(), "user": "bob", "amount": "12", "currency": "eur"}
    for _ in range(2):
        assert client.post(address, {**data, "reference": "R-1"}, **HTMX).status_code == 200
    payment = Payment.objects.get()
    assert (payment.provider, payment.state, payment.reference) == ("cash", "Captured", "R-1")
    assert given.balance(payment.wallet) == "12.00"
    assert payment.entry.booked_by == payment.requested_by


def test_a_refund_is_pressed_twice_and_made_once(client_with, server, paid):
    client, token = client_with(VIEW, "billing.refund_payment"), uuid.uuid4()
    for _ in range(2):
        press(client, "refund", paid, token=token, amount="5", reason="cable")
    assert PaymentRefund.objects.get().state == "Refunded"
    assert server.taken() == 1500
    assert "Only 15.00 EUR is left" in press(client, "refund", paid, amount="16", reason="x")
    given.settle(paid.wallet, given.sale("14"))
    assert "Insufficient balance" in press(client, "refund", paid, amount="5", reason="x")


def test_what_waits_is_tried_again(root, server, paid):
    server.fail_next("payment_intents$", "drop")
    waits = paying.begun(paid.wallet.user, key="p2")
    press(root, "try_again", waits)
    payment_steps.drive_due(at=clock.now())
    assert "Tried again by hand" in paying.history(waits)
    assert paying.now(waits).provider_ref == "pi_0002"
    assert "Nothing waits" in press(root, "try_again", paid)


def test_somebody_says_that_it_is_dealt_with(client_with, server, paid):
    client = client_with(VIEW, "billing.retry_payment")
    assert "Nothing is wrong" in press(client, "settle", paid, reason="x")
    Payment.objects.filter(pk=paid.pk).update(error="odd")
    press(client, "settle", paid, reason="asked Stripe")
    assert paying.now(paid).error == ""
    assert "asked Stripe" in page(client, paid)


def test_what_the_customer_has_not_completed_is_cancelled(root, server, paid):
    waits = paying.begun(paid.wallet.user, key="p2")
    press(root, "cancel", waits)
    assert paying.now(waits).state == "Cancelling"
    assert "It is over" in press(root, "cancel", paid)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("refund", {"amount": "1", "reason": "x"}),
        ("try_again", {}),
        ("cancel", {}),
        ("settle", {"reason": "x"}),
    ],
)
def test_who_may_only_look_moves_nothing(client_with, server, paid, action, fields):
    address = reverse(f"admin:billing_payment_{action}", args=[paid.pk])
    response = client_with(VIEW).post(address, {"token": uuid.uuid4(), **fields}, **HTMX)
    assert response.status_code == 403
    assert not PaymentRefund.objects.exists()


def test_payments_are_found_by_number_name_reference_or_session(root, server, paid):
    Payment.objects.filter(pk=paid.pk).update(reference="R-9")
    address = reverse("admin:billing_payment_changelist")
    for text in (str(paid.pk), "pi_0001", "R-9"):
        assert list(root.get(address, {"q": text}).context["cl"].result_list) == [paid]
    for text in ("session/1", "pi_", "99", "²", "9" * 30):
        assert list(root.get(address, {"q": text}).context["cl"].result_list) == []


def test_the_list_takes_few_queries_and_counts_nothing(root, django_assert_max_num_queries):
    for number in range(60):
        user = given.a_user(f"user-{number}")
        paying.begun(user, "5", provider="cash", key=f"p{number}", at=NOON)
    with django_assert_max_num_queries(12) as taken:
        address = reverse("admin:billing_payment_changelist")
        assert len(root.get(address).context["cl"].result_list) == 50
    assert not any("COUNT(*)" in query["sql"] for query in taken.captured_queries)
