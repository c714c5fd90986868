"""Closing in the admin: shown before it is done, done by who may, and looked at ever after."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import BillingPeriod
from billing.services import periods
from tests.admin.dialogs import HTMX
from tests.billing import charging
from tests.stations import given

LIST = "/admin/billing/billingperiod/"
MARCH = {"first_day": "2025-03-01", "last_day": "2025-03-31", "zone": "UTC"}
SEEN = "3.57 EUR of 1 sessions. The ledger says the same."


@pytest.fixture
def harbour(db):
    """A station where Ann charged for 3.57 in March 2025."""
    charging.everywhere()
    charging.a_driver()
    station = charging.a_station()
    charging.charged(station)
    charging.bill_all()
    return station


def press(client: Client, **fields: Any) -> str:
    """Fill in the dialog and press its button."""
    data = {"token": uuid.uuid4(), **MARCH, **fields}
    response = client.post(f"{LIST}close/", data, **HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_the_dialog_suggests_what_comes_next(root, harbour):
    assert 'value="2025-03-01"' in root.get(f"{LIST}close/").content.decode()
    press(root, seen=SEEN)
    page = root.get(f"{LIST}close/").content.decode()
    assert 'value="2025-04-01"' in page
    assert 'value="2025-04-30"' in page


def test_what_would_be_frozen_is_shown_first(root, harbour):
    shown = press(root)
    assert SEEN in shown
    assert "press again to close it" in shown
    assert not BillingPeriod.objects.exists()
    press(root, seen=SEEN)
    assert BillingPeriod.objects.get().closed_by.username == "root"


def test_sessions_left_open_need_a_reason(root, harbour):
    given.begin(harbour, minute=300)
    shown = press(root)
    assert "1 under way" in shown
    assert "say why they are left open" in shown
    seen = f"{SEEN} Sessions without a bill: 1 under way."
    assert "press again" in press(root, leave_open="over night")
    press(root, leave_open="over night", seen=seen)
    assert BillingPeriod.objects.get().note == "over night"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"last_day": "2099-01-01"}, "not over yet"),
        ({"last_day": "2025-02-01"}, "the last day is before the first"),
        ({"first_day": "2025-03-20"}, "Something was billed before it"),
        ({"zone": "Nowhere"}, "there is no time zone"),
        ({"first_day": "yesterday"}, "Enter a valid date"),
    ],
)
def test_a_wrong_time_is_told(root, harbour, fields, said):
    assert said in press(root, **fields)
    assert not BillingPeriod.objects.exists()


def test_who_may_look_may_not_close(client_with, harbour):
    client = client_with("billing.view_billingperiod")
    assert client.get(LIST).status_code == 200
    data = {"token": uuid.uuid4(), **MARCH, "seen": SEEN}
    assert client.post(f"{LIST}close/", data).status_code == 403
    assert not BillingPeriod.objects.exists()


def test_a_closed_period_is_shown_with_its_figures_and_its_seal(root, harbour):
    press(root, seen=SEEN)
    period = periods.newest()
    assert period is not None
    page = root.get(f"{LIST}{period.number}/change/").content.decode()
    for text in (period.hash, "Harbour", "2025-03-01 – 2025-03-31", "19 %", "0.57", "1 bills"):
        assert text in page
    assert "EUR by site" in page
    listed = root.get(LIST).content.decode()
    assert period.hash[:12] in listed
    assert "3.57 EUR" in listed


def test_the_report_says_whether_its_days_are_closed_and_offers_to_close_them(root, harbour):
    days = {"period": "custom", "since": "2025-03-01", "until": "2025-03-31"}
    report = root.get(reverse("admin:billing_report"), days).content.decode()
    assert "/admin/billing/billingperiod/close/?first_day=2025-03-01" in report
    press(root, seen=SEEN)
    period = periods.newest()
    assert period is not None
    report = root.get(reverse("admin:billing_report"), days).content.decode()
    assert f"Period 1: closed by root, seal {period.hash[:12]}" in report
    assert "billingperiod/close/" not in report
    longer = root.get(reverse("admin:billing_report"), {**days, "until": "2025-04-02"})
    assert "Period 1: closed until 2025-04-01 00:00 by root" in longer.content.decode()


def test_what_was_left_open_is_no_fault_of_a_closed_period(root, harbour):
    given.begin(harbour, minute=300)
    days = {"period": "custom", "since": "2025-03-01", "until": "2025-03-31"}
    report = reverse("admin:billing_report")
    assert "This period is not finished." in root.get(report, days).content.decode()
    seen = f"{SEEN} Sessions without a bill: 1 under way."
    press(root, leave_open="over night", seen=seen)
    assert "Left to the next period:" in root.get(report, days).content.decode()
