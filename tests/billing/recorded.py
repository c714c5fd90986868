"""What the recorded sessions cost, worked out from the file alone: nothing of billing is used here.

0.30 a kWh; after ten minutes without charging 0.05 for each full idle minute; each line rounded
half up to the cent, 19 % tax on the sum of a session's lines, rounded likewise.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

TERMS = {
    "currency": "EUR",
    "tax_rate": "19",
    "tax_rounding": "sum",
    "components": [
        {"kind": "energy", "price": "0.30"},
        {
            "kind": "idle",
            "price": "0.05",
            "grace_seconds": 600,
            "step": 60,
            "step_rounding": "down",
        },
    ],
}
_CENT = Decimal("0.01")
_GRACE = timedelta(minutes=10)


class Price(NamedTuple):
    """What a session costs."""

    net: Decimal
    tax: Decimal
    gross: Decimal


def prices(file: Path) -> dict[tuple[str, str], Price]:
    """By station and the second its session began."""
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {(row["station"], row["connected_at"]): _price(row) for row in rows}


def total(found: dict[tuple[str, str], Price]) -> Price:
    """All of them together."""
    nets, taxes, grosses = zip(*found.values(), strict=True)
    return Price(sum(nets, Decimal(0)), sum(taxes, Decimal(0)), sum(grosses, Decimal(0)))


def _price(row: dict[str, str]) -> Price:
    energy_wh = Decimal(round(Decimal(row["kwh"]) * 1000))  # as the register of the replay shows it
    energy = _cents(energy_wh * Decimal("0.30") / 1000)
    idle = _cents(_idle_minutes(row) * Decimal("0.05"))
    net = energy + idle
    tax = _cents(net * Decimal("0.19"))
    return Price(net, tax, net + tax)


def _idle_minutes(row: dict[str, str]) -> int:
    if not row["done_charging_at"]:
        return 0
    done, gone = (_moment(row[name]) for name in ("done_charging_at", "disconnected_at"))
    return max(gone - done - _GRACE, timedelta()) // timedelta(minutes=1)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
