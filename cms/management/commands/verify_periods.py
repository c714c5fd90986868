"""``manage.py verify_periods``: proves closed billing periods from the bills and the ledger."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.services import period_proof, periods
from cms.shared.snapshot import snapshot

_MOST = 100


class Command(BaseCommand):
    """Proves closed periods."""

    help = "Prove closed billing periods: figures and seals. Exit status 1 where one is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was proved. Raises CommandError, which says what is wrong."""
        with snapshot():
            wrong = list(islice(period_proof.problems(), _MOST + 1))
            last = periods.newest()
        if wrong:
            more = [f"... and more than these {_MOST}"] if len(wrong) > _MOST else []
            raise CommandError("\n".join(["Closed periods are wrong:", *wrong[:_MOST], *more]))
        self.stdout.write(
            f"Proved: {last.number} closed periods until {last.until.isoformat()}, seal {last.hash}"
            if last
            else "Proved: no period was closed yet"
        )
