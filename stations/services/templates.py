"""Configuration templates: how stations differ from what they should be, and making them so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cms.shared import scoping, texts
from cms.shared.errors import Conflict, DomainError
from cms.shared.scoping import Limit
from stations.models import (
    ChargingStation,
    CommandBatch,
    ConfigurationKey,
    ConfigurationRead,
    ConfigurationTemplate,
)
from stations.models.templates import check_settings
from stations.services import batches, quirks
from stations.services.batches import Ask
from stations.services.configuration import is_secret

MOST_STATIONS = 10_000
SAME, DIFFERENT, MISSING, READONLY, UNKNOWN = "same", "different", "missing", "readonly", "unknown"

_SKIPPED = {READONLY: "the station says it is read-only", UNKNOWN: "the station has no such key"}


class Difference(NamedTuple):
    """One key of a template at one station: ``verdict`` is same, different, missing (we never

    read it), readonly (another value, and it cannot be changed) or unknown (it has no such key).
    """

    key: str
    wanted: str
    actual: str | None
    verdict: str


class Plan(NamedTuple):
    """What applying a template would do."""

    stations: int
    in_step: int
    away: int
    asks: list[Ask]

    @property
    def commands(self) -> int:
        """How many settings would be sent."""
        return sum(not ask.skipped for ask in self.asks)

    @property
    def skipped(self) -> int:
        """How many settings cannot be sent."""
        return len(self.asks) - self.commands


def save(*, template: ConfigurationTemplate) -> ConfigurationTemplate:
    """Add ``template``, or change it as it stands. Raises DomainError for settings that cannot be

    (a password among them), Conflict where the name is taken.
    """
    try:
        check_settings(template.settings)
    except ValidationError as error:
        problems = texts.of_validation(error)
        raise DomainError(problems[0], fields={"settings": problems}) from None
    secret = [key for key in template.settings if is_secret(key)]
    if secret:
        raise DomainError(
            "%(key)s is a password, which no template holds",
            fields={"settings": ["%(key)s is a password, which no template holds"]},
            key=secret[0],
        )
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError:
        raise Conflict(
            "A template %(template)s exists already",
            fields={"name": ["exists already"]},
            template=template.name,
        ) from None
    return template


def delete(*, template: ConfigurationTemplate) -> None:
    """Forget ``template``; what it was applied to stays as it is."""
    template.delete()


def fitting(station: ChargingStation) -> list[ConfigurationTemplate]:
    """The templates for the model of ``station``, the closest first."""
    return closest(ConfigurationTemplate.objects.all(), station)


def closest(
    rows: Iterable[ConfigurationTemplate], station: ChargingStation
) -> list[ConfigurationTemplate]:
    """Those of ``rows`` that are for the model of ``station``, the closest first."""
    fit = [row for row in rows if quirks.fits(row, station)]
    return sorted(fit, key=quirks.precision, reverse=True)


def of_model(
    template: ConfigurationTemplate, *, limit: Limit | None = None
) -> list[ChargingStation]:
    """The stations ``template`` is for, within a limit to sites.

    At most as many as it may be applied to at once.
    """
    stations = scoping.within(limit, ChargingStation.objects.order_by("cp_id"))
    rows = stations.iterator(1000)
    found = (station for station in rows if quirks.fits(template, station))
    return [station for station, _ in zip(found, range(MOST_STATIONS), strict=False)]


def differences(
    *, template: ConfigurationTemplate, stations: Iterable[ChargingStation]
) -> dict[int, list[Difference]]:
    """Each key of ``template`` at each of ``stations``, by the station's id."""
    numbers = [station.pk for station in stations]
    has: dict[int, list[ConfigurationKey]] = {number: [] for number in numbers}
    lacks: dict[int, list[str]] = {number: [] for number in numbers}
    for some in _in_parts(numbers):
        for row in ConfigurationKey.objects.filter(station_id__in=some):
            has[row.station_id].append(row)
        reads = ConfigurationRead.objects.filter(station_id__in=some)
        for number, keys in reads.values_list("station_id", "unknown_keys"):
            lacks[number] = keys
    return {
        number: compared(template=template, keys=has[number], unknown=lacks[number])
        for number in numbers
    }


def compared(
    *, template: ConfigurationTemplate, keys: Iterable[ConfigurationKey], unknown: Iterable[str]
) -> list[Difference]:
    """Each key of ``template`` at one station, whose ``keys`` are known; it has no ``unknown``."""
    has, lacks = {row.key.lower(): row for row in keys}, {key.lower() for key in unknown}
    return [
        _compared(key, value, has.get(key.lower()), lacks)
        for key, value in template.settings.items()
    ]


def plan(*, template: ConfigurationTemplate, stations: list[ChargingStation]) -> Plan:
    """What applying ``template`` to ``stations`` would do. Reads only."""
    if len(stations) > MOST_STATIONS:
        raise DomainError(
            "A template is applied to at most %(most)s stations at once", most=MOST_STATIONS
        )
    found = differences(template=template, stations=stations)
    # Key by key, so that all stations get on together.
    asks = [
        Ask(
            number,
            "ChangeConfiguration",
            {"key": one.key, "value": one.wanted},
            _SKIPPED.get(one.verdict, ""),
        )
        for position in range(len(template.settings))
        for number, one in ((number, rows[position]) for number, rows in found.items())
        if one.verdict != SAME
    ]
    in_step = sum(all(one.verdict == SAME for one in rows) for rows in found.values())
    return Plan(len(found), in_step, batches.away(found), asks)


def apply(
    *,
    template: ConfigurationTemplate,
    stations: list[ChargingStation],
    at: datetime,
    requested_by_id: int | None = None,
    queue_s: int | None = None,
) -> CommandBatch:
    """Make ``stations`` what ``template`` says, by a batch of ChangeConfiguration; gives it.

    Stations that are away are passed over, unless ``queue_s`` (seconds) lets commands wait.
    Raises Conflict where all are in step already, DomainError for too many.
    """
    asks = plan(template=template, stations=stations).asks
    if not asks:
        raise Conflict("Nothing differs from the template")
    return batches.create(
        title=f"Template {template.name}",
        asks=asks,
        at=at,
        terms=batches.Terms(queue_s=queue_s, requested_by_id=requested_by_id),
    )


def _compared(key: str, wanted: str, row: ConfigurationKey | None, unknown: set[str]) -> Difference:
    if row is None:
        verdict = UNKNOWN if key.lower() in unknown else MISSING
        return Difference(key, wanted, None, verdict)
    if _same(row.value, wanted):
        return Difference(key, wanted, row.value, SAME)
    return Difference(key, wanted, row.value, READONLY if row.readonly else DIFFERENT)


def _same(one: str, other: str) -> bool:
    """Stations spell booleans as they like."""
    if one.lower() in ("true", "false"):
        return one.lower() == other.lower()
    return one == other


def _in_parts(numbers: list[int], size: int = 500) -> Iterator[list[Any]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
