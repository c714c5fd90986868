"""What a session costs on its page in the admin: so far, as billed, and why not yet."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import Company, Member, SessionBill, SessionTariff
from billing.services import bills, giving_back
from cms.accounts.models import User
from stations.models import ChargingSession, StatusChange
from tests.billing import charging
from tests.billing.given import top_up
from tests.stations import given

pytestmark = pytest.mark.django_db


def a_session(terms: Any = charging.PARKING, **more: Any) -> int:
    """An hour that took 10 kWh, by the only tariff there is."""
    charging.everywhere(terms)
    station = charging.a_station()
    charging.a_driver()
    return charging.charged(station, **more)


def read(client: Client, number: int) -> str:
    """The part of the session's page that is about money, as people read it."""
    page = client.get(f"/admin/stations/chargingsession/{number}/change/").content.decode()
    if 'id="session-receipt"' not in page:
        return ""
    panel = page[page.index('id="session-receipt"') :]
    words = re.sub("<[^>]*>", " ", "<p " + panel[: panel.index("</section>")])
    return " ".join(words.split())


def test_a_billed_session_shows_its_lines_who_pays_and_by_which_terms(root):
    number = a_session()
    charging.bill_all()
    shown = read(root, number)
    assert "Cost 3.57 EUR Billed" in shown
    assert "Energy delivered. 10 kWh 0.30 3.00 EUR 0.57 EUR 19 % 3.57 EUR" in shown
    assert "Standard v1 the default" in shown
    assert "Paid by Wallet of ann" in shown


def test_a_company_pays_for_its_members(root):
    number = a_session()
    company = Company.objects.create(name="Fleet Ltd")
    Member.objects.create(company=company, user=User.objects.get(username="ann"))
    assert "Paid by Fleet Ltd" in read(root, number)
    charging.bill_all()
    assert "Paid by Wallet of Fleet Ltd" in read(root, number)


def test_a_card_of_nobody_is_said_to_be_paid_by_nobody(root):
    charging.everywhere()
    given.a_card("CARD-1")
    number = charging.charged(charging.a_station())
    assert "nobody known here" in read(root, number)
    charging.bill_all()
    assert "nobody known here" in read(root, number)


def test_a_new_price_and_a_refund_stand_in_its_history_with_who_and_why(root):
    number = a_session()
    charging.bill_all()
    bills.reprice(session_id=number, reason="The meter was wrong", at=charging.LATER)
    bill = SessionBill.objects.order_by("pk").last()
    top_up(bill.wallet, "20")
    by = User.objects.create_user("boss").pk
    giving_back.refund(
        charge_id=bill.entry_id,
        amount=Decimal("1.19"),
        reason="A slow station",
        key="a",
        at=charging.LATER,
        by_id=by,
    )
    shown = read(root, number)
    assert re.search(r"Bill #\d+ 3.57 EUR .* the system The meter was wrong", shown)
    assert re.search(r"Reversal #\d+ -3.57 EUR .* the system The meter was wrong", shown)
    assert re.search(r"Refund #\d+ -1.19 EUR .* boss A slow station", shown)


def test_a_session_under_way_shows_what_it_costs_so_far_and_renews_itself(root):
    charging.everywhere()
    charging.a_driver()
    began = given.begin(charging.a_station())
    ChargingSession.objects.filter(pk=began.transaction_id).update(
        energy_wh=2000, started_at=timezone.now() - timedelta(minutes=9)
    )
    address = f"/admin/billing/sessionbill/of-session/{began.transaction_id}/"
    page = root.get(f"/admin/stations/chargingsession/{began.transaction_id}/change/")
    assert f'hx-get="{address}"' in page.content.decode()
    assert "0.71 EUR" in root.get(address).content.decode()
    ChargingSession.objects.filter(pk=began.transaction_id).update(energy_wh=4000)
    assert "1.43 EUR" in root.get(address).content.decode()


def test_a_billed_session_does_not_ask_again(root):
    number = a_session()
    charging.bill_all()
    page = root.get(f"/admin/billing/sessionbill/of-session/{number}/").content.decode()
    assert "hx-get" not in page


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "Due It ended, and the next run bills it"),
        ({"needs_review": True}, "Under review It waits for review"),
        ({"billable": False}, "Not to be billed It was discarded"),
        ({"stop_received_at": Now()}, "Ended It ended a moment ago"),
        ({"started_at": None, "stopped_at": None, "status": "Orphaned"}, "Failed It has no price"),
    ],
)
def test_what_is_not_billed_says_why_and_what_happens_next(root, facts, said):
    number = a_session()
    ChargingSession.objects.filter(pk=number).update(**facts)
    assert said in read(root, number)


def test_a_vehicle_that_is_parked_there_is_said_to_be(root):
    number = a_session()
    now = timezone.now()
    session = charging.session(number)
    ChargingSession.objects.filter(pk=number).update(stopped_at=now - timedelta(hours=1))
    assert session.connector
    StatusChange.objects.create(
        connector=session.connector,
        status="Finishing",
        reported_at=now - timedelta(minutes=59),
        received_at=now,
    )
    assert "Parked Charging ended, but the vehicle is parked there." in read(root, number)


def test_a_session_without_a_tariff_says_so(root):
    charging.a_driver()
    number = charging.charged(charging.a_station())
    assert not SessionTariff.objects.exists()
    assert "No tariff counted when it began" in read(root, number)


def test_money_is_shown_to_those_who_may_see_bills(client_with):
    number = a_session()
    assert read(client_with("stations.view_chargingsession"), number) == ""
    assert read(client_with("stations.view_chargingsession", "billing.view_sessionbill"), number)
    alone = client_with("billing.view_sessionbill")
    answer = alone.get(f"/admin/billing/sessionbill/of-session/{number}/")
    assert answer.status_code == 403


def test_a_session_that_does_not_exist_is_not_found(root):
    assert root.get("/admin/billing/sessionbill/of-session/4711/").status_code == 404


def test_the_receipt_costs_few_queries_however_often_it_was_priced_anew(root):
    number = a_session()
    charging.bill_all()
    address = f"/admin/billing/sessionbill/of-session/{number}/"

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            root.get(address)
        return len(found)

    once = queries()
    for turn in range(3):
        bills.reprice(session_id=number, reason=f"Again {turn}", at=charging.LATER)
    assert queries() == once <= 10
