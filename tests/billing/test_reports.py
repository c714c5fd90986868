"""Billing reports: one table for each currency, and the ledger says the same to the cent."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest

from billing.models import Account, AccountKind, EntryKind, JournalEntry, SessionBill
from billing.reports import books, exports, tables, unfinished
from billing.reports.scope import GROUPS, Scope, of_days
from billing.services import bills, giving_back, ledger, tariffs
from cms.accounts.models import User
from cms.shared.errors import Conflict
from stations.models import ChargingSession
from tests.billing import given as money
from tests.billing.charging import (
    ENERGY,
    LATER,
    PARKING,
    a_driver,
    a_site,
    a_station,
    a_tariff,
    bill_all,
    charged,
    everywhere,
    new_version,
)
from tests.stations import given
from tests.stations.given import after

pytestmark = pytest.mark.django_db
ALL = Scope(after(-1), after(60 * 24 * 40))
FRANCS = {"currency": "CHF", "tax_rate": "8.1", "components": [{"kind": "energy", "price": "0.37"}]}


@pytest.fixture
def harbour(db):
    """A station where Ann charged for 3.57."""
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    bill_all()
    return station


def read(scope: Scope, **more: Any) -> list[dict[str, str]]:
    """The CSV as a program reads it."""
    text = "".join(exports.csv_text(scope, **more))
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("site", "Harbour"),
        ("owner", "Wallet of ann"),
        ("station", "CP-1"),
        ("driver", "ann"),
        ("card_group", ""),
        ("tariff", "Standard"),
    ],
)
def test_bills_are_grouped(harbour, by, name):
    [table] = tables.tables(ALL, by=by)
    [row] = table.rows
    assert (table.currency, row.name) == ("EUR", name)
    assert row.sums == table.total
    expected = (1, 10_000, Decimal("3.00"), Decimal("0.57"), Decimal("3.57"))
    assert table.total == expected


def test_currencies_are_never_added(harbour):
    bern = a_station("CP-2", a_site("Bern"))
    tariffs.assign(tariff=a_tariff("Francs", FRANCS), level="station", target=bern)
    charged(bern)
    bill_all()
    found = tables.tables(ALL, by="site")
    assert [(table.currency, table.total.gross) for table in found] == [
        ("CHF", Decimal("4.00")),
        ("EUR", Decimal("3.57")),
    ]
    assert all(line.agrees for line in books.reconciliation(ALL))


def test_a_report_of_one_station_leaves_the_others_out(harbour):
    other = a_station("CP-2", a_site("Hill"))
    charged(other, wh=20_000)
    bill_all()
    [table] = tables.tables(ALL._replace(only=(("station", other.pk),)), by="site")
    assert [row.name for row in table.rows] == ["Hill"]
    assert table.total.gross == Decimal("7.14")


def test_tax_stands_by_rate(harbour):
    [table] = tables.tables(ALL, by="site")
    [vat] = table.vat
    assert (vat.country, vat.rate, vat.tax) == ("DE", Decimal(19), Decimal("0.57"))


def test_a_period_ends_before_its_end(harbour):
    at = SessionBill.objects.get().billed_at
    assert tables.tables(Scope(at, at + timedelta(seconds=1)), by="site")
    assert not tables.tables(Scope(at - timedelta(days=1), at), by="site")


def test_days_are_those_of_the_time_zone():
    scope = of_days(date(2025, 3, 30), date(2025, 3, 30), "Europe/Berlin")
    assert scope.until - scope.since == timedelta(hours=23)  # the clocks go forward
    for wrong in [("2025-03-31", "Europe/Berlin"), ("2025-03-30", "Nowhere"), ("2025-03-30", "..")]:
        with pytest.raises(ValueError, match=r"the last day|time zone"):
            of_days(date.fromisoformat(wrong[0]), date(2025, 3, 30), wrong[1])


def test_a_correction_lands_in_the_period_it_was_made_in(harbour):
    march = Scope(ALL.since, LATER + timedelta(days=10))
    before = tables.tables(march, by="site")
    number = SessionBill.objects.get().session_id
    bills.reprice(session_id=number, reason="late meter", at=LATER + timedelta(days=12))
    assert tables.tables(march, by="site") == before
    [april] = tables.tables(Scope(march.until, ALL.until), by="site")
    assert (april.total.sessions, april.total.gross) == (0, Decimal(0))


def test_the_ledger_agrees_until_something_is_booked_past_the_bills(harbour):
    [line] = books.reconciliation(ALL)
    assert line.agrees
    assert line.report_total == line.ledger_total == Decimal("3.57")
    wallet = SessionBill.objects.get().wallet
    money.top_up(wallet, "10")
    money.hold(wallet, "0.01", "session/x")
    money.settle(wallet, money.sale("1.00", "0.19"), "session/x")
    [line] = books.reconciliation(Scope(after(-600), ALL.until))
    assert not line.agrees
    assert line.ledger_total - line.report_total == Decimal("1.19")


def test_what_was_given_back_stands_on_both_sides(harbour):
    charge = JournalEntry.objects.get(kind=EntryKind.CHARGE)
    refunded(charge.pk, "1.19")
    [line] = books.reconciliation(ALL)
    assert line.agrees
    assert (line.given_back, line.ledger_total) == (Decimal("-1.19"), Decimal("2.38"))


def refunded(charge: int, amount: str) -> JournalEntry:
    """So much of a charge given back."""
    return giving_back.refund(
        charge_id=charge, amount=Decimal(amount), reason="goodwill", key=f"r/{charge}", at=LATER
    )


def test_what_is_not_billed_yet_is_counted(harbour):
    running = given.begin(a_station("CP-2", a_site("Hill")), minute=5).transaction_id
    ended = charged(harbour, minute=120)
    assert unfinished.before(ALL.until) == (1, 0, 0, 1)
    assert unfinished.before(after(0)) == (0, 0, 0, 0)
    ChargingSession.objects.filter(pk=ended).update(needs_review=True)
    assert unfinished.before(ALL.until) == (1, 1, 0, 0)
    assert running


def test_names_are_no_formulas(harbour):
    User.objects.filter(username="ann").update(username="=HYPERLINK(1)")
    number = SessionBill.objects.get().session_id
    bills.reprice(session_id=number, reason="@late", at=LATER)
    rows = read(ALL)
    assert {row["driver"] for row in rows} == {"'=HYPERLINK(1)"}
    assert [row["reason"] for row in rows] == ["", "'@late", "'@late"]
    assert [row["gross"] for row in rows] == ["3.57", "-3.57", "3.57"]


def test_times_in_a_file_have_the_zone(harbour):
    [row] = read(ALL._replace(zone="Asia/Tokyo"))
    assert row["started_at"] == "2025-03-01T21:00:00+09:00"


def test_a_file_is_read_in_batches_and_misses_nothing(harbour, django_assert_num_queries):
    for minute in (120, 240, 360):
        charged(harbour, minute=minute)
    bill_all()  # all at one moment: the number tells them apart
    numbers = list(SessionBill.objects.order_by("id").values_list("id", flat=True))
    with django_assert_num_queries(3):
        rows = read(ALL, batch=2)
    assert [int(row["bill"]) for row in rows] == numbers


def test_a_report_takes_few_queries(harbour, django_assert_num_queries):
    with django_assert_num_queries(2):
        tables.tables(ALL, by="site")
    with django_assert_num_queries(4):
        books.reconciliation(ALL)
    with django_assert_num_queries(2):
        unfinished.before(ALL.until)


@pytest.mark.parametrize("seed", range(4))
def test_tables_ledger_and_file_agree_whatever_happened(seed):
    chance = random.Random(seed)
    a_history(chance)
    assert SessionBill.objects.filter(kind="Reversal").exclude(entry=None).exists()
    assert JournalEntry.objects.filter(kind=EntryKind.REFUND).exists()
    for scope in (ALL, Scope(ALL.since, LATER + timedelta(days=2))):
        lines = {line.currency: line for line in books.reconciliation(scope)}
        assert all(line.agrees for line in lines.values())
        in_file = read(scope, batch=3)
        for by in GROUPS:
            for table in tables.tables(scope, by=by):
                rows = [row for row in in_file if row["currency"] == table.currency]
                assert table.total.gross == sum(Decimal(row["gross"]) for row in rows)
                assert table.total.tax == sum(vat.tax for vat in table.vat)
                assert table.total.net == sum(vat.net for vat in table.vat)
                line = lines[table.currency]
                assert table.total.gross == line.report_total - line.given_back


def a_history(chance: random.Random) -> None:
    """Sessions at two sites in two currencies, some priced anew, refunded, refunds reversed."""
    home, away = a_station("CP-1"), a_station("CP-2", a_site("Bern"))
    a_driver("ann", "CARD-1")
    a_driver("bob", "CARD-2")
    cheap = everywhere(chance.choice([ENERGY, PARKING]))
    tariffs.assign(tariff=a_tariff("Francs", FRANCS), level="station", target=away)
    for number in range(20):
        tag = chance.choice(["CARD-1", "CARD-2", "CARD-2", "CARD-9"])
        wh = chance.choice([0, chance.randrange(50_000)])
        charged(chance.choice([home, away]), tag=tag, wh=wh, minute=number * 70)
    bill_all()
    for wallet in Account.objects.filter(kind=AccountKind.WALLET):
        money.top_up(wallet, "1000")  # what was refunded can be taken back
    dearer = new_version(cheap, "0.41", at=LATER)
    for bill in list(SessionBill.objects.all()):
        at = LATER + timedelta(days=chance.randrange(1, 5))
        if bill.wallet and bill.entry and chance.random() < 0.4:
            entry = refunded(bill.entry.pk, "0.01")
            if chance.random() < 0.5:
                ledger.reverse(entry_id=entry.pk, reason="by mistake", key=f"x/{entry.pk}", at=at)
        if bill.currency == "EUR" and chance.random() < 0.5:
            try:
                bills.reprice(session_id=bill.session_id, version=dearer, reason="late", at=at)
            except Conflict:
                assert bill.entry is not None  # a part of it was given back
