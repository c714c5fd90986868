"""Invoices in the admin: issued after a preview, looked at, credited; the issuer is one row."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from billing.models import Company, Invoice, Issuer
from billing.services import invoices
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import FIRST_RUN, MARCH, billed, issued

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/invoice/"
TOKEN = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def station(db):
    """A station where Ann charges at 0.30 a kWh, and an issuer."""
    invoicing.an_issuer()
    invoicing.a_driver()
    charging.everywhere()
    return charging.a_station()


@pytest.fixture
def invoice(station):
    """3.57 of Ann."""
    billed(station)
    [made] = issued()
    return made


def sent(client: Client, path: str, **fields: Any) -> Any:
    """A dialog's answer in April."""
    with time_machine.travel(FIRST_RUN, tick=False):
        return client.post(f"{LIST}{path}/", {"token": TOKEN, "what": "over", **fields})


def confirmed(client: Client, **fields: Any) -> Any:
    """The second press: with what the first one showed."""
    seen = sent(client, "issue", **fields).context["form"].data["seen"]
    return sent(client, "issue", seen=seen, **fields)


def test_issuing_shows_first_what_it_would_issue(root, station):
    billed(station)
    page = sent(root, "issue").content.decode()
    assert "ann: 1 line, 3.57 EUR" in page
    assert "press again to do it" in page
    assert not Invoice.objects.exists()


def test_the_second_press_issues_for_everybody_who_is_due(root, station):
    invoicing.a_driver("bob", "TAG-BOB")
    billed(station)
    billed(station, tag="TAG-BOB")
    assert confirmed(root).status_code == 302
    assert invoicing.everything() == [("INV-2025-00001", "3.57"), ("INV-2025-00002", "3.57")]


def test_one_customer_is_invoiced_until_now(root, station):
    invoicing.a_driver("bob", "TAG-BOB")
    billed(station, at=FIRST_RUN - timedelta(days=1, minutes=1))  # billed on the first of April
    billed(station, tag="TAG-BOB")
    confirmed(root, user="ann", what="now")
    [made] = Invoice.objects.all()
    assert (made.recipient_name, made.by.username) == ("ann", "root")


