"""Payments over REST: everybody pays for themselves; secrets are for who completes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from billing.models import Company, Payment
from cms.accounts.models import User
from tests.billing import charging, given, paying
from tests.billing.test_wallet_api import caller, person
from tests.stations.given import begin

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    with paying.a_stripe() as there:
        yield there


@pytest.fixture
def ada(db):
    return given.a_user()


def post(client: APIClient, body: Any, key: str = "k", path: str = "") -> Any:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(f"/api/payments{path}", body, format="json", **headers)


def staff(*permissions: str) -> APIClient:
    user = User.objects.create_user("clerk", is_staff=True)
    for name in permissions:
        user.user_permissions.add(Permission.objects.get(codename=name))
    return person(user)


def test_somebody_tops_up_their_own_wallet(server, ada):
    response = post(person(ada), {"amount": "20", "reference": "app"})
    assert response.status_code == 201
    answer = response.json()
    assert answer.pop("clientSecret") == "pi_0001_secret_abc"
    assert answer == person(ada).get(f"/api/payments/{answer['id']}").json()
    assert (answer["state"], answer["amount"], answer["captured"]) == ("Pending", "20.00", "0.00")
    server.confirm("pi_0001")
    paying.drive(60 * 24 * 365 * 10)
    assert person(ada).get("/api/wallet").json()["balance"] == "20.00"


def test_the_same_key_gives_the_same_payment_and_its_secret(server, ada):
    first, second = (post(person(ada), {"amount": "20"}).json() for _ in range(2))
    assert first == second
    assert len(server.intents) == 1
    assert post(person(ada), {"amount": "21"}).json()["code"] == "idempotency_key_used"
    assert post(person(ada), {"amount": "20"}, key="").status_code == 400


def test_without_an_answer_of_the_provider_there_is_a_payment_without_a_secret(server, ada):
    server.fail_next("payment_intents$", "drop after")
    answer = post(person(ada), {"amount": "20"}).json()
    assert (answer["state"], answer["clientSecret"], answer["error"]) == ("Created", None, "")


def test_what_is_refused_says_why(server, ada):
    answer = post(person(ada), {"amount": "0.10"}).json()
    assert answer["state"] == "Failed"
    assert "at least" in answer["error"]


def test_a_provider_that_is_not_set_up_is_not_offered(ada, settings):
    settings.STRIPE_SECRET_KEY = ""
    response = post(person(ada), {"amount": "20"})
    assert (response.status_code, response.json()["code"]) == (409, "provider_not_offered")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "1", "provider": "paypal"}, "provider"),
        ({"amount": "1", "currency": "XXX"}, "currency"),
        ({"amount": "1", "transactionId": 1}, "transactionId"),
        ({"amount": "1", "purpose": "Session", "companyId": 1}, "companyId"),
        ({"amount": "1", "purpose": "Session", "cpId": "nowhere"}, "cpId"),
        ({"amount": "1", "purpose": "Session", "transactionId": 77}, "transactionId"),
    ],
)
def test_what_is_wrong_is_named(server, body, wrong):
    response = post(caller(given.a_user("till"), "money"), body)
    assert response.status_code in (400, 404)
    assert wrong in response.json()["fields"]
    assert server.calls == []


def test_a_session_is_paid_at_the_station_that_is_named(server):
    charging.everywhere()
    station, ann = charging.a_station(), charging.a_driver()
    body = {"amount": "20", "purpose": "Session", "cpId": "CP-1"}
    paid = post(person(ann), body).json()
    paying.hear("payment_intent.amount_capturable_updated", server.confirm("pi_0001"))
    number = begin(station).transaction_id
    answer = person(ann).get(f"/api/payments/{paid['id']}").json()
    assert (answer["state"], answer["transactionId"]) == ("Authorised", number)


def test_payments_of_others_show_to_nobody_without_the_right(server, ada):
    paid = post(person(ada), {"amount": "20"}).json()
    other, address = person(given.a_user("bob")), f"/api/payments/{paid['id']}"
    assert other.get("/api/payments").json() == []
    assert other.get(address).status_code == 404
    assert other.post(f"{address}/cancel").status_code == 404
    assert other.get("/api/payments?customerId=ada").status_code == 403
    assert APIClient().get("/api/payments").status_code == 401
    clerk = staff("view_payment")
    assert clerk.get(address).status_code == 200
    assert len(clerk.get("/api/payments?customerId=ada&state=Pending").json()) == 1
    assert caller(ada, "write").get(address).status_code == 403
    assert caller(given.a_user("till"), "read").get(address).status_code == 200


def test_cash_and_payments_of_others_need_the_scope_or_the_permission(ada):
    cash = {"amount": "5", "provider": "cash"}
    assert post(person(ada), cash).status_code == 403
    assert post(person(ada), {"amount": "5", "customerId": "ada"}).status_code == 403
    assert post(caller(ada, "read", "write"), cash).status_code == 403
    assert post(staff("view_payment"), {**cash, "customerId": "ada"}).status_code == 403
    till = caller(given.a_user("till"), "money")
    assert post(till, {**cash, "customerId": "ada"}).json()["state"] == "Captured"
    company = Company.objects.create(name="Fleet Ltd")
    assert post(till, {**cash, "companyId": company.pk}, key="k2").status_code == 201
    assert person(ada).get("/api/wallet").json()["balance"] == "5.00"


def test_somebody_cancels_what_is_not_used(server, ada):
    paid = post(person(ada), {"amount": "20"}).json()
    answer = person(ada).post(f"/api/payments/{paid['id']}/cancel").json()
    assert answer["state"] == "Cancelling"
    paying.drive(60 * 24 * 365 * 10)
    assert server.intents["pi_0001"]["status"] == "canceled"


def test_a_refund_needs_the_scope_or_the_permission_and_a_key(server, ada):
    paid = paying.paid(server, ada)
    path, body = f"/{paid.pk}/refunds", {"amount": "5", "reason": "cable"}
    assert post(person(ada), body, path=path).status_code == 403
    assert post(caller(ada, "read", "write"), body, path=path).status_code == 403
    till = caller(given.a_user("till"), "read", "money")
    assert post(till, body, key="", path=path).status_code == 400
    for _ in range(2):
        answer = post(till, body, path=path).json()
        assert (answer["state"], answer["amount"]) == ("Refunded", "5.00")
    assert post(till, {**body, "amount": "16"}, key="k2", path=path).status_code == 409
    assert post(till, body, key="k3", path="/99/refunds").status_code == 404
    assert len(till.get(f"/api/payments{path}").json()) == 1
    assert server.taken() == 1500


def test_a_list_takes_few_queries(server, ada, django_assert_max_num_queries):
    for number in range(8):
        paying.begun(ada, key=f"p{number}")
    client = person(ada)
    with django_assert_max_num_queries(3):
        first = client.get("/api/payments?limit=5")
    assert len(first.json()) == 5
    assert len(client.get(first["Link"].split("<")[1].split(">")[0]).json()) == 3


def test_no_secret_is_in_any_answer_but_the_first(server, ada):
    paid = post(person(ada), {"amount": "20"}).json()
    shown = (
        person(ada).get("/api/payments").content
        + person(ada).get(f"/api/payments/{paid['id']}").content
    )
    assert b"secret" not in shown.lower()
    assert Payment.objects.get().provider_ref == "pi_0001"
