"""Bills as rows: written for a price, and mirrored to take one back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import BillKind, BillLine, JournalEntry, SessionBill
from billing.services import charges, pricing
from billing.services.charges import Due
from billing.services.pricing import Priced

_SIGNED = ("net", "tax", "gross", "energy_wh", "charging_seconds", "idle_seconds")
_SIGNED_IN_LINES = ("quantity", "reduction", "net", "tax", "gross")
_KEPT = (
    *("session_id", "version_id", "wallet_id", "site_id", "driver_id", "card_group_id"),
    *("currency", "country", "tax_included", "started_at", "ended_at", "states"),
)


def bill(
    due: Due, entry: JournalEntry | None, revision: int, *, at: datetime, **facts: Any
) -> SessionBill:
    """The bill of a price, not stored yet."""
    priced, found = due.priced, due.priced.bill
    charging, idle = pricing.seconds(priced.usage, at)
    card = priced.session.card
    return SessionBill(
        session=priced.session,
        revision=revision,
        version=priced.version,
        wallet=due.wallet,
        site_id=priced.session.station.site_id,
        driver_id=due.driver_id,
        card_group_id=card.group_id if card else None,
        entry=entry,
        currency=found.currency,
        country=charges.country(priced),
        tax_included=found.tax_included,
        net=found.net,
        tax=found.tax,
        gross=found.gross,
        energy_wh=priced.session.energy_wh,
        charging_seconds=charging,
        idle_seconds=idle,
        started_at=priced.session.started_at,
        ended_at=priced.usage.ended_at or at,
        states=[[change.at.isoformat(), change.idle] for change in priced.usage.states],
        billed_at=at,
        **facts,
    )


def lines(of: SessionBill, priced: Priced) -> list[BillLine]:
    """The lines of a bill that has its number."""
    return [
        BillLine(
            bill=of,
            number=number,
            kind=line.kind,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            reduction=line.reduction,
            tax_rate=line.tax_rate,
            net=line.net,
            tax=line.tax,
            gross=line.gross,
            why=[[code, values] for code, values in line.why],
        )
        for number, line in enumerate(priced.bill.lines, 1)
    ]


def mirrored(
    old: SessionBill, entry: JournalEntry | None, *, at: datetime, **facts: Any
) -> SessionBill:
    """What takes ``old`` back: the same with the opposite sign, not stored yet."""
    kept = {name: getattr(old, name) for name in _KEPT}
    signed = {name: -getattr(old, name) for name in _SIGNED}
    return SessionBill(
        kind=BillKind.REVERSAL,
        revision=old.revision + 1,
        reverses=old,
        entry=entry,
        billed_at=at,
        **kept,
        **signed,
        **facts,
    )


def mirrored_lines(old: SessionBill, reversal: SessionBill) -> list[BillLine]:
    """The lines of ``old`` with the opposite sign, of a reversal that is stored."""
    rows = list(old.lines.order_by("number"))
    for row in rows:
        row.pk, row.bill = None, reversal
        for name in _SIGNED_IN_LINES:
            setattr(row, name, -getattr(row, name))
    return rows
