"""Quirks: what the model of a station needs, looked up by vendor, model and firmware."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cms.shared import texts
from cms.shared.errors import Conflict, DomainError
from stations import events
from stations.models import ChargingStation, Quirk
from stations.services import tallies

Settings = dict[str, Quirk]  # by name: the row that counts


class Patterns(Protocol):
    """What says for which models of station it is; empty patterns match everything."""

    vendor: str
    model: str
    firmware: str


def value(
    *, station: ChargingStation, name: str, default: Any = None, at: datetime | None = None
) -> Any:
    """What the quirk ``name`` says for this model of station; ``default`` where none does.

    ``at``: it makes a difference now, and is counted. Left out where somebody only looks.
    """
    return Manners(station, [name], at).value(name, default)


class Manners:
    """What several quirks say for one model of station, looked up in one query."""

    def __init__(self, station: ChargingStation, names: Iterable[str], at: datetime | None) -> None:
        """``at`` as for ``value``: what is asked of these makes a difference now."""
        rows = Quirk.objects.filter(name__in=[*names], enabled=True)
        self._station_id, self._at = station.pk, at
        self._found = settings(rows, station)

    def value(self, name: str, default: Any = None) -> Any:
        """What the quirk ``name``, one of those, says; ``default`` where none does."""
        row = self._found.get(name)
        if row is None:
            return default
        if self._at is not None:
            tallies.fired(station_id=self._station_id, quirk=row, at=self._at)
        return row.value


def enabled() -> list[Quirk]:
    """All that count, for who looks up several of them or for many stations."""
    return list(Quirk.objects.filter(enabled=True))


def settings(rows: Iterable[Quirk], station: ChargingStation) -> Settings:
    """Of ``rows`` those that count for ``station``, by name: the most precise of each."""
    found: Settings = {}
    for row in rows:
        if fits(row, station) and (
            row.name not in found or precision(row) > precision(found[row.name])
        ):
            found[row.name] = row
    return found


def save(*, quirk: Quirk) -> Quirk:
    """Add ``quirk``, or change it as it stands: it counts at once for stations connected now.

    Raises DomainError for a value that does not fit, Conflict where there is one for these models.
    """
    try:
        quirk.clean_fields()
        quirk.clean()
    except ValidationError as error:
        field, problems = next(iter(texts.of_model(error).items()))
        raise DomainError(problems[0], fields={field: problems}) from None
    try:
        with transaction.atomic():
            quirk.save()
            events.quirks_changed()
    except IntegrityError:
        raise Conflict(
            "There is a %(quirk)s for these models already",
            fields={"name": ["exists already"]},
            quirk=quirk.name,
        ) from None
    return quirk


@transaction.atomic
def delete(*, quirk: Quirk) -> None:
    """Forget ``quirk``. Raises Conflict for one that came with the system: those are switched off,

    so that nobody has to find out anew what they say.
    """
    if quirk.seeded:
        raise Conflict("%(quirk)s came with the system; switch it off instead", quirk=quirk)
    quirk.delete()
    events.quirks_changed()


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
