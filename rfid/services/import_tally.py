"""What an import counts: its lines of each kind, the first of each, and all that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cms.shared import bulk
from rfid.models import CardImport, CardImportProblem
from rfid.services.import_rows import KINDS, WRONG, Line

_PROBLEMS, _EXAMPLES = 200, 50
_MESSAGE = 300


def begin(of: CardImport) -> None:
    """From nothing."""
    of.counts = dict.fromkeys(KINDS, 0)
    of.problems, of.examples = [], []


def add(of: CardImport, batch: Sequence[Line]) -> None:
    """Count ``batch``, and keep the first of what is wrong and of each kind; not stored yet."""
    shown = Counter(each["what"] for each in of.examples)
    for line in batch:
        of.counts[line.what] += 1
        of.problems += line.problems[: _PROBLEMS - len(of.problems)]
        if line.what != WRONG and shown[line.what] < _EXAMPLES:
            shown[line.what] += 1
            of.examples.append(line.example())


def keep_problems(of: CardImport, batch: Sequence[Line], *, is_first: bool) -> None:
    """Store all that is wrong with ``batch``; with the first one, what an earlier look found goes.

    The caller has the transaction.
    """
    if is_first:
        CardImportProblem.objects.filter(of=of).delete()
    rows = [
        CardImportProblem(of=of, **{**each, "message": each["message"][:_MESSAGE]})
        for line in batch
        for each in line.problems
    ]
    if rows:
        bulk.run([bulk.of_models(rows)])
