"""Files of a report: what they are called, and writing them, all of one from one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from billing.reports import exports, printed, workbook
from billing.reports.asked import MOST, Asked
from billing.reports.report import report
from cms.shared.errors import Conflict
from cms.shared.snapshot import snapshot
from stations.services import media

AT_ONCE = 5000  # rows; what has more is made in the background
BY_ROW = ("csv", "xlsx")  # a statement has groups only
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


class TooMuchAtOnce(Conflict):
    """So many rows are made in the background."""

    code = "export_needed"


def name(asked: Asked, kind: str) -> str:
    """``billing-2026-01-01--2026-01-31.csv``: what it is called when it is saved."""
    first, last = asked.scope.days()
    return f"billing-{first}--{last}.{kind}"


def rows_up_to(asked: Asked, most: int = AT_ONCE) -> int:
    """How many bills and reversals it has; ``most`` + 1 stands for more than that."""
    return len(asked.scope.bills().values_list("pk")[: most + 1])


def at_once(asked: Asked, kind: str, *, at: datetime) -> Path:
    """Write the file; who takes it deletes it.

    Raises TooMuchAtOnce above AT_ONCE rows, where the file has them.
    """
    if kind in BY_ROW and rows_up_to(asked) > AT_ONCE:
        raise TooMuchAtOnce(
            "These are more than %(at_once)s rows: ask for them by POST "
            "/api/reports/billing/exports",
            at_once=AT_ONCE,
        )
    part = media.new_file()
    try:
        write(part, asked, kind, at=at)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def write(
    path: Path, asked: Asked, kind: str, *, at: datetime, rows: Callable[..., Any] = exports.rows
) -> None:
    """Write the file to ``path``; ``rows`` reads the bills of a scope, in tests of something else.

    The totals and the rows of it are from one moment.
    """
    with snapshot():
        _WRITERS[kind](path, asked, at, rows(asked.scope))


def _csv(path: Path, asked: Asked, at: datetime, rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        file.writelines(exports.as_csv(rows))


def _xlsx(path: Path, asked: Asked, at: datetime, rows: Iterable[tuple[Any, ...]]) -> None:
    workbook.write(path, report(asked._replace(limit=MOST), at=at), rows)


def _pdf(path: Path, asked: Asked, at: datetime, rows: Iterable[tuple[Any, ...]]) -> None:
    path.write_bytes(printed.pdf(report(asked._replace(limit=MOST), at=at)))


_WRITERS: dict[str, Callable[[Path, Asked, datetime, Iterable[tuple[Any, ...]]], None]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "pdf": _pdf,
}
KINDS = tuple(_WRITERS)
