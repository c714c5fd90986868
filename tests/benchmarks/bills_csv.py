"""``python -m tests.benchmarks.bills_csv``: a report's CSV, streamed; memory after so many rows.

A few sessions are billed in earnest; their rows are then multiplied by the database itself.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.bill_world import BILLED_AT, fill, fresh_database
from tests.keeper import NoServer

_BEHIND = 1_000_000  # numbers of copies begin behind those of what they are copies of


def main() -> int:
    """Print rows a second and memory on the way; 1 where rows are missing."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.bills_csv", description=__doc__
    )
    parser.add_argument("--bills", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    options = parser.parse_args()
    try:
        with fresh_database(options.engine):
            _fill(options.bills)
            return _measure(options)
    except NoServer as problem:
        print(problem, file=sys.stderr)
        return 1


def _measure(options: argparse.Namespace) -> int:
    from datetime import timedelta

    from billing.reports.exports import csv_text
    from billing.reports.scope import Scope

    scope = Scope(BILLED_AT, BILLED_AT + timedelta(days=3650), "Europe/Berlin")
    marks = [mark for mark in (10_000, 100_000, 1_000_000) if mark < options.bills]
    marks = [*marks, options.bills]
    rows, size, began = -1, 0, time.perf_counter()  # the first line names the columns
    for piece in csv_text(scope):
        rows, size = rows + piece.count("\r\n"), size + len(piece)
        while marks and rows >= marks[0]:
            _print(options.engine, marks.pop(0), size, time.perf_counter() - began)
    return 0 if rows == options.bills else 1


def _print(engine: str, rows: int, size: int, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{engine}: {rows:,} rows, {size / 1e6:,.0f} MB of CSV in {seconds:.1f} s,"
        f" {rows / seconds:,.0f} a second; {_resident():.0f} MiB resident, {peak:.0f} MiB at most"
    )


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _fill(bills: int) -> None:
    from billing.models import SessionBill
    from billing.services import bills as service
    from stations.models import ChargingSession

    fill(1)
    service.bill_all_ended(at=BILLED_AT)
    bill = SessionBill.objects.get()
    number = f"{_BEHIND} + number"
    _copy(
        ChargingSession, bill.session_id, bills - 1, transaction_id=number, meter_start_wh="number"
    )
    _copy(SessionBill, bill.pk, bills - 1, id=number, session_id=number, entry_id="NULL")


def _copy(model: Any, pk: int, times: int, **changed: str) -> None:
    """So many copies of a row, each with these columns worked out from its ``number``."""
    from django.db import connection

    columns = [field.column for field in model._meta.concrete_fields]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(changed.get(column, f'of."{column}"') for column in columns)
    table, key = model._meta.db_table, model._meta.pk.column
    numbers = "generate_series(1, %s) AS numbers(number)"
    if connection.vendor == "sqlite":
        numbers = (
            "(WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL"
            " SELECT number + 1 FROM numbers WHERE number < %s) SELECT number FROM numbers)"
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names})"
            f" SELECT {values} FROM {table} AS of, {numbers} WHERE of.{key} = %s",
            [times, pk],
        )


if __name__ == "__main__":
    sys.exit(main())