def test_a_company_is_chosen_from_a_list(root, station):
    company = Company.objects.create(name="Fleet")
    invoicing.a_driver("bob", "TAG-BOB", company)
    billed(station, tag="TAG-BOB")
    confirmed(root, company=company.pk)
    page = root.get(f"/admin/billing/company/{company.pk}/change/").content.decode()
    assert "INV-2025-00001" in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Nothing waits to be invoiced."),
        ({"user": "nobody"}, "There is no user of this name."),
        ({"what": "now"}, "name a user or a company"),
        ({"what": "later"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_issued_is_told(root, station, fields, said):
    assert said in sent(root, "issue", **fields).content.decode()


def test_without_an_issuer_the_dialog_says_what_to_do(root):
    page = root.get(f"{LIST}issue/").content.decode()
    assert "fill in the issuer" in page
    assert "disabled" in page


def test_the_page_shows_the_lines_and_the_file(root, invoice):
    page = root.get(f"{LIST}{invoice.pk}/change/").content.decode()
    assert f"Session {invoice.lines.get().bill.session_id}: Harbour, CP-1, ann" in page
    assert "DE 19 %" in page
    response = root.get(f"{LIST}{invoice.pk}/file/")
    assert f"{LIST}{invoice.pk}/file/" in page
    assert response["Content-Type"] == "application/pdf"
    assert "INV-2025-00001" in PdfReader(BytesIO(response.content)).pages[0].extract_text()


def test_the_bill_and_the_wallet_lead_to_the_invoice(root, invoice):
    bill = invoice.lines.get().bill
    assert (
        invoice.number in root.get(f"/admin/billing/sessionbill/{bill.pk}/change/").content.decode()
    )
    wallet = root.get(f"/admin/billing/account/{invoice.wallet_id}/change/").content.decode()
    assert f"wallet__id__exact={invoice.wallet_id}" in wallet


def test_the_page_of_a_wallet_gives_its_statements(root, client_with, invoice):
    path = f"/admin/billing/account/{invoice.wallet_id}/"
    with time_machine.travel(FIRST_RUN, tick=False):
        page = root.get(f"{path}change/").content.decode()
        response = root.get(f"{path}statement/?month=2025-03")
    assert f"{path}statement/?month=2025-03" in page
    text = PdfReader(BytesIO(response.content)).pages[0].extract_text()
    assert "2025-03-01 – 2025-03-31" in text
    assert "-3.57" in text
    assert root.get(f"{path}statement/?month=0000-99").status_code == 302
    assert root.get(f"/admin/billing/account/{invoice.wallet_id + 1}/statement/").status_code == 404
    assert client_with("billing.view_account").get(f"{path}statement/").status_code == 403


def test_an_invoice_is_credited_in_its_dialog(root, invoice):
    money.top_up(invoicing.wallet(), "50")
    page = root.get(f"{LIST}{invoice.pk}/credit/").content.decode()
    assert "3.57 EUR of it can be credited." in page
    path = f"{invoice.pk}/credit"
    assert sent(root, path, amount="1.19", reason="Cable").status_code == 302
    assert sent(root, path, amount="1.19", reason="Cable").status_code == 302  # a double click
    note = Invoice.objects.get(kind="CreditNote")
    assert (note.corrects, f"{note.gross:.2f}") == (invoice, "-1.19")
    assert note.number in root.get(f"{LIST}{invoice.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "4", "reason": "x"}, "Only 3.57 EUR is left of it"),
        ({"session": "99", "reason": "x"}, "Nothing of it is left"),
        ({"amount": "1"}, "This field is required"),
        ({"amount": "0.001", "reason": "x"}, "at most 2 decimals"),
    ],
)
def test_what_cannot_be_credited_is_told(root, invoice, fields, said):
    assert said in sent(root, f"{invoice.pk}/credit", **fields).content.decode()
    assert Invoice.objects.count() == 1


def test_a_credit_note_is_not_credited(root, invoice):
    sent(root, f"{invoice.pk}/credit", reason="Wrong")
    note = Invoice.objects.get(kind="CreditNote")
    assert "is not credited" in root.get(f"{LIST}{note.pk}/credit/").content.decode()
    assert "Nothing of it is left" in root.get(f"{LIST}{invoice.pk}/credit/").content.decode()


def test_who_may_only_look_issues_and_credits_nothing(client_with, invoice):
    client = client_with("billing.view_invoice")
    assert client.get(LIST).status_code == 200
    assert client.get(f"{LIST}{invoice.pk}/file/").status_code == 200
    assert sent(client, "issue").status_code == 403
    assert sent(client, f"{invoice.pk}/credit", reason="x").status_code == 403
    assert client_with().get(f"{LIST}{invoice.pk}/file/").status_code == 403


def test_invoices_are_found_by_number_recipient_kind_and_customer(root, invoice):
    sent(root, f"{invoice.pk}/credit", reason="Wrong")
    for query, found in (
        ("q=INV-2025-00001", 1),
        ("q=an", 2),
        ("q=INV", 0),
        ("kind__exact=CreditNote", 1),
        (f"wallet__user__id__exact={invoice.wallet.user_id}", 2),
        (f"wallet__id__exact={invoice.wallet_id}", 2),
        ("wallet__company__id__exact=1", 0),
    ):
        response = root.get(f"{LIST}?{query}")
        assert response.status_code == 200
        assert len(response.context["cl"].result_list) == found, query


def test_the_list_takes_the_same_queries_however_many_there_are(
    root, station, django_assert_max_num_queries
):
    for day in range(4):
        billed(station, at=MARCH + timedelta(days=day))
        issued(until=MARCH + timedelta(days=day + 2))
    root.get(LIST)
    with django_assert_max_num_queries(8) as queries:
        root.get(LIST)
    assert not [q["sql"] for q in queries.captured_queries if "COUNT(" in q["sql"].upper()]


def test_there_is_one_issuer_and_it_stays(root, station):
    assert root.get("/admin/billing/issuer/add/").status_code == 403
    row = Issuer.objects.get()
    assert root.post(f"/admin/billing/issuer/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    page = f"/admin/billing/issuer/{row.pk}/change/"
    fields = {"name": "New GmbH", "payment_days": "30", "digits": "4", "time_zone": "Nowhere"}
    fields |= {"invoice_prefix": "R{year}-", "credit_prefix": "G-"}
    assert "should be a time zone" in root.post(page, fields).content.decode()
    assert (
        "the last one is no digit"
        in root.post(page, {**fields, "time_zone": "", "credit_prefix": "G1"}).content.decode()
    )
    assert root.post(page, {**fields, "time_zone": "Europe/Berlin"}).status_code == 302
    billed(station)
    invoices.issue_due(at=FIRST_RUN)
    assert Invoice.objects.get().number == "R2025-0001"
