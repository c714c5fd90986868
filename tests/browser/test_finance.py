"""The finance journey: a month read, exported and closed; a bill of it corrected in the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import finance
from tests.browser.finance import Figures
from tests.browser.visitor import Visitor
from tests.browser.world import Given
from tests.processes import Server, manage, start_server


@pytest.fixture(scope="module")
def given(shared_environment: dict[str, str]) -> Iterator[Given]:
    """What is made in the database of these tests' own server."""
    with closing(Given(shared_environment)) as made:
        yield made


@pytest.fixture(scope="module")
def server(shared_environment: dict[str, str], given: Given) -> Iterator[Server]:
    """A server with a month of business: nobody else bills in it, or closes it."""
    given.a_month()
    with start_server(shared_environment) as running:
        yield running


@pytest.fixture(scope="module")
def cookies() -> dict[str, Any]:
    """Of people at this server."""
    return {}


def reads(visitor: Visitor, period: str) -> Figures:
    """Open the report of a period by the menu and its filters; gives its total."""
    visitor.goes("/admin/")
    visitor.goes(visitor.menu["Billing report"])
    visitor.page.get_by_label("Period").select_option(label=period)
    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.get_by_role("button", name="Show").click()
    return finance.of_page(visitor.page)


def exports(visitor: Visitor, kind: str) -> Path:
    """Download a file of the report that is open."""
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("link", name=f"Export {kind}").click()
    assert download.value.suggested_filename.endswith(f".{kind.lower()}")
    return Path(download.value.path())


def refusal(visitor: Visitor) -> str:
    """What the dialog says against it."""
    return visitor.dialog.get_by_role("alert").first.inner_text()


def closes(visitor: Visitor, first: str = "", last: str = "") -> None:
    """Open the dialog that closes a period, choose days, press its button once."""
    visitor.goes("/admin/")
    visitor.goes(visitor.menu["Closed periods"])
    visitor.opens("Close period")
    if first:
        visitor.fills(first_day=first, last_day=last)
    visitor.presses("Close period")
    expect(visitor.dialog.get_by_role("alert").first).to_be_visible()


def seal(visitor: Visitor) -> str:
    """The hash on the page of a period, which also says who closed it."""
    assert "By\nfinance" in visitor.text
    found = re.search(r"[0-9a-f]{64}", visitor.text)
    assert found, visitor.text
    return found[0]


def corrects(visitor: Visitor, tariff: str) -> Decimal:
    """Price the newest bill of a site anew by a tariff; gives by how much it is more."""
    reads(visitor, "Last month")
    for step in ("tbody th a", "#report-bills tbody a"):  # the first site, its newest bill
        with visitor.page.expect_navigation(wait_until="load"):
            visitor.page.locator(step).first.click()
    dialog = visitor.opens("Price anew")
    dialog.locator("[name=version]").select_option(label=f"{tariff} v1")
    visitor.presses("Bill anew")
    expect(dialog.get_by_role("alert").first).to_contain_text("This field is required")
    visitor.fills(reason="Agreed with the customer")
    visitor.presses("Bill anew")
    expect(dialog.get_by_role("alert").first).to_contain_text("press again")
    was, becomes = re.findall(r"(-?[0-9.]+) EUR", dialog.locator(".vd-blue").first.inner_text())
    visitor.finishes("Bill anew")
    assert "Agreed with the customer" in visitor.text
    return Decimal(becomes) - Decimal(was)


def names_the_issuer(visitor: Visitor) -> None:
    """Say who issues invoices: without that nobody does."""
    visitor.goes("/admin/")
    visitor.goes(visitor.menu["Invoices"])
    assert "issuer" in visitor.opens("Issue invoices").inner_text()
    visitor.goes("/admin/billing/issuer/add/")
    facts = {"name": "Voltdesk Charging GmbH", "address": "Hafenstraße 1", "tax_number": "DE1"}
    for name, value in facts.items():
        visitor.page.locator(f"[name={name}]").fill(value)
    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.get_by_role("button", name="Save", exact=True).click()


