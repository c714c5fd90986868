"""Wallets over REST: everybody sees their own; top-ups and refunds count once."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import Company, Member
from billing.services import wallets
from cms.accounts import keys
from cms.accounts.models import User
from tests.billing import given

pytestmark = pytest.mark.django_db
REFUND: dict[str, Any] = {
    "customerId": "ada",
    "refundAmount": 141,
    "sessionId": "S1",
    "energyConsumed": 5,
    "finalAmount": 59,
    "amountDeducted": 200,
    "description": "Unused",
}


def caller(user: User, *scopes: str) -> APIClient:
    _, key = keys.create(name="test", user=user, scopes=list(scopes), at=given.NOON)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Api-Key {key}")
    return client


def person(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def post(client: APIClient, path: str, body: Any, key: str = "") -> Any:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(f"/api/wallet/{path}", body, format="json", **headers)


@pytest.fixture
def till(db):
    """A program that may move money."""
    return caller(given.a_user("till"), "read", "money")


@pytest.fixture
def wallet(db):
    return given.a_wallet("ada", holding="200")


def test_somebody_sees_their_own_wallet(wallet):
    given.hold(wallet, "15")
    given.settle(wallet, given.sale("200"), session="session/2")
    assert person(wallet.user).get("/api/wallet").json() == {
        "id": wallet.pk,
        "name": "Wallet of ada",
        "customerId": wallet.user_id,
        "companyId": None,
        "currency": "EUR",
        "policy": "Prepaid",
        "balance": "0.00",
        "available": "0.00",
        "creditLimit": "0.00",
        "held": "15.00",
        "owed": "15.00",
    }


def test_who_has_no_wallet_yet_is_told_so():
    response = person(given.a_user()).get("/api/wallet")
    assert response.status_code == 404
    assert response.json()["error"] == "There is no wallet in EUR yet"


@pytest.mark.parametrize("path", ["wallet", "wallet/postings", "wallet/statement"])
def test_nobody_sees_the_wallet_of_another(wallet, till, settings, path):
    settings.DEBUG = True
    assert APIClient().get(f"/api/{path}").status_code in (401, 403)
    bob = person(given.a_user("bob"))
    assert bob.get(f"/api/{path}?customerId=ada").status_code == 403
    assert bob.get(f"/api/{path}?companyId=1").status_code == 403
    assert till.get(f"/api/{path}?customerId=ada").status_code == 200
    assert till.get(f"/api/{path}?customerId={wallet.user_id}").status_code == 200
    assert till.get(f"/api/{path}?customerId=nobody").status_code == 404
    assert till.get(f"/api/{path}?companyId=x").status_code == 400
    assert till.get(f"/api/{path}?customerId=ada&currency=ABC").status_code == 400


def test_postings_come_newest_first_page_by_page(wallet):
    given.settle(wallet, given.sale("10", tax="1.90"))
    client = person(wallet.user)
    first = client.get("/api/wallet/postings?limit=1")
    [charge] = first.json()
    assert (charge["kind"], charge["amount"], charge["balanceAfter"], charge["reference"]) == (
        "Charge",
        "-11.90",
        "188.10",
        "session/1",
    )
    [top_up] = client.get(first["Link"].partition("<")[2].partition(">")[0]).json()
    assert (top_up["kind"], top_up["amount"]) == ("TopUp", "200.00")
    assert client.get("/api/wallet/postings?kind=Hold").json() == []
    assert client.get("/api/wallet/postings?bookedAfter=2025-03-01T13:00:00Z").json() == [charge]


def test_a_statement_adds_up(wallet):
    given.settle(wallet, given.sale("10", tax="1.90"))
    until = person(wallet.user).get("/api/wallet/statement?until=2025-03-01T12:30:00Z").json()
    since = person(wallet.user).get("/api/wallet/statement?since=2025-03-01T12:30:00Z").json()
    assert until["closing"] == since["opening"] == "200.00"
    [line] = since.pop("lines")
    assert (line["kind"], line["amount"], line["balanceAfter"]) == ("Charge", "-11.90", "188.10")
    assert since == {
        "currency": "EUR",
        "since": "2025-03-01T12:30:00Z",
        "until": "9999-12-29T00:00:00Z",
        "opening": "200.00",
        "charged": "-11.90",
        "givenBack": "0.00",
        "paid": "0.00",
        "other": "0.00",
        "credits": "0.00",
        "debits": "-11.90",
        "closing": "188.10",
    }
    assert person(wallet.user).get("/api/wallet/statement?since=when").status_code == 400


def test_a_top_up_opens_the_wallet_and_counts_once(till):
    ada = given.a_user()
    body = {"amount": "50.00", "customerId": "ada", "reference": "R-1"}
    first = post(till, "top-up", body, "word")
    assert first.status_code == 201
    assert first.json()["balance"] == "50.00"
    assert post(till, "top-up", {**body, "amount": 50}, "word").json() == first.json()
    again = post(till, "top-up", {**body, "amount": 51}, "word")
    assert (again.status_code, again.json()["code"]) == (409, "idempotency_key_used")
    assert person(ada).get("/api/wallet").json()["balance"] == "50.00"


def test_a_company_can_be_topped_up(till):
    company = Company.objects.create(name="Fleet")
    body = {"amount": 5, "companyId": company.pk, "currency": "SEK"}
    assert post(till, "top-up", body, "k").json()["companyId"] == company.pk
    assert post(till, "top-up", {**body, "companyId": 99}, "k").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": 1, "currency": "EURO"}, "currency"),
        ({"amount": 1, "currency": "ABC"}, "currency"),
        ({}, "amount"),
    ],
)
def test_a_top_up_that_makes_no_sense_names_the_field(till, body, field):
    response = post(till, "top-up", body, "k")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_a_top_up_needs_a_key_of_its_own(till):
    response = post(till, "top-up", {"amount": 1})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["Idempotency-Key"]


def test_nobody_tops_up_their_own_wallet_without_the_permission(wallet):
    assert post(person(wallet.user), "top-up", {"amount": 5}, "k").status_code == 403
    assert post(person(wallet.user), "refund", REFUND).status_code == 403


def test_the_prior_service_refunds_what_was_held_and_not_used(till, wallet):
    given.hold(wallet, "200", session="session/S1")
    first = post(till, "refund", REFUND)
    assert first.status_code == 200
    assert first.json() == {
        "success": True,
        "transaction": {
            **first.json()["transaction"],
            "customerId": "ada",
            "transactionType": "refund",
            "amount": 141.0,
            "balanceBefore": 0.0,
            "balanceAfter": 141.0,
            "referenceId": "S1",
            "status": "completed",
            "transactionCategory": "refund",
        },
    }
    assert post(till, "refund", REFUND).json() == first.json()
    assert given.balance(wallet) == "141.00"


def test_the_prior_service_refunds_what_was_charged(till, wallet):
    given.settle(wallet, given.sale("168.07", tax="31.93"), session="session/S1")
    shown = post(till, "refund", REFUND).json()["transaction"]
    assert (shown["balanceBefore"], shown["balanceAfter"]) == (0.0, 141.0)
    assert post(till, "refund", REFUND).json()["transaction"] == shown
    assert given.balance(wallet) == "141.00"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"refundAmount": 0}, 400),
        ({"refundAmount": -1}, 400),
        ({"refundAmount": 201}, 400),
        ({"refundAmount": 201, "amountDeducted": 300}, 409),
        ({"customerId": "nobody"}, 404),
        ({"customerId": "till"}, 404),
        ({"sessionId": "S2"}, 404),
    ],
)
def test_a_refund_that_may_not_be_is_refused(till, wallet, change, status):
    given.hold(wallet, "200", session="session/S1")
    response = post(till, "refund", {**REFUND, **change})
    assert response.status_code == status
    assert response.json()["error"]
    assert given.balance(wallet) == "0.00"


def test_a_member_of_a_company_still_has_a_wallet_of_their_own(wallet):
    company = Company.objects.create(name="Fleet")
    Member.objects.create(company=company, user=wallet.user)
    wallets.open(customer=company, currency="EUR", at=given.NOON)
    assert person(wallet.user).get("/api/wallet").json()["customerId"] == wallet.user_id
