"""Invoices and statements over REST: one's own, or with a scope those of others; as files, too."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from pypdf import PdfReader
from rest_framework.test import APIClient

from billing.models import Company, Invoice, Issuer
from billing.services import invoices
from cms.accounts.models import User
from tests.billing import charging, invoicing
from tests.billing import given as money
from tests.billing.invoicing import APRIL, FIRST_RUN, MARCH, billed, issued
from tests.billing.test_wallet_api import caller, person

pytestmark = pytest.mark.django_db


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


@pytest.fixture
def office(db):
    """A program that may read everything and issue invoices."""
    return caller(money.a_user("office"), "read", "money")


def ann() -> APIClient:
    return person(User.objects.get(username="ann"))


def numbers(response: Any) -> list[str]:
    """Of a list."""
    assert response.status_code == 200, response.content
    return [row["number"] for row in response.json()]


def read(response: Any) -> str:
    """The text of a file."""
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/pdf"
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)


def test_a_driver_sees_their_own_invoice(invoice):
    [row] = ann().get("/api/invoices").json()
    assert ann().get(f"/api/invoices/{invoice.pk}").json() == row
    assert (row["number"], row["gross"], row["payable"], row["dueOn"], row["taxes"]) == (
        "INV-2025-00001",
        "3.57",
        "3.57",
        "2025-04-15",
        [{"country": "DE", "rate": "19", "net": "3.00", "tax": "0.57"}],
    )


def test_its_lines_name_the_sessions(invoice):
    [line] = ann().get(f"/api/invoices/{invoice.pk}/lines").json()
    assert (line["energyKwh"], line["gross"]) == (10.0, "3.57")
    assert line["sessionId"] == invoice.lines.get().bill.session_id


def test_its_file_says_the_same(invoice):
    response = ann().get(f"/api/invoices/{invoice.pk}/pdf")
    assert "INV-2025-00001" in read(response)
    assert response["Content-Disposition"] == 'inline; filename="INV-2025-00001.pdf"'
    accepting = ann().get(f"/api/invoices/{invoice.pk}/pdf", HTTP_ACCEPT="application/pdf")
    assert accepting.content == response.content


@pytest.mark.parametrize("path", ["", "/lines", "/pdf"])
def test_the_invoice_of_another_is_not_there(invoice, path):
    bob = person(invoicing.a_driver("bob", "TAG-BOB"))
    address = f"/api/invoices/{invoice.pk}{path}"
    for accept in ("application/json", "application/pdf, application/json"):
        response = bob.get(address, HTTP_ACCEPT=accept)
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    assert APIClient().get(address).status_code == 401


def test_a_driver_lists_no_invoices_of_others(invoice):
    bob = person(invoicing.a_driver("bob", "TAG-BOB"))
    assert bob.get("/api/invoices").json() == []
    assert bob.get("/api/invoices?customerId=ann").status_code == 403
    assert bob.get("/api/invoices?companyId=1").status_code == 403


def test_a_member_does_not_see_the_invoices_of_the_company(station, office):
    company = Company.objects.create(name="Fleet")
    bob = person(invoicing.a_driver("bob", "TAG-BOB", company))
    billed(station, tag="TAG-BOB")
    invoices.issue_due(at=FIRST_RUN)
    assert bob.get("/api/invoices").json() == []
    assert numbers(office.get(f"/api/invoices?companyId={company.pk}")) == ["INV-2025-00001"]


def test_a_program_and_staff_who_may_see_all_of_them(invoice, office, station):
    invoicing.a_driver("bob", "TAG-BOB")
    billed(station, tag="TAG-BOB")
    issued(name="bob")
    staff = User.objects.create_user("staff", is_staff=True)
    assert person(staff).get("/api/invoices").json() == []
    staff.user_permissions.add(Permission.objects.get(codename="view_invoice"))
    both = ["INV-2025-00002", "INV-2025-00001"]
    assert numbers(person(User.objects.get(pk=staff.pk)).get("/api/invoices")) == both
    assert numbers(office.get("/api/invoices")) == both
    assert numbers(office.get("/api/invoices?customerId=ann")) == both[1:]


def test_invoices_are_filtered_and_come_page_by_page(invoice, station):
    invoicing.refunded(invoice.lines.get().bill, "1.19", APRIL)
    issued(until=FIRST_RUN, at=FIRST_RUN + timedelta(days=1))
    assert numbers(ann().get("/api/invoices?kind=CreditNote")) == ["CN-2025-00001"]
    assert numbers(ann().get("/api/invoices?issuedBefore=2025-04-02T00:00:00Z")) == [
        "INV-2025-00001"
    ]
    assert numbers(ann().get("/api/invoices?issuedAfter=2025-04-02T00:00:00Z")) == ["CN-2025-00001"]
    first = ann().get("/api/invoices?limit=1")
    assert numbers(first) == ["CN-2025-00001"]
    following = first["Link"].partition("<")[2].partition(">")[0]
    assert numbers(ann().get(following)) == ["INV-2025-00001"]
    [note] = ann().get("/api/invoices?kind=CreditNote").json()
    assert (note["corrects"], note["gross"]) == ("INV-2025-00001", "-1.19")


@pytest.mark.parametrize("query", ["kind=Bill", "issuedAfter=when", "kinds=Invoice"])
def test_a_filter_that_makes_no_sense_is_refused(invoice, query):
    assert ann().get(f"/api/invoices?{query}").status_code == 400


def test_lists_take_the_same_queries_however_many_there_are(
    station, django_assert_num_queries, office
):
    office.get("/api/invoices")  # the first use of a key is noted
    for day in range(3):
        billed(station, at=MARCH + timedelta(days=day))
        issued(until=MARCH + timedelta(days=day + 2))
    with django_assert_num_queries(2):
        assert len(office.get("/api/invoices").json()) == 3


def issue(client: APIClient, **body: Any) -> Any:
    """Issue now."""
    with time_machine.travel(FIRST_RUN, tick=False):
        return client.post("/api/invoices", body, format="json")


def test_a_program_issues_what_waits_for_a_customer(station, office):
    billed(station)
    billed(station, at=APRIL - timedelta(days=1))
    first = issue(office, customerId="ann", until="2025-04-01T00:00:00Z")
    assert first.status_code == 201
    assert [row["number"] for row in first.json()["invoices"]] == ["INV-2025-00001"]
    assert issue(office, customerId="ann").json()["invoices"][0]["until"] == "2025-04-01T03:00:00Z"
    again = issue(office, customerId="ann")
    assert (again.status_code, again.json()["error"]) == (409, "Nothing waits to be invoiced")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "customerId"),
        ({"customerId": "ann", "companyId": 1}, 400, "customerId"),
        ({"customerId": "nobody"}, 404, "customerId"),
        ({"companyId": 99}, 404, "companyId"),
        ({"customerId": "ann", "currency": "ABC"}, 400, "currency"),
        ({"customerId": "ann", "until": "when"}, 400, "until"),
    ],
)
def test_whom_to_invoice_has_to_be_right(station, office, body, status, field):
    billed(station)
    response = issue(office, **body)
    assert response.status_code == status
    assert list(response.json()["fields"]) == [field]


def test_issuing_needs_the_scope_or_the_permission(station):
    billed(station)
    reader = caller(money.a_user("reader"), "read", "write")
    assert issue(reader, customerId="ann").status_code == 403
    assert issue(ann(), customerId="ann").status_code == 403
    assert not Invoice.objects.exists()


def test_without_an_issuer_the_refusal_says_what_to_do(station, office):
    billed(station)
    Issuer.objects.all().delete()
    response = issue(office, customerId="ann")
    assert (response.status_code, response.json()["code"]) == (409, "no_issuer")


@pytest.mark.parametrize("path", ["statement.pdf", "statement"])
def test_a_statement_is_a_file_for_who_asks_for_one(invoice, path):
    client = ann()
    said = read(client.get(f"/api/wallet/{path}?month=2025-03", HTTP_ACCEPT="application/pdf"))
    for written in ("2025-03-01 – 2025-03-31", "Charging session", "-3.57", "Closing balance"):
        assert written in said


def test_a_statement_by_month_is_that_of_its_days(invoice):
    Issuer.objects.update(time_zone="Europe/Berlin")
    found = ann().get("/api/wallet/statement?month=2025-03").json()
    assert (found["since"], found["until"]) == ("2025-02-28T23:00:00Z", "2025-03-31T22:00:00Z")
    assert (found["opening"], found["charged"], found["closing"]) == ("0.00", "-3.57", "-3.57")


@pytest.mark.parametrize(
    "query", ["", "?month=March", "?month=2025-13", "?month=0001-01", "?since=x&until=y"]
)
def test_a_file_needs_to_know_of_when(invoice, query):
    response = ann().get(f"/api/wallet/statement.pdf{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/json"
    assert response.json()["fields"]


def test_nobody_gets_the_statement_of_another(invoice, office):
    bob = person(invoicing.a_driver("bob", "TAG-BOB"))
    path = "/api/wallet/statement.pdf?month=2025-03&customerId=ann"
    assert bob.get(path).status_code == 403
    assert "-3.57" in read(office.get(path))
