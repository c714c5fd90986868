"""``manage.py verify_invoices``: proves numbers, hashes and sums of all invoices."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.services import invoice_proof
from cms.shared.snapshot import snapshot

_MOST = 100


class Command(BaseCommand):
    """Proves the invoices."""

    help = "Prove all invoices: no gaps, hashes, sums. Exit status 1 where something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was proved. Raises CommandError, which says what is wrong."""
        with snapshot():
            wrong = list(islice(invoice_proof.problems(), _MOST + 1))
            counted = invoice_proof.papers()
        if wrong:
            more = [f"... and more than these {_MOST}"] if len(wrong) > _MOST else []
            raise CommandError("\n".join(["The invoices are wrong:", *wrong[:_MOST], *more]))
        self.stdout.write(
            f"Proved: {counted.series} series, {counted.invoices} invoices, {counted.lines} lines;"
            " no number is missing, every hash follows, every sum is that of its bills."
        )
