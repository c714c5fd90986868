"""The money of recorded sessions, from outside: billed by processes that die, told by another."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.billing import recorded
from tests.billing.killing import killed_after
from tests.source import ROOT

Environment = Mapping[str, str]
_PROGRAM = "tests.billing.finance"
_LONGEST_S = 600


def prepared(environment: Environment, file: Path) -> None:
    """A tariff, drivers with their cards, a fleet: what the sessions of the file are charged to."""
    _run(environment, "prepare", file)


def billed(environment: Environment, *, kills: Sequence[int]) -> None:
    """Bill what ended: by processes that are killed after so many batches, and one that is not."""
    for batches in kills:
        killed_after(batches, environment)
    killed_after(0, environment)


def told(environment: Environment, folder: Path) -> dict[str, Any]:
    """What bills, ledger, invoices, report and its files say."""
    found: dict[str, Any] = json.loads(_run(environment, "tell", folder))
    return found


def expected(file: Path) -> dict[str, Any]:
    """The same, worked out from the file alone."""
    prices = recorded.prices(file)
    each = {" ".join(key): _texts(price) for key, price in prices.items()}
    total = _texts(recorded.total(prices))
    return {
        "bills": each,
        "ledger": total,
        "invoices": {"lines": each, "totals": total},
        "report": {
            "total": total,
            "agrees": True,
            "groups": total,
            "xlsx": each,
            "xlsx_vat": ["19", *total],
            "csv": each,
        },
        "problems": [],
    }


def _texts(amounts: Iterable[Any]) -> list[str]:
    return [f"{amount:.2f}" for amount in amounts]


def _run(environment: Environment, task: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", _PROGRAM, task, str(path)],
        cwd=ROOT,
        env={**environment},
        capture_output=True,
        text=True,
        timeout=_LONGEST_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
