"""Real sessions, invoiced month by month: report, ledger, invoices and statements say the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing.models import Account, Invoice, SessionBill
from billing.reports import books, statements, tables
from billing.reports.scope import Scope
from billing.services import bills, invoice_proof, invoices, proof
from rfid.models import RfidCard
from stations.models import ChargingSession
from tests.billing import charging, invoicing
from tests.billing.recorded_rows import counted, stored
from tests.stack.recorded import recorded_file

pytestmark = pytest.mark.django_db
MONTHS = [datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13)]
DRIVERS = 25


@pytest.fixture
def year(tmp_path):
    """The recorded sessions of some drivers, billed over months; some taken back and refunded."""
    stored(recorded_file(tmp_path))
    invoicing.an_issuer()
    for number in range(DRIVERS):
        charging.a_driver(f"driver-{number}", f"TAG-{number}")
    cards = list(RfidCard.objects.order_by("pk"))
    for session in ChargingSession.objects.order_by("pk"):
        ChargingSession.objects.filter(pk=session.pk).update(card=cards[session.pk % DRIVERS])
    last, count = 0, 0
    for begins in MONTHS:
        run = bills.bill_ended(at=begins + timedelta(days=9), after=last)
        count += run.billed
        _corrected(begins + timedelta(days=12))
        last = run.last or 2**31
    counted()
    return count


def _corrected(at: datetime) -> None:
    """A new price for two of them, of this month and of those before, and a refund of another."""
    standing = SessionBill.objects.filter(kind="Bill", reversed_by=None, gross__gt=1)
    untouched = standing.filter(entry__corrected_by=None).order_by("pk")
    first, second, third = untouched[0], untouched.reverse()[0], untouched[10]
    for bill in (first, second):
        invoicing.repriced(bill, at, price=f"0.{20 + at.month}")
    invoicing.refunded(third, "0.77", at, key=f"refund/{at:%m}")


def issued_month_by_month() -> None:
    """As the periodic task does."""
    for begins in [*MONTHS[1:], datetime(2025, 1, 1, tzinfo=UTC)]:
        assert invoices.issue_due(at=begins + timedelta(hours=3)).left == 0


def total(since: datetime, until: datetime) -> Decimal:
    """What stands on the papers of a month."""
    rows = Invoice.objects.filter(since__gte=since, until__lte=until)
    return rows.aggregate(sum=Sum("gross"))["sum"] or Decimal(0)


def test_report_ledger_invoices_and_statements_agree_to_the_cent(year):
    issued_month_by_month()
    for since, until in zip(MONTHS, [*MONTHS[1:], datetime(2025, 1, 1, tzinfo=UTC)], strict=True):
        scope = Scope(since, until)
        [table] = tables.tables(scope, by="owner")
        [ledger] = books.reconciliation(scope)
        assert ledger.agrees
        assert total(since, until) == ledger.report_total == ledger.ledger_total
        assert table.total.gross + ledger.given_back == ledger.report_total
        said = [
            statements.statement(wallet, since=since, until=until)
            for wallet in Account.objects.filter(kind="Wallet")
        ]
        assert sum(one.charged + one.given_back for one in said) == -ledger.report_total
    assert Invoice.objects.filter(kind="CreditNote").exists()
    assert list(invoice_proof.problems()) == []
    assert list(proof.problems()) == []
    assert SessionBill.objects.filter(kind="Bill").count() == year + 2 * len(MONTHS)
