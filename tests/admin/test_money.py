"""Tariffs and bills in the admin: made by fields or as a document, assigned, priced anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from billing.admin import terms
from billing.models import SessionBill, Tariff, TariffAssignment
from billing.services import fitting
from stations.models import ChargingSession
from tests.billing import charging
from tests.stations import given

pytestmark = pytest.mark.django_db
TOKEN = "11111111-1111-4111-8111-111111111111"
TARIFFS = "/admin/billing/tariff/"
FIELDS = {"name": "Day", "currency": "EUR", "tax_rate": "19", "per_kwh": "0.30", "token": TOKEN}


def sent(root: Client, path: str, **fields: Any) -> Any:
    """A dialog's answer."""
    return root.post(path, {"token": TOKEN, **fields})


def made(root: Client, **fields: Any) -> Tariff:
    """A tariff made by the form."""
    answer = sent(root, f"{TARIFFS}define/", **{**FIELDS, **fields})
    assert answer.status_code in (200, 302), answer.content
    return Tariff.objects.get(name=fields.get("name", "Day"))


def newest(tariff: Tariff) -> dict[str, Any]:
    """Its terms now."""
    document: dict[str, Any] = tariff.versions.order_by("-number")[0].terms
    return document


def test_the_fields_of_the_form_become_terms(root):
    tariff = made(root, idle_per_minute="0.05", idle_grace="10", idle_cap="12", start_fee="1")
    assert newest(tariff)["components"] == [
        {"kind": "start", "price": "1", "per": "once"},
        {"kind": "energy", "price": "0.30", "per": "kWh"},
        {
            "kind": "idle",
            "price": "0.05",
            "per": "min",
            "step": 60,
            "step_rounding": "down",
            "grace_seconds": 600,
            "cap": "12",
        },
    ]


def test_a_document_counts_instead_of_the_fields(root):
    document = '[{"kind": "energy", "price": "0.40", "when": {"between": "06:00-22:00"}}]'
    document = '{"currency": "EUR", "components": ' + document + "}"
    assert newest(made(root, document=document))["components"][0]["price"] == "0.40"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"document": "{"}, "This should be JSON"),
        ({"document": '{"currency": "EUR", "components": [{"kind": "x"}]}'}, "components.0.kind"),
        ({"currency": "XXQ"}, "This must be a currency"),
        ({"per_kwh": "-1"}, "greater than or equal to 0"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_stands_at_its_field(root, wrong, said):
    answer = sent(root, f"{TARIFFS}define/", **{**FIELDS, **wrong})
    assert said in answer.content.decode()
    assert not Tariff.objects.exists()


def test_new_terms_begin_with_those_in_force(root):
    tariff = made(root, idle_per_minute="0.05", idle_grace="10")
    page = root.get(f"{TARIFFS}{tariff.pk}/publish/").content.decode()
    assert 'value="0.30"' in page
    assert 'value="10"' in page
    sent(root, f"{TARIFFS}{tariff.pk}/publish/", tax_rate="19", per_kwh="0.35")
    assert [version.number for version in tariff.versions.all()] == [2, 1]
    assert newest(tariff)["components"][0]["price"] == "0.35"


def test_terms_without_fields_are_shown_as_a_document():
    version = charging.a_tariff(terms=charging.PARKING).versions.get()
    assert "document" in terms.initial(version)  # its tax is on the sum
    simple = charging.a_tariff("Simple").versions.get()
    assert terms.initial(simple)["per_kwh"] == Decimal("0.30")


def test_a_tariff_is_assigned_by_what_people_know(root):
    tariff, station = made(root), given.a_station("CP-7")
    given.report(station, "Available", connector=2)
    path = f"{TARIFFS}{tariff.pk}/assign/"
    sent(root, path, everywhere="on")
    sent(root, path, station="cp-7")
    sent(root, path, station="CP-7", connector="2")
    assert [row.level for row in TariffAssignment.objects.all()] == [
        "everywhere",
        "station",
        "connector",
    ]
    page = root.get(f"{TARIFFS}{tariff.pk}/change/").content.decode()
    assert "CP-7" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose one of them."),
        ({"everywhere": "on", "station": "CP-7"}, "Choose one of them."),
        ({"station": "CP-8"}, "There is no station CP-8."),
        ({"station": "CP-7", "connector": "9"}, "has no connector 9"),
        ({"user": "nobody"}, "There is no user nobody."),
    ],
)
def test_a_wrong_target_is_told(root, fields, said):
    tariff = made(root)
    given.a_station("CP-7")
    answer = sent(root, f"{TARIFFS}{tariff.pk}/assign/", **fields)
    assert said in answer.content.decode()
    assert not TariffAssignment.objects.exists()


def test_an_assignment_is_taken_away(root):
    tariff = made(root)
    sent(root, f"{TARIFFS}{tariff.pk}/assign/", everywhere="on")
    row = TariffAssignment.objects.get()
    sent(root, f"/admin/billing/tariffassignment/{row.pk}/take-away/")
    assert not TariffAssignment.objects.exists()


@pytest.fixture
def bill() -> SessionBill:
    """The bill of a session of 10 kWh."""
    charging.everywhere()
    charging.a_driver()
    charging.charged(charging.a_station())
    charging.bill_all()
    return SessionBill.objects.get()


def test_a_bill_is_shown_as_a_receipt(root, bill):
    page = root.get(f"/admin/billing/sessionbill/{bill.pk}/change/").content.decode()
    for text in ("Energy delivered.", "10 kWh", "3.00 EUR", "19 %", "3.57 EUR"):
        assert text in page
    assert "3.57 EUR" in root.get("/admin/billing/sessionbill/").content.decode()


def test_a_price_is_shown_before_it_is_billed_anew(root, bill):
    dearer = charging.new_version(bill.version.tariff, "0.40", charging.LATER)
    path = f"/admin/billing/sessionbill/{bill.pk}/reprice/"
    shown = sent(root, path, version=dearer.pk, reason="typo").content.decode()
    assert "3.57 EUR becomes 4.76 EUR" in shown
    assert SessionBill.objects.count() == 1
    sent(root, path, version=dearer.pk, reason="typo", seen="3.57 EUR becomes 4.76 EUR")
    assert [row.gross for row in SessionBill.objects.order_by("revision")] == [
        Decimal("3.57"),
        Decimal("-3.57"),
        Decimal("4.76"),
    ]


def test_a_bill_that_was_taken_back_is_not_priced_again(root, bill):
    path = f"/admin/billing/sessionbill/{bill.pk}/reprice/"
    sent(root, path, reason="x", seen="3.57 EUR becomes 3.57 EUR")
    page = root.get(path).content.decode()
    assert "This one was taken back" in page


def test_bills_that_no_longer_fit_are_found_in_the_list(root, bill):
    listed = "/admin/billing/sessionbill/?fits=no"
    assert "3.57 EUR" not in root.get(listed).content.decode()
    ChargingSession.objects.update(energy_wh=20_000)
    fitting.look_again(at=charging.LATER + timedelta(hours=1))
    page = root.get(listed).content.decode()
    assert "3.57 EUR" in page
    assert "It would cost 7.14 EUR now, not 3.57 EUR" in page
    shown = root.get(f"/admin/billing/sessionbill/{bill.pk}/change/").content.decode()
    assert "It would cost 7.14 EUR now" in shown
    fields = {"reason": "meter", "seen": "3.57 EUR becomes 7.14 EUR"}
    sent(root, f"/admin/billing/sessionbill/{bill.pk}/reprice/", **fields)
    assert "3.57 EUR" not in root.get(listed).content.decode()