def issues(visitor: Visitor) -> list[str]:
    """Issue all invoices of the company until now, after a look at them; gives their rows."""
    visitor.goes(visitor.menu["Invoices"])
    dialog = visitor.opens("Issue invoices")
    dialog.locator("[name=company]").select_option(label="Nordlicht Logistik GmbH")
    dialog.locator("[name=what]").select_option("now")
    visitor.presses("Issue")
    expect(dialog.get_by_role("alert").first).to_contain_text("press again")
    visitor.finishes("Issue")
    return visitor.page.locator("#result_list tbody tr").all_inner_texts()


def paper(visitor: Visitor) -> str:
    """What the PDF of the newest invoice or credit note says."""
    with visitor.page.expect_navigation(wait_until="load"):
        visitor.page.locator("#result_list tbody th a").first.click()
    address = visitor.page.get_by_role("link", name="Open the PDF").get_attribute("href")
    return finance.of_pdf(visitor.context.request.get(str(address)).body())


def test_the_page_every_file_and_the_ledger_say_the_same_of_a_month(visitor, given):
    fay = visitor("finance")
    october = reads(fay, "Last month")
    assert october.sessions > 0
    assert "Report = ledger" in fay.text
    assert given.ledger_of_last_month() == str(october.gross)
    assert finance.of_csv(exports(fay, "CSV")) == october
    assert finance.of_workbook(exports(fay, "XLSX")) == october
    assert f"Gross {october.gross:,} EUR" in finance.of_pdf(exports(fay, "PDF").read_bytes())


def test_a_month_is_closed_and_a_bill_of_it_corrected_in_the_next(visitor, given, server):
    fay = visitor("finance")
    october = reads(fay, "Last month")
    names_the_issuer(fay)
    [invoice] = issues(fay)
    assert invoice.startswith("INV-")

    closes(fay)
    assert "press again" in refusal(fay)
    assert f"{october.gross:,} EUR of {october.sessions} sessions" in fay.dialog.inner_text()
    fay.finishes("Close period")
    assert "Period 1 is closed." in fay.text
    sealed = seal(fay)
    closes(fay, *given.days_of_last_month())
    assert "Period 1 is closed until" in refusal(fay)
    closes(fay, *given.days_of_this_month())
    assert "The period is not over yet" in refusal(fay)

    difference = corrects(fay, "Goodwill")
    assert difference < 0
    assert reads(fay, "Last month") == october
    november = reads(fay, "This month")
    assert (november.sessions, november.gross) == (0, difference)
    assert not november.kwh
    assert "Report = ledger" in fay.text

    credit, anew, before = issues(fay)
    assert before == invoice
    assert finance.total(credit) + finance.total(anew) == difference
    number = invoice.split()[0]
    assert number in paper(fay)
    fay.goes(fay.menu["Closed periods"])
    assert sealed[:12] in fay.text
    for proof in ("verify_ledger", "verify_periods", "verify_invoices"):
        assert manage(server.environment, proof).startswith("Proved: ")


@pytest.fixture
def limit(admin: Visitor, given: Given) -> Iterator[None]:
    """Above one euro another person has to look."""
    admin.goes("/admin/")
    admin.goes(admin.menu["Correction limits"])
    admin.goes("/admin/billing/correctionlimit/add/")
    for name, value in {"currency": "EUR", "amount": "1"}.items():
        admin.page.locator(f"[name={name}]").fill(value)
    with admin.page.expect_navigation(wait_until="load"):
        admin.page.get_by_role("button", name="Save", exact=True).click()
    yield
    given.no_limit()


@pytest.mark.usefixtures("limit")
def test_who_corrects_more_than_the_limit_waits_for_another_person(visitor, admin, given, server):
    fay = visitor("finance")
    fay.goes(given.a_paid_entry())
    assert "Above 1.00 EUR" in fay.opens("Refund").inner_text()
    fay.fills(amount="1.50", reason="A torn cable")
    fay.finishes("Refund")
    assert "waits for approval by another person" in fay.text
    assert fay.page.get_by_role("link", name="Withdraw").first.is_visible()
    assert not fay.page.get_by_role("link", name="Approve…").count()
    fay.goes("/admin/")
    assert "Waits for approval" not in fay.text

    admin.goes("/admin/")
    dialog = admin.opens("Approve…")
    expect(dialog).to_contain_text("A torn cable")
    expect(dialog.get_by_role("row", name="Before")).to_be_visible()
    admin.finishes("Approve and book")
    assert "Approved and booked" in admin.text
    assert manage(server.environment, "verify_ledger").startswith("Proved: ")
