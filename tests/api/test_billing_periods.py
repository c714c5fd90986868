"""Closed periods over REST: a month is closed by who may, once, and looked at for ever."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import BillingPeriod
from cms.accounts import keys
from cms.accounts.models import User
from tests.api.conftest import NOW
from tests.billing.charging import a_driver, a_station, bill_all, charged, everywhere
from tests.stations import given

pytestmark = pytest.mark.django_db
PATH = "/api/billing-periods"


@pytest.fixture
def harbour(db):
    """A station where Ann charged for 3.57 in March 2025."""
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    bill_all()
    return station


def close(api: APIClient, key: str = "k", **body: Any) -> Any:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return api.post(PATH, {"month": "2025-03", **body}, format="json", **headers)


def holding(scopes: list[str]) -> APIClient:
    """A client with a key of these scopes."""
    user = User.objects.create(username="finance", is_staff=True)
    _, secret = keys.create(name="F", user=user, scopes=scopes, at=NOW)
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=secret)
    return client


def test_a_month_is_closed_and_looked_at(harbour):
    finance = holding(["read", "money"])
    answer = close(finance)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["number"], made["since"], made["until"], made["zone"]) == (
        *(1, "2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z"),
        "UTC",
    )
    [euros] = made["snapshot"]["currencies"]
    assert (euros["gross"], euros["energyWh"]) == ("3.5700", 10_000)
    assert made["closedBy"] == "finance"
    assert finance.get(f"{PATH}/1").json() == made
    [row] = finance.get(PATH).json()
    assert row == {name: value for name, value in made.items() if name != "snapshot"}


def test_the_same_word_closes_once(harbour):
    finance = holding(["read", "money"])
    assert close(finance).json() == close(finance).json()
    assert BillingPeriod.objects.count() == 1
    assert close(finance, month="2025-04").json()["code"] == "idempotency_key_used"


def test_closing_needs_the_scope_money(harbour):
    assert close(holding(["read", "write"])).status_code == 403
    assert not BillingPeriod.objects.exists()


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"month": "2025-13"}, "month"),
        ({"month": "March"}, "month"),
        ({"month": "2025-03", "since": "2025-03-01"}, "month"),
        ({"month": None}, "month"),
        ({"zone": "Nowhere"}, None),
        ({"month": "0000-01"}, None),
        ({"leaveOpen": "x" * 501}, "leaveOpen"),
    ],
)
def test_what_is_no_period_is_refused(harbour, body, member):
    answer = close(holding(["money"]), **body)
    assert answer.status_code == 400
    assert member is None or member in answer.json()["fields"]


def test_days_are_closed_too_the_last_one_included(harbour):
    finance = holding(["read", "money"])
    said = {"since": "2025-03-01", "until": "2025-03-15", "zone": "Europe/Berlin"}
    answer = finance.post(PATH, said, format="json", HTTP_IDEMPOTENCY_KEY="d")
    assert answer.json()["until"] == "2025-03-15T23:00:00Z"
    said = {"since": "2025-03-16", "until": "2025-03-15"}
    answer = finance.post(PATH, said, format="json", HTTP_IDEMPOTENCY_KEY="e")
    assert answer.status_code == 400
    assert "until" in answer.json()["fields"]


def test_what_cannot_be_closed_is_a_conflict_that_says_why(harbour):
    finance = holding(["read", "money"])
    given.begin(harbour, minute=300)
    waiting = close(finance)
    assert (waiting.status_code, waiting.json()["fields"].keys()) == (409, {"leaveOpen"})
    assert close(finance, leaveOpen="over night").status_code == 201
    assert "closed until" in close(finance, key="again").json()["error"]
    assert close(finance, key="far", month="2025-05").status_code == 409
    assert close(finance, key="").status_code == 400
    assert finance.get(f"{PATH}/2").status_code == 404
    assert finance.get(f"{PATH}/{10**15}").status_code == 404
