"""A program that bills what ended, in small batches, and says how many after each."""

from __future__ import annotations

import sys

_BATCH = 50


def main() -> None:
    """Until nothing is left."""
    from billing.services import bills
    from tests.billing.recorded_rows import AFTER

    last: int | None = 0
    while last is not None:
        run = bills.bill_ended(at=AFTER, after=last, limit=_BATCH)
        last = run.last
        sys.stdout.write(f"{run.billed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import django

    django.setup()
    main()
