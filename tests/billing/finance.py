"""What finance does with the sessions a server recorded, as a program; it tells what the books say.

python -m tests.billing.finance prepare FILE
python -m tests.billing.finance tell FOLDER
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.billing import recorded

BEFORE, AFTER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2018, 2030))
LATER = AFTER + timedelta(days=40)  # the month everything is billed in is over
FLEET = 7  # every so many drivers one is of the fleet, which pays for them


def prepare(file: Path) -> None:
    """A tariff everywhere, a driver for each card of the file, a fleet, and who issues invoices."""
    from billing.models import Company, Issuer, Member
    from billing.services import tariffs
    from cms.accounts.models import User
    from rfid.models import RfidCard
    from tests.simulator.recording import read_sessions

    tariff = tariffs.define(name="Recorded", terms=recorded.TERMS, at=BEFORE).tariff
    tariffs.assign(tariff=tariff, level="everywhere")
    Issuer.objects.create(name="Voltdesk Ltd", country="DE", time_zone="UTC")
    fleet = Company.objects.create(name="Fleet Ltd", address="1 Depot Road", country="DE")
    cards = {one.id_tag for many in read_sessions(file).values() for one in many}
    for number, id_tag in enumerate(sorted(cards)):
        user = User.objects.create_user(f"driver-{number}")
        RfidCard.objects.create(id_tag=id_tag, user=user)
        if number % FLEET == 0:
            Member.objects.create(company=fleet, user=user)


def tell(folder: Path) -> dict[str, Any]:
    """Issue invoices, make the report and its files, and say what each of them comes to."""
    from billing.services import invoice_proof, invoices, proof

    invoices.issue_due(at=LATER)
    return {
        "bills": _bills(),
        "ledger": _ledger(),
        "invoices": _invoices(),
        "report": _report(folder / "report.xlsx"),
        "problems": [*proof.problems(), *invoice_proof.problems()],
    }


def _bills() -> dict[str, list[str]]:
    from billing.models import SessionBill

    bills = SessionBill.objects.select_related("session__station")
    return {
        _key(bill.session.station.cp_id, bill.started_at): _amounts(bill.net, bill.tax, bill.gross)
        for bill in bills
    }


def _ledger() -> list[str]:
    """Income, tax, and what all customers together were charged."""
    from django.db.models import Sum

    from billing.models import Account

    kinds = Account.objects.order_by().values_list("kind").annotate(sum=Sum("balance"))
    sums = dict(kinds)
    customers = -sum((sums.get(kind, Decimal(0)) for kind in ("Wallet", "Owed")), Decimal(0))
    return _amounts(sums["Income"], sums["Tax"], customers)


def _invoices() -> dict[str, Any]:
    """Their lines by session, and their totals."""
    from billing.models import Invoice, InvoiceLine

    lines = InvoiceLine.objects.select_related("bill__session__station")
    made = list(Invoice.objects.all())
    return {
        "lines": {
            _key(line.bill.session.station.cp_id, line.bill.started_at): _amounts(
                line.net, line.tax, line.gross
            )
            for line in lines
        },
        "totals": _added((one.net, one.tax, one.gross) for one in made),
    }


def _report(path: Path) -> dict[str, Any]:
    """The report's own total, its books, and the same read from its workbook and its CSV."""
    from openpyxl import load_workbook

    from billing.reports import exports, workbook
    from billing.reports.asked import Asked
    from billing.reports.report import report
    from billing.reports.scope import Scope

    scope = Scope(BEFORE, AFTER + timedelta(days=1))
    made = report(Asked(scope, "owner", "name", 100, {}, {}), at=LATER)
    [statement] = made.statements
    workbook.write(path, made, exports.rows(scope))
    book = load_workbook(path, read_only=True)
    text = "".join(exports.csv_text(scope)).removeprefix("\ufeff")
    vat = [*book["VAT"].iter_rows(values_only=True)][1:]
    return {
        "total": _amounts(statement.total.net, statement.total.tax, statement.total.gross),
        "agrees": statement.books.agrees,
        "groups": _added((row.sums.net, row.sums.tax, row.sums.gross) for row in statement.groups),
        "xlsx": _lines(_dicts(book["Sessions"].iter_rows(values_only=True))),
        "xlsx_vat": [str(row[2]) for row in vat] + _added(row[3:6] for row in vat),
        "csv": _lines(csv.DictReader(text.splitlines())),
    }


def _dicts(rows: Any) -> Any:
    names, *others = rows
    return [dict(zip(names, row, strict=True)) for row in others]


def _lines(rows: Any) -> dict[str, list[str]]:
    found = {}
    for row in rows:
        began = next(row[name] for name in row if name.startswith("started_at"))
        began = datetime.fromisoformat(began) if isinstance(began, str) else began
        found[_key(row["station"], began)] = _amounts(row["net"], row["tax"], row["gross"])
    return found


def _key(station: str, began: datetime | None) -> str:
    return f"{station} {began:%Y-%m-%dT%H:%M:%SZ}"


def _amounts(*amounts: Any) -> list[str]:
    return [f"{Decimal(str(amount)):.2f}" for amount in amounts]


def _added(rows: Any) -> list[str]:
    columns = zip(*rows, strict=True)
    return _amounts(*(sum(map(Decimal, map(str, column)), Decimal(0)) for column in columns))


if __name__ == "__main__":
    import django

    django.setup()
    task, path = sys.argv[1], Path(sys.argv[2])
    if task == "prepare":
        prepare(path)
    else:
        json.dump(tell(path), sys.stdout)
