"""The finance journey: a month is read, closed and exported, and a bill of it corrected later."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from billing.models import SessionBill
from billing.services import bills
from cms.accounts.models import User
from stations.models import ChargingSession
from tests.billing.charging import a_driver, a_station, bill_all, charged, everywhere
from tests.billing.closing import MARCH

pytestmark = pytest.mark.django_db
REPORT, PERIODS = "/api/reports/billing", "/api/billing-periods"
DAYS = {
    "2025-03": {"since": "2025-03-01", "until": "2025-03-31"},
    "2025-04": {"since": "2025-04-01", "until": "2025-04-30"},
}


@pytest.fixture
def finance(client: Client) -> Client:
    """Somebody who may see reports and close periods."""
    client.force_login(User.objects.create_superuser("finance"))
    return client


def report(finance: Client, month: str) -> Any:
    return finance.get(REPORT, {**DAYS[month], "zone": "UTC"}).json()


def exported(finance: Client, month: str) -> list[dict[str, str]]:
    """The month's file."""
    answer = finance.get(REPORT, {**DAYS[month], "zone": "UTC", "format": "csv"})
    text = b"".join(answer).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline="")))


def closed(finance: Client, month: str) -> Any:
    how = {"content_type": "application/json", "headers": {"Idempotency-Key": month}}
    answer = finance.post(PERIODS, {"month": month, "zone": "UTC"}, **how)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_month_is_closed_and_exported_and_its_correction_is_in_the_next(finance, capsys):
    station = a_station()
    a_driver()
    everywhere()
    number = charged(station)
    charged(station, minute=120, wh=20_000)
    bill_all()
    before = report(finance, "2025-03")
    assert before["closedPeriods"] == []
    march = closed(finance, "2025-03")
    assert march["snapshot"]["currencies"][0]["gross"] == "10.7100"
    file = exported(finance, "2025-03")
    assert [row["gross"] for row in file] == ["3.57", "7.14"]

    ChargingSession.objects.filter(pk=number).update(energy_wh=11_000)
    in_april = MARCH.until + timedelta(days=4)
    bills.reprice(session_id=number, reason="the meter was read again", at=in_april)

    assert exported(finance, "2025-03") == file
    after = report(finance, "2025-03")
    assert after["tables"][0]["total"] == before["tables"][0]["total"]
    assert [period["hash"] for period in after["closedPeriods"]] == [march["hash"]]
    april = closed(finance, "2025-04")
    assert [row["gross"] for row in exported(finance, "2025-04")] == ["-3.57", "3.93"]
    assert april["snapshot"]["currencies"][0]["gross"] == "0.3600"
    assert april["previousHash"] == march["hash"]
    call_command("verify_periods")
    call_command("verify_ledger")
    said = capsys.readouterr().out
    assert f"Proved: 2 closed periods until 2025-05-01T00:00:00+00:00, seal {april['hash']}" in said
    assert SessionBill.objects.count() == 4
