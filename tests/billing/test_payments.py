"""Payments by Stripe: wishes are rows, the provider is asked by key, its word is booked once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.errors import InsufficientFunds, KeyUsed, NotOffered
from billing.models import AccountKind, JournalEntry, Payment
from billing.payments import registry
from billing.services import payment_steps, payments, proof
from cms.shared.errors import Conflict, DomainError, NotFound
from tests.billing import given, paying
from tests.billing.given import NOON, after
from tests.billing.paying import begun, drive, hear, history, now, paid, refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


@pytest.fixture
def ada(db):
    return given.a_user()


def test_a_payment_that_begins_waits_for_its_customer(server, ada):
    payment = payments.begin(
        provider="stripe", customer=ada, amount=Decimal(20), currency="EUR", key="k", at=NOON
    )
    fact = payment_steps.begun(payment, at=NOON)
    assert fact.client_secret == "pi_0001_secret_abc"
    payment = now(payment)
    assert (payment.state, payment.provider_ref) == ("Pending", "pi_0001")
    [call] = server.made("payment_intents$")
    assert (call.key, call.params["amount"]) == (f"{payment.token}/create", "2000")
    assert call.params["capture_method"] == "automatic"
    assert not JournalEntry.objects.exists()


def test_the_secret_is_told_again_and_never_stored(server, ada):
    payment = begun(ada)
    assert payment_steps.begun(payment, at=after(1)).client_secret == "pi_0001_secret_abc"
    stored = Payment.objects.filter(pk=payment.pk).values().get()
    assert "secret" not in str(stored)


def test_the_same_key_is_the_same_payment(server, ada):
    assert begun(ada, key="k") == begun(ada, key="k")
    assert len(server.intents) == 1
    with pytest.raises(KeyUsed):
        begun(ada, "21", key="k")


def test_money_that_came_is_booked_once_however_often_it_is_said(server, ada):
    payment = paid(server, ada)
    intent = server.intents[payment.provider_ref]
    for number in ("", "other", ""):
        hear("payment_intent.succeeded", intent, number=number)
    payment = now(payment)
    assert (payment.state, payment.captured) == ("Captured", Decimal(20))
    assert given.balance(payment.wallet) == "20.00"
    assert given.balances()["clearing/stripe/EUR"] == "-20.00"
    assert payment.entry.idempotency_key == f"payment/{payment.pk}"
    assert list(proof.problems()) == []


def test_what_is_owed_is_taken_from_it_at_once(server, ada):
    wallet = given.wallets.open(customer=ada, currency="EUR", at=NOON)
    given.settle(wallet, given.sale("12"))
    paid(server, ada)
    assert given.balance(wallet) == "8.00"
    assert given.balance(wallet, AccountKind.OWED) == "0.00"


def test_late_words_change_nothing(server, ada):
    payment = paid(server, ada)
    stale = {**server.intents["pi_0001"], "status": "requires_payment_method"}
    hear("payment_intent.payment_failed", stale)
    hear("payment_intent.canceled", {**stale, "status": "canceled"})
    assert now(payment).state == "Captured"
    assert given.balance(payment.wallet) == "20.00"


def test_a_card_that_was_declined_is_told_and_another_may_pay(server, ada):
    payment = begun(ada)
    hear("payment_intent.payment_failed", server.decline("pi_0001"))
    assert payment.events.first().detail == "Your card was declined."
    hear("payment_intent.succeeded", server.confirm("pi_0001"))
    assert now(payment).state == "Captured"


@pytest.mark.parametrize(
    "lie",
    [{"amount": 2001}, {"amount_received": 2001}, {"currency": "usd"}, {"amount_received": 0}],
)
def test_what_contradicts_the_payment_is_not_booked_and_somebody_sees_it(server, ada, lie):
    payment = begun(ada)
    assert hear("payment_intent.succeeded", {**server.confirm("pi_0001"), **lie})
    assert (now(payment).state, not JournalEntry.objects.exists()) == ("Pending", True)
    assert "was not agreed" in now(payment).error


def test_another_intent_that_names_our_payment_is_not_booked(server, ada):
    payment = begun(ada)
    hear("payment_intent.succeeded", {**server.confirm("pi_0001"), "id": "pi_other"})
    assert now(payment).state == "Pending"
    assert "another one" in now(payment).error


def test_a_webhook_may_overtake_the_answer_to_the_very_first_call(server, ada):
    server.fail_next("payment_intents$", "drop after")
    payment = begun(ada)
    assert (payment.state, payment.provider_ref) == ("Created", "")
    hear("payment_intent.succeeded", server.confirm("pi_0001"))
    drive(60)
    assert (now(payment).state, now(payment).provider_ref) == ("Captured", "pi_0001")
    assert given.balance(payment.wallet) == "20.00"


def test_what_nobody_knows_the_outcome_of_is_asked_again_by_the_same_key(server, ada):
    server.fail_next("payment_intents$", "drop after")
    payment = begun(ada)
    assert "Unexpected error communicating" in payment.error
    drive(0.1)
    assert len(server.made("payment_intents$")) == 1  # it waits
    drive(1)
    assert now(payment).state == "Pending"
    first, second = server.made("payment_intents$")
    assert first.key == second.key
    assert len(server.intents) == 1
    assert history(payment)[:3] == [
        "Asked for",
        "Attempt 1 failed",
        "The provider answered: pending",
    ]


@pytest.mark.parametrize("fault", ["401", "429", "drop"])
def test_a_provider_that_is_away_or_refuses_our_key_is_asked_again(server, ada, fault):
    server.fail_next("payment_intents$", fault)
    payment = begun(ada)
    assert payment.state == "Created"
    assert payment.error
    assert "sk_test_key" not in payment.error
    drive(5)
    assert (now(payment).state, now(payment).error) == ("Pending", "")


def test_one_that_cannot_be_reached_is_tried_once_a_run(server, ada):
    for number in range(3):
        server.fail_next("payment_intents$", "drop")
        begun(ada, key=f"p{number}")
    before = len(server.calls)
    server.fail_next("", "drop")
    drive(30)
    drive(30.5)
    assert len(server.calls) == before + 1
    drive(35)
    assert {payment.state for payment in Payment.objects.all()} == {"Pending"}


def test_what_the_provider_refuses_has_failed_and_says_why(server, ada):
    payment = begun(ada, "0.10")
    assert payment.state == "Failed"
    assert payment.error.startswith("amount_too_small")
    assert payment.next_try_at is None


def test_a_provider_that_never_answers_is_given_up(server, ada):
    for fault in ("drop after", *["drop"] * 20):
        server.fail_next("payment_intents$", fault)
    payment = begun(ada)
    for minute in (2, 5, 20, 61, 200):
        drive(minute)
    assert (now(payment).state, now(payment).next_try_at) == ("Failed", None)
    assert now(payment).error.startswith("The provider never answered")
    hear("payment_intent.succeeded", server.confirm("pi_0001"))
    assert now(payment).state == "Captured"


def test_what_is_wrong_stays_until_somebody_dealt_with_it(server, ada):
    payment = paid(server, ada)
    refund(payment, "5")
    hear("refund.failed", server.fail_refund("re_0001"))
    assert "its money is in the wallet again: expired_or" in now(payment).error
    payments.dealt_with(payment_id=payment.pk, reason="paid by bank", at=NOON, by="root")
    assert now(payment).error == ""
    assert history(payment)[-1] == "Dealt with by root: paid by bank"
    with pytest.raises(Conflict):
        payments.dealt_with(payment_id=payment.pk, reason="again", at=NOON)


def test_a_lost_webhook_is_made_up_for_by_looking(server, ada):
    payment = begun(ada)
    server.confirm("pi_0001")
    drive(2)
    assert now(payment).state == "Captured"
    assert given.balance(payment.wallet) == "20.00"


def test_who_never_completes_it_loses_it(server, ada):
    payment = begun(ada)
    drive(59)
    assert now(payment).state == "Pending"
    drive(61)
    assert now(payment).state == "Cancelled"
    assert server.intents["pi_0001"]["status"] == "canceled"
    assert now(payment).next_try_at is None


def test_who_completes_it_in_the_last_moment_has_paid(server, ada):
    payment = begun(ada)
    payments.decide(at=after(61))
    server.confirm("pi_0001")
    drive(61)
    assert now(payment).state == "Captured"
    assert given.balance(payment.wallet) == "20.00"


def test_money_for_what_was_given_up_is_booked_all_the_same(server, ada):
    payment = begun(ada)
    Payment.objects.filter(pk=payment.pk).update(state="Failed", next_try_at=None)
    hear("payment_intent.succeeded", server.confirm("pi_0001"))
    assert now(payment).state == "Captured"
    assert given.balance(payment.wallet) == "20.00"


def test_a_provider_without_a_key_is_not_offered(ada, settings):
    settings.STRIPE_SECRET_KEY = ""
    for name in ("stripe", "paypal"):
        with pytest.raises(NotOffered):
            registry.provider(name)
    with pytest.raises(NotOffered):
        begun(ada)
    assert not Payment.objects.exists()


def test_a_key_that_was_taken_away_leaves_payments_waiting(server, ada, settings):
    payment = begun(ada)
    settings.STRIPE_SECRET_KEY = ""
    drive(2)
    assert "not offered" in now(payment).error


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN"])
def test_an_amount_that_cannot_be_paid_is_refused(server, ada, amount):
    with pytest.raises(DomainError):
        begun(ada, amount)
    assert server.calls == []


def test_cash_is_there_as_soon_as_it_is_recorded(ada):
    payment = begun(ada, "15", provider="cash", reference="R-7")
    assert payment.state == "Captured"
    assert given.balances() == {"cash/EUR": "-15.00", f"wallet/user/{ada.pk}/EUR": "15.00"}
    assert refund(payment, "5").state == "Refunded"
    assert given.balance(payment.wallet) == "10.00"


def test_a_refund_leaves_the_wallet_and_reaches_the_customer(server, ada):
    payment = paid(server, ada)
    made = refund(payment, "5")
    assert (made.state, made.provider_ref) == ("Refunded", "re_0001")
    assert given.balance(payment.wallet) == "15.00"
    assert given.balances()["clearing/stripe/EUR"] == "-15.00"
    hear("refund.created", server.refunds["re_0001"])
    assert server.taken() == 1500
    assert list(proof.problems()) == []


def test_no_more_is_refunded_than_was_paid(server, ada):
    payment = paid(server, ada)
    refund(payment, "15")
    given.top_up(payment.wallet, "100")
    with pytest.raises(Conflict, match=r"Only 5.00 EUR is left"):
        refund(payment, "6", key="r2")
    assert refund(payment, "15").pk == payment.refunds.get().pk
    with pytest.raises(KeyUsed):
        refund(payment, "14")


def test_what_was_spent_is_not_refunded(server, ada):
    payment = paid(server, ada)
    given.settle(payment.wallet, given.sale("18"))
    with pytest.raises(InsufficientFunds):
        refund(payment, "5")
    assert server.refunds == {}


def test_what_was_not_paid_is_not_refunded(server, ada):
    with pytest.raises(Conflict):
        refund(begun(ada), "5")
    with pytest.raises(NotFound):
        refund(Payment(pk=99), "5")
