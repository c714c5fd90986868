"""A small picture of a session's power: inline SVG, with a sentence for who does not see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import display
from stations.models import MeterValue

READINGS = 40  # of a session
_WIDTH, _HEIGHT, _EDGE = 160.0, 32.0, 2.0

Point = tuple[datetime, float]


def powers(readings: Sequence[MeterValue]) -> list[Point]:
    """Power in W at each moment, oldest first: as measured, else by how the register grew."""
    told = [(row.sampled_at, float(row.power_w)) for row in readings if row.power_w is not None]
    if len(told) > 1:
        return told
    registers = [(row.sampled_at, row.energy_wh) for row in readings if row.energy_wh is not None]
    found: list[Point] = []
    for (before, earlier), (at, later) in pairwise(registers):
        seconds = (at - before).total_seconds()
        if seconds > 0 and later >= earlier:
            found.append((at, (later - earlier) * 3600 / seconds))
    return found or told


def drawn(readings: Sequence[MeterValue], most_w: float | None = None) -> SafeString | str:
    """The curve from nothing to ``most_w`` (or the highest), empty for fewer than two points."""
    points = powers(readings)
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return ""
    first, last = points[0][0], points[-1][0]
    top = max([most_w or 0.0, *(watts for _at, watts in points), 1.0])
    whole = (last - first).total_seconds()
    line = " ".join(
        f"{_EDGE + (_WIDTH - 2 * _EDGE) * (at - first).total_seconds() / whole:.1f},"
        f"{_HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * watts / top:.1f}"
        for at, watts in points
    )
    return format_html(
        '<svg class="vd-spark" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="{}"><title>{}</title><polyline points="{}"/></svg>',
        *(round(_WIDTH), round(_HEIGHT), _said(points), _said(points), line),
    )


def _said(points: Sequence[Point]) -> str:
    watts = [power for _at, power in points]
    return _("Power in the last %(span)s: from %(least).1f to %(most).1f kW, now %(now).1f kW") % {
        "span": display.span(points[-1][0] - points[0][0]),
        "least": min(watts) / 1000,
        "most": max(watts) / 1000,
        "now": watts[-1] / 1000,
    }
