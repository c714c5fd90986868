"""Corrections over REST: what needs another person is a 202, and is decided by people who may."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from billing.api import urls
from billing.models import CorrectionRequest, JournalEntry
from cms.accounts.models import Scope, SiteLimit, User
from tests.api.conftest import caller
from tests.billing import charging, given
from tests.billing.correcting import (
    a_bill,
    a_charge,
    a_limit,
    a_payment,
    now,
    pay_out,
    refund,
    reprice,
)

pytestmark = pytest.mark.django_db
CORRECTIONS = "/api/corrections"
# Every address that takes a POST: what books money back, and why the others do not
CORRECTING = {"wallet-refund", "payment-refunds"}
_OTHERS = {
    *("billing-periods", "tariffs", "tariff-versions", "tariff-assignments", "billing-exports"),
    *("wallet-top-up", "invoices", "payments", "payment-cancel", "stripe-webhook"),
    *("correction-withdraw", "correction-approve", "correction-reject"),
}


def person(name: str, *permissions: str) -> APIClient:
    """Somebody of the staff with these permissions of billing, logged in."""
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    User.objects.filter(pk=user.pk).update(is_staff=True)
    rows = Permission.objects.filter(codename__in=permissions, content_type__app_label="billing")
    user.user_permissions.add(*rows)
    client = APIClient()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def decider(name: str = "other") -> APIClient:
    """Somebody who may decide."""
    return person(name, "view_correctionrequest", "approve_correction")


def post(client: APIClient, path: str, body: Any = None, key: str = "k1") -> Any:
    return client.post(path, body or {}, format="json", headers={"Idempotency-Key": key})


@pytest.fixture
def till() -> APIClient:
    """A program that takes and gives money."""
    return caller(User.objects.create_user("till"), Scope.MONEY, Scope.READ)


@pytest.fixture
def waits() -> CorrectionRequest:
    a_limit("5")
    found: CorrectionRequest = refund(a_charge(given.a_wallet(holding="50")), "11.90")
    return found


def test_every_address_that_takes_a_post_is_known_to_correct_or_not():
    names = {
        route.name
        for route in urls.urlpatterns
        if "post" in getattr(route.callback, "actions", {}) or route.name == "stripe-webhook"
    }
    assert names == CORRECTING | _OTHERS


def test_a_refund_of_a_payment_above_the_limit_waits(till):
    payment = a_payment(given.a_user("ada"))
    a_limit("5")
    before = given.counted()
    body = {"amount": "6", "reason": "cable"}
    answer = post(till, f"/api/payments/{payment.pk}/refunds", body)
    assert (answer.status_code, given.counted()) == (202, before)
    shown = answer.json()
    assert answer["Location"] == shown["url"] == f"{CORRECTIONS}/{shown['id']}"
    assert (shown["state"], shown["amount"], shown["kind"]) == ("Waiting", "6.00", "PaymentRefund")
    assert shown["parameters"] == {"paymentId": str(payment.pk), "amount": "6"}
    assert till.get(answer["Location"]).json() == shown
    again = post(till, f"/api/payments/{payment.pk}/refunds", body)
    assert again.json() == shown
    assert post(decider(), f"{shown['url']}/approve").json()["state"] == "Approved"
    made = post(till, f"/api/payments/{payment.pk}/refunds", body)
    assert (made.status_code, made.json()["state"]) == (201, "Refunded")


def test_the_prior_services_refund_of_what_was_charged_waits_above_the_limit(till):
    wallet = given.a_wallet(holding="50")
    a_charge(wallet)
    a_limit("5")
    body = {"customerId": str(wallet.user_id), "refundAmount": 6, "sessionId": "1"}
    assert post(till, "/api/wallet/refund", body).json()["fields"] == {"description": ["is needed"]}
    body["description"] = "Unused"
    answer = post(till, "/api/wallet/refund", body)
    assert (answer.status_code, given.balance(wallet)) == (202, "38.10")
    post(decider(), f"{answer.json()['url']}/approve")
    done = post(till, "/api/wallet/refund", body)
    assert (done.status_code, done.json()["transaction"]["amount"]) == (200, 6.0)
    assert given.balance(wallet) == "44.10"


def test_what_is_only_held_is_given_back_without_a_reason_and_without_anybody(till):
    wallet = given.a_wallet(holding="50")
    given.hold(wallet, "20")
    a_limit("5")
    body = {"customerId": str(wallet.user_id), "refundAmount": 15, "sessionId": "1"}
    assert post(till, "/api/wallet/refund", body).status_code == 200
    assert given.balance(wallet) == "45.00"


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_refund_of_a_payment_needs_a_reason(till, reason):
    payment = a_payment(given.a_user("ada"))
    body = {"amount": "6"} | ({} if reason is None else {"reason": reason})
    answer = post(till, f"/api/payments/{payment.pk}/refunds", body)
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["reason"])


def test_corrections_are_listed_and_narrowed(waits):
    client = decider()
    [shown] = client.get(CORRECTIONS).json()
    assert (shown["id"], shown["askedBy"], shown["about"]) == (waits.pk, "asker", waits.about)
    assert client.get(CORRECTIONS, {"state": "Rejected"}).json() == []
    assert len(client.get(CORRECTIONS, {"about": waits.about}).json()) == 1
    assert client.get(f"{CORRECTIONS}/999").status_code == 404


def test_approving_books_it_once(waits):
    for _ in range(2):
        shown = post(decider(), f"{CORRECTIONS}/{waits.pk}/approve").json()
        assert (shown["state"], shown["decidedBy"]) == ("Approved", "other")
    assert now(waits).entry_id == shown["entryId"]


def test_who_asked_gets_a_409(waits):
    for verb, body in (("approve", {}), ("reject", {"reason": "no"})):
        answer = post(decider("asker"), f"{CORRECTIONS}/{waits.pk}/{verb}", body)
        assert (answer.status_code, answer.json()["code"]) == (
            409,
            "correction_needs_another_person",
        )
    assert now(waits).state == "Waiting"


def test_a_rejection_needs_a_reason_and_shows_it(waits):
    path = f"{CORRECTIONS}/{waits.pk}/reject"
    assert post(decider(), path).status_code == 400
    assert post(decider(), path, {"reason": "too much"}).json()["answer"] == "too much"


def test_who_asked_withdraws_and_nobody_else(waits):
    path = f"{CORRECTIONS}/{waits.pk}/withdraw"
    assert post(person("third", "view_correctionrequest"), path).status_code == 409
    mine = person("asker", "view_correctionrequest")
    assert post(mine, path).json()["state"] == "Withdrawn"


def test_without_the_permission_nobody_decides(waits):
    path = f"{CORRECTIONS}/{waits.pk}/approve"
    assert post(person("third", "view_correctionrequest"), path).status_code == 403
    assert person("fourth").get(CORRECTIONS).status_code == 403
    assert now(waits).state == "Waiting"


def test_a_key_decides_only_for_somebody_who_may(waits, till):
    path = f"{CORRECTIONS}/{waits.pk}/approve"
    assert post(till, path).status_code == 403
    decider("boss")
    boss = User.objects.get(username="boss")
    assert post(caller(boss, Scope.READ), path).status_code == 403
    assert post(caller(boss, Scope.MONEY), path).status_code == 200


def test_what_is_out_of_date_is_a_409_and_says_so_from_then_on(waits):
    refund(JournalEntry.objects.get(pk=waits.parameters["charge_id"]), "3", key="small")
    answer = post(decider(), f"{CORRECTIONS}/{waits.pk}/approve")
    assert (answer.status_code, answer.json()["code"]) == (409, "correction_out_of_date")
    assert now(waits).state == "Stale"


def test_who_is_limited_to_a_site_sees_and_decides_those_of_its_sessions_only():
    bill = a_bill()
    a_limit("5")
    here = reprice(bill, "0.20")
    assert bill.wallet is not None
    assert bill.site is not None
    given.top_up(bill.wallet, "60")
    elsewhere = pay_out(bill.wallet, "6", key="k2")
    client = decider("limited")
    user = User.objects.get(username="limited")
    SiteLimit.objects.create(user=user, site=bill.site)
    client.force_login(User.objects.get(pk=user.pk))
    shown = client.get(CORRECTIONS).json()
    assert [row["id"] for row in shown] == [here.pk]
    assert client.get(f"{CORRECTIONS}/{elsewhere.pk}").status_code == 404
    assert post(client, f"{CORRECTIONS}/{elsewhere.pk}/approve").status_code == 404
    assert post(client, f"{CORRECTIONS}/{here.pk}/approve").json()["state"] == "Approved"
    other = charging.a_site("Elsewhere")
    SiteLimit.objects.filter(user=user).update(site=other)
    assert client.get(f"{CORRECTIONS}/{here.pk}").status_code == 404
    assert Decimal(shown[0]["amount"]) == Decimal("11.90")
