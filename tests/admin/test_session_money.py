"""Money on a session's page: cost at the top, prices behind the chart, booked, corrected."""

from __future__ import annotations

import re

import pytest

from billing.models import JournalEntry, SessionBill
from stations.models import ChargingSession
from tests.admin.test_session_page import at, words
from tests.billing import charging
from tests.billing.given import top_up

pytestmark = pytest.mark.django_db


def a_session(terms=charging.ENERGY):
    """An hour from noon (13:00 at the site) that took 10 kWh."""
    charging.everywhere(terms)
    station = charging.a_station()
    charging.a_driver()
    return ChargingSession.objects.get(pk=charging.charged(station))


def test_the_top_says_what_it_costs_and_what_was_billed(root):
    session = a_session()
    assert "Cost, not billed yet 3.57 EUR" in words(root.get(at("head", session)))
    charging.bill_all()
    assert "Cost 3.57 EUR" in words(root.get(at("head", session)))


def test_the_story_ends_with_the_bill_and_who_owes_it(root):
    session = a_session()
    assert "Billed" not in words(root.get(at("story", session)))
    charging.bill_all()
    shown = words(root.get(at("story", session)))
    assert re.search(r"Billed .* 3\.57 EUR (Paid|Owed by the customer)", shown)


def test_ledger_entries_stand_in_their_section(root):
    session = a_session()
    charging.bill_all()
    entry = JournalEntry.objects.get(bill__session=session)
    shown = words(root.get(at("part_ledger", session)))
    assert f"#{entry.pk}" in shown
    assert "Charging" in shown


def test_corrections_are_dialogs_for_those_who_may(root, client_with):
    session = a_session()
    charging.bill_all()
    bill = SessionBill.objects.get(session=session)
    top_up(bill.wallet, "20")
    page = root.get(at("change", session)).content.decode()
    for name in (f"sessionbill/{bill.pk}/reprice", f"journalentry/{bill.entry_id}/refund"):
        assert name in page
    looks = client_with("stations.view_chargingsession", "billing.view_sessionbill")
    assert "reprice" not in looks.get(at("change", session)).content.decode()


def test_who_may_not_see_bills_sees_no_money(client_with):
    session = a_session()
    charging.bill_all()
    narrow = client_with("stations.view_chargingsession", "stations.view_metervalue")
    for name in ("head", "story", "change"):
        assert "EUR" not in words(narrow.get(at(name, session)))
    assert narrow.get(at("chart", session)).json().get("prices", []) == []
