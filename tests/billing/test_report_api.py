"""The billing report over REST: the same numbers in every form, and in the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import SessionBill
from billing.reports import books
from billing.reports.scope import Scope
from billing.services import bills, report_files
from cms.accounts.models import User
from stations.models import Site
from stations.services import media
from tests.api.conftest import caller
from tests.billing import given as wallets
from tests.billing import recorded
from tests.billing.charging import a_site, a_station, bill_all, charged
from tests.billing.recorded_rows import AFTER, counted, stored
from tests.billing.reported import MARCH, a_world, csv_rows, pdf_text, renamed, sheet_rows, sheets
from tests.stack.recorded import SESSIONS, recorded_file
from tests.stations import given
from tests.stations.given import after

pytestmark = pytest.mark.django_db
PATH = "/api/reports/billing"


@pytest.fixture
def api(db) -> APIClient:
    """A program that may read."""
    return caller(User.objects.create_user("program"), "read")


def read(api: APIClient, kind: str = "json", query: str = MARCH) -> Any:
    """The report in one form: JSON as a value, files as bytes."""
    response = api.get(f"{PATH}?{query}&format={kind}")
    assert response.status_code == 200, response.content
    return response.json() if kind == "json" else b"".join(response)


def test_a_report_has_a_table_for_each_currency(api):
    a_world()
    found = read(api)
    francs, euros = found["tables"]
    assert euros == {
        "currency": "EUR",
        "groups": [
            {
                "id": Site.objects.get(name="Harbour").pk,
                "name": "Harbour",
                "sums": {**euros["total"]},
            }
        ],
        "others": 0,
        "rest": {"sessions": 0, "energyKwh": 0.0, "net": "0.00", "tax": "0.00", "gross": "0.00"},
        "total": {
            "sessions": 1,
            "energyKwh": 10.0,
            "net": "3.00",
            "tax": "0.57",
            "gross": "3.57",
        },
        "vat": [{"country": "DE", "rate": "19", "net": "3.00", "tax": "0.57", "gross": "3.57"}],
        "refunds": "-1.19",
        "outstanding": "2.38",
        "reconciliation": {
            "reportTotal": "2.38",
            "ledgerTotal": "2.38",
            "difference": "0.00",
            "agrees": True,
        },
    }
    assert (francs["currency"], francs["total"]["gross"], francs["outstanding"]) == (
        *("CHF", "4.00", "4.00"),
    )
    assert found["since"] == "2025-02-28T23:00:00Z"
    assert (found["zone"], found["groupBy"]) == ("Europe/Berlin", "site")
    assert found["unfinished"] == {"open": 0, "inReview": 0, "failed": 0, "due": 0}


def test_every_form_says_the_same_of_the_recorded_sessions_as_the_ledger(api, tmp_path):
    file = recorded_file(tmp_path)
    stored(file)
    bills.bill_all_ended(at=AFTER)
    counted()
    expected = recorded.total(recorded.prices(file))
    query = f"since={AFTER.date()}&until={AFTER.date()}&groupBy=station&limit=1000"
    [table] = read(api, query=query)["tables"]
    assert table["total"]["sessions"] == SESSIONS
    assert amounts(table["total"]) == amounts(table["vat"][0]) == expected
    assert sum(amounts(group["sums"])[2] for group in table["groups"]) == expected.gross
    rows = csv_rows(read(api, "csv", query))
    assert (
        tuple(sum(Decimal(row[of]) for row in rows) for of in ("net", "tax", "gross")) == expected
    )
    book = sheets(read(api, "xlsx", query))
    of_sheet = sheet_rows(book["Sessions"])
    assert [row["bill"] for row in of_sheet] == [int(row["bill"]) for row in rows]
    assert round(sum(row["gross"] for row in of_sheet), 2) == float(expected.gross)
    [vat] = sheet_rows(book["VAT"])
    assert (vat["Net"], vat["VAT"], vat["Gross"]) == tuple(map(float, expected))
    [total] = [row for row in sheet_rows(book["Summary"]) if row["Station"] == "Total"]
    assert (total["Net"], total["VAT"], total["Gross"]) == tuple(map(float, expected))
    text = pdf_text(read(api, "pdf", query))
    for amount in expected:
        assert f"{amount:,}" in text
    [line] = books.reconciliation(Scope(AFTER, after(60 * 24 * 365 * 9)))
    assert line.ledger_total == expected.gross


def amounts(sums: dict[str, str]) -> tuple[Decimal, ...]:
    return tuple(Decimal(sums[name]) for name in ("net", "tax", "gross"))


def test_groups_beyond_the_limit_are_summed_up(api):
    a_world()
    for number in range(3):
        charged(a_station(f"CP-1{number}", a_site(f"Site {number}")), wh=1000 * number)
    bill_all()
    query = f"{MARCH}&limit=2&sort=-gross&currency=EUR"
    [table] = read(api, query=query)["tables"]
    assert [group["name"] for group in table["groups"]] == ["Harbour", "Site 2"]
    assert (table["others"], table["rest"]["gross"]) == (2, "0.36")
    assert table["total"]["gross"] == "4.64"


def test_a_report_of_one_site_has_its_refunds_only(api):
    a_world()
    harbour, bern = Site.objects.get(name="Harbour"), Site.objects.get(name="Bern")
    [francs] = read(api, query=f"{MARCH}&siteId={bern.pk}")["tables"]
    assert (francs["currency"], francs["total"]["gross"], francs["refunds"]) == (
        *("CHF", "4.00", "0.00"),
    )
    [euros] = read(api, query=f"{MARCH}&siteId={harbour.pk}")["tables"]
    assert euros["refunds"] == "-1.19"
    assert euros["outstanding"] is None  # no debt is of a site
    assert euros["reconciliation"]["ledgerTotal"] == "2.38"


def test_a_report_of_one_owner_says_what_they_owe(api):
    a_world()
    wallet = SessionBill.objects.get(currency="EUR").wallet
    [euros] = read(api, query=f"{MARCH}&ownerId={wallet.pk}")["tables"]
    assert (euros["outstanding"], euros["refunds"]) == ("2.38", "-1.19")


def test_an_empty_period_is_empty_in_every_form(api):
    a_world()
    query = "since=2024-01-01&until=2024-01-31"
    assert read(api, query=query)["tables"] == []
    assert csv_rows(read(api, "csv", query)) == []
    book = sheets(read(api, "xlsx", query))
    assert sheet_rows(book["Sessions"]) == sheet_rows(book["VAT"]) == []
    assert "Nothing was billed" in pdf_text(read(api, "pdf", query))


def test_what_was_owed_then_is_told_of_a_time_that_is_over(api):
    a_world()
    owed = {table["currency"]: table["outstanding"] for table in read(api)["tables"]}
    assert owed == {"CHF": "4.00", "EUR": "2.38"}
    for wallet in {bill.wallet for bill in SessionBill.objects.all()}:
        wallets.wallets.top_up(
            wallet_id=wallet.pk,
            amount=Decimal(100),
            source=wallets.accounts.cash(wallet.currency),
            key=f"later/{wallet.pk}",
            at=after(60 * 24 * 40),
        )
    owed = {table["currency"]: table["outstanding"] for table in read(api)["tables"]}
    assert owed == {"CHF": "4.00", "EUR": "2.38"}
    april = read(api, query="since=2025-04-01&until=2025-04-30")
    assert april["tables"] == []


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\tx", "\r=1"])
def test_no_name_is_a_formula_in_any_file(api, name):
    a_world()
    renamed(name)
    for row in csv_rows(read(api, "csv")):
        assert row["paid_by"] == row["driver"] == f"'{name}"
    book = sheets(read(api, "xlsx", f"{MARCH}&groupBy=driver"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any(cell.value == name.replace("\r", "\n") for cell in cells) or "\r" in name
    assert not any(cell.hyperlink for cell in cells)


def test_cells_have_types_and_the_header_stays_in_sight(api):
    a_world()
    book = sheets(read(api, "xlsx", f"{MARCH}&currency=EUR"))
    assert book.sheetnames == ["Summary", "Sessions", "VAT"]
    sheet = book["Sessions"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:X2"
    cells = dict(zip((cell.value for cell in sheet[1]), sheet[2], strict=True))
    assert (cells["gross"].value, cells["gross"].number_format) == (3.57, "#,##0.00")
    assert (cells["kwh"].value, cells["kwh"].number_format) == (10, "#,##0.000")
    began = cells["started_at (Europe/Berlin)"]
    assert began.value.isoformat() == "2025-03-01T13:00:00"
    assert began.number_format == "yyyy-mm-dd hh:mm:ss"
    assert sheet.column_dimensions["F"].width > 20


def test_a_statement_says_what_there_is_to_say(api):
    a_world()
    given.begin(a_station("CP-9", a_site("Hill")), minute=5)
    text = pdf_text(read(api, "pdf", f"{MARCH}&groupBy=driver"))
    for said in (
        *("2025-03-01 to 2025-03-31", "Europe/Berlin", "CHF", "EUR", "ann", "19 %", "8.1 %"),
        *("-1.19", "Yes: both 2.38 EUR", "1 session is under way.", "Page 1 of"),
    ):
        assert said in text, said


def test_a_sheet_that_is_full_goes_on_in_another(api, monkeypatch):
    a_world()
    monkeypatch.setattr("billing.reports.workbook.MOST_ROWS", 2)
    book = sheets(read(api, "xlsx"))
    assert book.sheetnames == ["Summary", "Sessions", "Sessions 2", "VAT"]
    assert [len(sheet_rows(book[name])) for name in ("Sessions", "Sessions 2")] == [1, 1]


def test_a_large_workbook_is_an_export_and_a_large_csv_is_not(api, monkeypatch):
    a_world()
    monkeypatch.setattr(report_files, "AT_ONCE", 1)
    refused = api.get(f"{PATH}?{MARCH}&format=xlsx")
    assert (refused.status_code, refused.json()["code"]) == (409, "export_needed")
    assert len(csv_rows(read(api, "csv"))) == 2


def test_a_file_is_named_after_its_days_and_leaves_nothing_behind(api):
    a_world()
    for kind, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("pdf", b"%PDF")):
        response = api.get(f"{PATH}?{MARCH}&format={kind}")
        assert f"billing-2025-03-01--2025-03-31.{kind}" in response["Content-Disposition"]
        assert response["Content-Type"] == report_files.TYPES[kind]
        assert b"".join(response).startswith(begins)
    assert not list(media.folder(media.INCOMING).iterdir())


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=ods", "format"),
        ("group=site", "group"),
        ("period=never", "period"),
        ("siteId=999999", "siteId"),
        ("zone=%00", "zone"),
        ("currency=%00", "currency"),
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(api, query, field):
    response = api.get(f"{PATH}?{query}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_who_may_not_see_reports_sees_none(settings):
    settings.DEBUG = True
    assert APIClient().get(PATH).status_code in (401, 403)
    ada = User.objects.create_user("ada", is_staff=True)
    assert caller(ada, "write").get(PATH).status_code == 403
    client = APIClient()
    client.force_authenticate(ada)
    assert client.get(PATH).json()["error"] == "You lack the permission billing.view_report."


def test_what_is_not_billed_yet_is_told(api):
    a_world()
    given.begin(a_station("CP-9", a_site("Hill")), minute=5)
    assert read(api)["unfinished"]["open"] == 1


def test_a_report_takes_few_queries_whatever_there_is(api, django_assert_max_num_queries):
    a_world()
    read(api)
    with django_assert_max_num_queries(13):
        read(api)
    for number in range(5):
        charged(a_station(f"CP-1{number}", a_site(f"Site {number}")))
    with django_assert_max_num_queries(13):
        read(api)
