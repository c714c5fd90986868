"""Closing: what was billed in a time is frozen and sealed, and later goes to the next one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from billing.errors import KeyUsed, PeriodClosed
from billing.models import BillingPeriod, JournalEntry, SessionBill, SessionTariff
from billing.reports import tables
from billing.reports.scope import Scope
from billing.services import bills, giving_back, period_proof, periods, proof, seals
from cms.shared.errors import Conflict, DomainError
from stations.models import Site
from tests.billing import given as money
from tests.billing.charging import (
    LATER,
    a_driver,
    a_site,
    a_station,
    bill_all,
    charged,
    everywhere,
)
from tests.billing.closing import APRIL, MARCH, OVER, close
from tests.stations import given
from tests.stations.given import after

pytestmark = pytest.mark.django_db
IN_APRIL = MARCH.until + timedelta(days=3)


@pytest.fixture
def harbour(db):
    """A station where Ann charged for 3.57 in March."""
    station = a_station()
    a_driver()
    everywhere()
    charged(station)
    bill_all()
    return station


def spoil(statement: str) -> str:
    """What is found where somebody with all rights did this to the database."""
    money.unguarded()
    with connection.cursor() as cursor:
        cursor.execute(statement)
    money.guarded()
    return " ".join(period_proof.problems())


def test_a_closed_period_says_what_was_billed(harbour):
    ada = money.a_user()
    period = close(by_id=ada.pk)
    assert (period.number, period.closed_by, period.closed_at) == (1, ada, OVER)
    [euros] = period.snapshot["currencies"]
    assert (euros["net"], euros["tax"], euros["gross"]) == ("3.0000", "0.5700", "3.5700")
    assert (euros["sessions"], euros["energy_wh"]) == (1, 10_000)
    [vat] = euros["vat"]
    assert (vat["country"], vat["rate"], vat["tax"]) == ("DE", "19", "0.5700")
    assert [row["name"] for row in euros["groups"]["site"]] == ["Harbour"]
    bill = SessionBill.objects.get()
    assert (period.snapshot["last_bill"], period.snapshot["last_entry"]) == (bill.pk, bill.entry_id)
    assert (period.snapshot["bills"], period.snapshot["entries"]) == (1, 1)


def test_its_seal_is_of_its_row_and_of_the_seal_before_it(harbour):
    first, second = close(), close(APRIL)
    for period in (first, second):
        period.refresh_from_db()
        assert period.hash == seals.seal(period)
    assert (second.number, second.previous_hash) == (2, first.hash)
    assert len({first.hash, second.hash}) == 2


@pytest.mark.parametrize(
    ("scope", "why"),
    [
        (Scope(MARCH.since, OVER + timedelta(seconds=1)), "not over yet"),
        (Scope(MARCH.until, MARCH.until), "ends after it begins"),
        (Scope(LATER + timedelta(days=1), MARCH.until), "billed before it"),
    ],
)
def test_a_time_that_cannot_be_closed_is_refused(harbour, scope, why):
    with pytest.raises(Conflict, match=why):
        close(scope)
    assert not BillingPeriod.objects.exists()


def test_periods_neither_overlap_nor_leave_a_gap(harbour):
    close()
    hour = timedelta(hours=1)
    with pytest.raises(Conflict, match="Period 1 is closed until"):
        close(APRIL._replace(since=MARCH.until - hour), key="a")
    with pytest.raises(Conflict, match="begins where period 1 ended"):
        close(APRIL._replace(since=MARCH.until + hour), key="b")
    assert close(APRIL).number == 2


def test_the_same_key_closes_once(harbour):
    first = close(key="k")
    assert close(key="k") == first
    with pytest.raises(KeyUsed):
        close(APRIL, key="k")
    with pytest.raises(DomainError, match="idempotency key"):
        close(APRIL, key="")


def test_sessions_without_a_bill_need_a_reason(harbour):
    given.begin(harbour, minute=300)
    with pytest.raises(Conflict, match="1 under way"):
        close()
    with pytest.raises(Conflict, match="1 under way"):
        close(leave_open="  ")
    period = close(leave_open="a car over night")
    assert period.note == "a car over night"
    assert period.snapshot["unfinished"] == {"open": 1, "in_review": 0, "failed": 0, "due": 0}


def test_a_ledger_that_says_something_else_is_not_closed(harbour):
    wallet = SessionBill.objects.get().wallet
    money.top_up(wallet, "10")
    money.hold(wallet, "0.01", "session/x")
    money.settle(wallet, money.sale("1.00", "0.19"), "session/x")
    with pytest.raises(Conflict, match="find the difference"):
        close()


def test_nothing_is_billed_or_booked_into_a_closed_period(harbour):
    number = charged(harbour, minute=200)
    close(leave_open="on purpose")
    with pytest.raises(PeriodClosed):
        bills.bill_ended(at=MARCH.until - timedelta(seconds=1))
    assert SessionTariff.objects.get(session=number).state == "Due"
    charge = JournalEntry.objects.get(kind="Charge")
    with pytest.raises(PeriodClosed):
        refunded(charge, at=LATER)
    assert bills.bill_all_ended(at=LATER) == 0
    assert bills.bill_all_ended(at=MARCH.until) == 1
    assert proof_is_fine()


def refunded(charge: JournalEntry, **more: object) -> JournalEntry:
    how = {"amount": Decimal(1), "reason": "cable", "key": "r", **more}
    return giving_back.refund(charge_id=charge.pk, **how)


def proof_is_fine() -> bool:
    return not [*period_proof.problems(), *proof.problems()]


def test_the_database_itself_refuses_it_too(harbour):
    close()
    bill = SessionBill.objects.get()
    bill.pk, bill.revision, bill.entry = None, 7, None
    with pytest.raises(IntegrityError, match="period:"), transaction.atomic():
        bill.save(force_insert=True)
    row = JournalEntry.objects.get(kind="Charge").postings.get(account__kind="Income")
    row.pk, row.entry_id, row.balance_after = None, 4711, row.balance_after + row.amount
    with pytest.raises(IntegrityError, match="period:"), transaction.atomic():
        row.save(force_insert=True)


def test_a_period_is_never_changed_and_none_is_slipped_in(harbour):
    period = close()
    for change in ({"note": "else"}, {"hash": "0" * 64}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BillingPeriod.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        BillingPeriod.objects.filter(pk=1)._raw_delete("default")
    for wrong in ({"number": 3}, {"number": 2, "since": OVER}, {"number": 2, "previous_hash": ""}):
        facts = {
            "since": MARCH.until,
            "until": OVER + timedelta(days=9),
            "previous_hash": period.hash,
        }
        slipped = {"closed_at": OVER, "snapshot": {}, "idempotency_key": "x", **facts, **wrong}
        with pytest.raises(IntegrityError, match="period:"), transaction.atomic():
            BillingPeriod.objects.create(**slipped)


def test_later_corrections_land_in_the_next_period(harbour):
    """The finance journey: a month is closed, a bill of it corrected, the next month closed."""
    march = close(at=MARCH.until + timedelta(days=1))
    sealed = (march.snapshot, march.hash)
    number = SessionBill.objects.get().session_id
    refund = refunded(JournalEntry.objects.get(kind="Charge"), at=IN_APRIL)
    assert refund.booked_at == IN_APRIL
    other = charged(harbour, minute=60 * 24 * 33, wh=20_000)
    bill_all(at=APRIL.until - timedelta(days=1))
    bills.reprice(session_id=other, reason="late meter", at=APRIL.until - timedelta(hours=1))
    april = close(APRIL)
    march.refresh_from_db()
    assert (march.snapshot, march.hash) == sealed
    [euros] = april.snapshot["currencies"]
    assert (euros["sessions"], euros["gross"]) == (1, "7.1400")
    [books] = april.snapshot["reconciliation"]
    assert (books["given_back"], books["taken_back"]) == ("-1.0000", "-1.0000")
    assert (april.snapshot["bills"], april.snapshot["reversals"]) == (2, 1)
    assert number != other
    assert proof_is_fine()


def test_what_is_proved_does_not_depend_on_names(harbour):
    close()
    Site.objects.update(name="Port")
    harbour.site = a_site("Hill")
    harbour.save()
    assert not list(period_proof.problems())


def test_a_changed_bill_is_found(harbour, capsys):
    close()
    call_command("verify_periods")
    assert "Proved: 1 closed periods" in capsys.readouterr().out
    found = spoil("UPDATE billing_sessionbill SET net = net + net, energy_wh = 1")
    assert (
        "Period 1: currencies/EUR/net was 3.0000 when it was closed, the rows say 6.0000" in found
    )
    with pytest.raises(CommandError, match="currencies/EUR/groups/site"):
        call_command("verify_periods")


def test_a_changed_period_breaks_its_seal_and_a_new_one_the_chain(harbour):
    close()
    close(APRIL)
    assert "Period 1 is not what was sealed" in spoil(
        "UPDATE billing_billingperiod SET note = 'x' WHERE number = 1"
    )
    period = BillingPeriod.objects.get(number=1)
    found = spoil(
        f"UPDATE billing_billingperiod SET hash = '{seals.seal(period)}' WHERE number = 1"
    )
    assert found == "Period 2 does not go on from the seal before it"


def test_a_preview_writes_nothing_and_says_what_stands_against_it(harbour):
    given.begin(harbour, minute=300)
    found = periods.preview(scope=MARCH, at=OVER)
    assert (found.refusals, found.waiting.open) == ([], 1)
    assert found.figures["currencies"][0]["gross"] == "3.5700"
    assert periods.preview(scope=MARCH, at=after(0)).refusals == ["The period is not over yet"]
    assert not BillingPeriod.objects.exists()


def test_a_month_goes_by_the_clocks_of_its_zone():
    assert periods.month(2025, 3, "UTC") == MARCH
    spring = periods.month(2025, 3, "Europe/Berlin")
    assert spring.until - spring.since == timedelta(days=31) - timedelta(hours=1)
    for wrong in [(2025, 13, "UTC"), (0, 1, "UTC"), (2025, 1, "Nowhere"), (9999, 12, "UTC")]:
        with pytest.raises(DomainError):
            periods.month(*wrong)


def test_closing_takes_as_many_queries_whatever_there_is(harbour, django_assert_max_num_queries):
    for minute in (120, 240, 360):
        charged(harbour, minute=minute)
    bill_all()
    with django_assert_max_num_queries(28):
        close()
    assert tables.tables(MARCH, by="site")
