"""``manage.py verify_ledger``: proves every balance from the postings."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.services import proof
from cms.shared.snapshot import snapshot

_MOST = 100


class Command(BaseCommand):
    """Proves the ledger."""

    help = "Prove the ledger from its postings. Exit status 1 where something is wrong."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was proved. Raises CommandError, which says what is wrong."""
        with snapshot():
            wrong = list(islice(proof.problems(), _MOST + 1))
            counted = proof.books()
        if wrong:
            more = [f"... and more than these {_MOST}"] if len(wrong) > _MOST else []
            raise CommandError("\n".join(["The ledger is wrong:", *wrong[:_MOST], *more]))
        self.stdout.write(
            f"Proved: {counted.accounts} accounts, {counted.entries} entries,"
            f" {counted.postings} postings; every entry sums to zero, every balance follows."
        )
