"""Stripe's webhooks: the signature counts, an event counts once, 200 only once it is stored."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import AccountKind, PaymentEvent
from billing.services import payment_facts, proof
from cms.shared import clock
from tests.billing import given, paying
from tests.billing.paying import begun, hear, now, paid, refund, signature, word
from tests.fakes.stripe_server import Call

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


@pytest.fixture
def ada(db):
    return given.a_user()


def send(body: bytes, header: str | None = None) -> Any:
    """As Stripe sends it, now."""
    signed = signature(body, at=clock.now()) if header is None else header
    return APIClient(raise_request_exception=False).post(
        "/api/payments/webhooks/stripe",
        data=body,
        content_type="application/json; charset=utf-8",
        HTTP_STRIPE_SIGNATURE=signed,
    )


@pytest.fixture
def success(server, ada):
    """Stripe's word that ada paid."""
    begun(ada)
    return word("payment_intent.succeeded", server.confirm("pi_0001"))


def balance() -> str:
    return given.ours("clearing/stripe/EUR")[0]


def test_what_is_signed_is_booked_once(success):
    for _ in range(3):
        response = send(success)
        assert (response.status_code, response.json()) == (200, {"received": True})
    assert balance() == "-20.00"


def test_what_nobody_signed_is_refused(success):
    then = clock.now()
    for header in (
        "",
        "t=1,v1=00",
        "nonsense",
        "t=x,v1=y",
        "v1=00",
        signature(success, at=then, secret="whsec_other"),
        signature(success + b" ", at=then),
        signature(success, at=then - timedelta(seconds=301)),
        signature(success, at=then + timedelta(hours=1)),
        signature(success, at=then).replace("v1=", "v0="),
    ):
        response = send(success, header)
        assert (response.status_code, response.json()["code"]) == (400, "bad_signature"), header
    assert balance() == "0.00"


def test_a_body_that_was_changed_on_the_way_is_refused(success):
    response = send(success.replace(b"2000", b"9000"), signature(success, at=clock.now()))
    assert response.status_code == 400
    assert balance() == "0.00"


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"{}", b'{"id": "e", "type": "x"}', b"{", b"\xff", b"[1e999]"]
)
def test_what_is_no_event_is_refused_though_signed(server, body):
    text = body.decode("latin-1").encode()
    assert send(body, signature(text, at=clock.now())).status_code == 400


@pytest.mark.parametrize(
    "about",
    [
        {"id": "cus_1", "object": "customer"},
        {"id": "pi_x", "object": "payment_intent", "status": "succeeded", "amount": 1},
        {"id": "pi_x", "object": "payment_intent", "currency": "xyz", "amount": 1},
        {"id": "pi_of_others", "object": "payment_intent", "status": "succeeded"}
        | {"amount": 500, "currency": "eur", "amount_received": 500, "metadata": {}},
    ],
)
def test_what_is_not_about_us_is_acknowledged_and_left_alone(server, about):
    assert send(word("whatever", about)).status_code == 200
    assert not PaymentEvent.objects.exists()


def test_without_a_key_nothing_is_taken(settings):
    settings.STRIPE_SECRET_KEY = ""
    assert send(b"{}").status_code == 409


def test_without_a_webhook_secret_everything_is_refused(success, settings):
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert send(success, signature(success, at=clock.now(), secret="")).status_code == 400


def test_what_could_not_be_stored_is_no_success_and_comes_again(success, monkeypatch):
    def breaks(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(payment_facts, "_book", breaks)
        assert send(success).status_code == 500
    assert not PaymentEvent.objects.filter(event_id__startswith="evt").exists()
    assert send(success).status_code == 200
    assert balance() == "-20.00"


def test_a_refund_made_in_stripes_own_pages_is_booked_once(server, ada):
    payment = paid(server, ada)
    made = server.answer(_refund_of("pi_0001", 500))[1]
    for kind in ("refund.created", "charge.refund.updated", "refund.updated"):
        hear(kind, made)
    assert payment.refunds.get().state == "Refunded"
    assert given.balance(payment.wallet) == "15.00"
    assert list(proof.problems()) == []


def test_one_of_money_that_was_spent_is_owed(server, ada):
    payment = paid(server, ada)
    given.settle(payment.wallet, given.sale("18"))
    hear("refund.created", server.answer(_refund_of("pi_0001", 500))[1])
    assert given.balance(payment.wallet) == "0.00"
    assert given.balance(payment.wallet, AccountKind.OWED) == "-3.00"
    assert list(proof.problems()) == []


def test_a_refund_that_fails_afterwards_is_in_the_wallet_again(server, ada):
    payment = paid(server, ada)
    refund(payment, "5")
    for _ in range(2):
        hear("refund.failed", server.fail_refund("re_0001"))
    hear("refund.updated", {**server.refunds["re_0001"], "status": "succeeded"})
    made = payment.refunds.get()
    assert (made.state, made.error) == ("Failed", "expired_or_canceled_card")
    assert given.balance(payment.wallet) == "20.00"
    assert refund(payment, "20", key="r2").state == "Refunded"
    assert list(proof.problems()) == []


def test_a_word_of_a_refund_may_overtake_its_answer(server, ada):
    payment = paid(server, ada)
    server.fail_next("refunds$", "drop after")
    assert refund(payment, "5").state == "Created"
    hear("refund.created", server.refunds["re_0001"])
    assert payment.refunds.get().state == "Refunded"
    paying.drive(60)
    assert (server.taken(), given.balance(payment.wallet)) == (1500, "15.00")


def test_a_dispute_is_something_for_people(server, ada):
    payment = paid(server, ada)
    dispute = {"id": "dp_1", "object": "dispute", "amount": 2000, "currency": "eur"}
    hear("charge.dispute.created", {**dispute, "payment_intent": "pi_0001", "status": "warning"})
    assert "disputes it (warning): see dp_1" in now(payment).error
    assert given.balance(payment.wallet) == "20.00"


def _refund_of(ref: str, amount: int) -> Any:
    return Call("POST", "/v1/refunds", {"payment_intent": ref, "amount": str(amount)}, "")


def test_an_event_with_strange_members_never_breaks_anything(server, ada):
    begun(ada)
    intent = server.confirm("pi_0001")
    changes: tuple[dict[str, Any], ...] = (
        {"metadata": None},
        {"last_payment_error": {}},
        {"status": "something_new"},
        {"amount": "2000"},
        {"amount_received": None},
        {"metadata": {"voltdesk": "not a uuid"}},
        {"id": None},
        {"currency": None},
    )
    for change in changes:
        body = json.dumps(
            {"id": f"evt_{change}"[:40], "type": "x", "data": {"object": {**intent, **change}}}
        ).encode()
        assert send(body).status_code in (200, 400), change
