"""A program that imports a table of cards, for a test that kills it in the middle of a batch."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import Any

ROWS, WRONG_EACH = 6_000, 100


def table(rows: int) -> bytes:
    """A file of so many rows, one in a hundred without a number."""
    lines = (
        f"04{n:012X};Van {n};2027-12-31" if n % WRONG_EACH else f";Nothing {n};2027-12-31"
        for n in range(rows)
    )
    return ("UID;Label;Valid until\n" + "\n".join(lines)).encode()


def prepare() -> None:
    """A file that is taken in, looked at and confirmed."""
    from cms.shared import clock
    from rfid.services import import_work, imports

    row = imports.take(name="cards.csv", content=table(ROWS), by=None, at=clock.now())
    fields = row.columns
    imports.preview(of=row, fields=fields, reverse=False, update=True, now=clock.now)
    import_work.carry_out_due(now=clock.now)
    row.refresh_from_db()
    imports.confirm(of=row, by=None, now=clock.now)


def carry_out(at: datetime, stays_in: int) -> None:
    """Import what is due at ``at``; says so in the batch of this number, and stays in it."""
    from rfid.services import import_tally, import_work

    keep, seen = import_tally.keep_problems, []

    def kept(*args: Any, **named: Any) -> None:
        keep(*args, **named)
        seen.append(args)
        if len(seen) == stays_in:
            sys.stdout.write("written, not committed\n")
            sys.stdout.flush()
            time.sleep(600)

    import_tally.keep_problems = kept
    import_work.carry_out_due(now=lambda: at)


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1:]:
        carry_out(datetime.fromisoformat(sys.argv[1]), int(sys.argv[2]))
    else:
        prepare()
