"""Quirks: what the model of a station needs, looked up by vendor, model and firmware."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Protocol

from stations.models import ChargingStation, Quirk


class Patterns(Protocol):
    """What says for which models of station it is; empty patterns match everything."""

    vendor: str
    model: str
    firmware: str


def value(*, station: ChargingStation, name: str, default: Any = None) -> Any:
    """What the quirk ``name`` says for this model of station; ``default`` where none does."""
    rows = [row for row in Quirk.objects.filter(name=name, enabled=True) if fits(row, station)]
    return max(rows, key=precision).value if rows else default


def fits(patterns: Patterns, station: ChargingStation) -> bool:
    """Whether ``station`` is of the models ``patterns`` (a quirk, a template) are about."""
    pairs = (
        (patterns.vendor, station.vendor),
        (patterns.model, station.model),
        (patterns.firmware, station.firmware_version),
    )
    return all(not pattern or fnmatchcase(text.lower(), pattern.lower()) for pattern, text in pairs)


def precision(patterns: Patterns) -> int:
    """How closely they say it: the more text, the closer."""
    return len(patterns.vendor) + len(patterns.model) + len(patterns.firmware)
