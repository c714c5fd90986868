"""Which price of energy counted when: for the chart of a session. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from billing.rating import timeline
from billing.rating.terms import Component, Kind, Terms
from billing.rating.timeline import Piece
from billing.rating.usage import Usage


class Band(NamedTuple):
    """From when until when (UTC) a kWh cost this much; None: no component was in force."""

    since: datetime
    until: datetime
    price: Decimal | None


def of_energy(usage: Usage, terms: Terms, until: datetime | None = None) -> list[Band]:
    """The bands of a session in order, without gaps; none where energy has no price at all.

    Raises ValueError as ``pricing.price`` does.
    """
    if Kind.ENERGY not in terms.of_kind:
        return []
    found: list[Band] = []
    for band in _bands(usage, terms, until):
        if found and found[-1].price == band.price:
            found[-1] = found[-1]._replace(until=band.until)
        else:
            found.append(band)
    return found


def _bands(usage: Usage, terms: Terms, until: datetime | None) -> Iterator[Band]:
    for piece in timeline.of_session(usage, terms.components, until):
        component = _in_force(piece, terms, usage.power_w)
        since = piece.local.astimezone(UTC)
        end = since + timedelta(microseconds=int(piece.lasts))
        if end > since:
            yield Band(since, end, component.price if component else None)


def _in_force(piece: Piece, terms: Terms, power_w: int | None) -> Component | None:
    for _, component in terms.of_kind[Kind.ENERGY]:
        if component.when.hold(piece.local, piece.after, piece.before_wh, power_w):
            return component
    return None
