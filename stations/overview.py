"""The figures of the home page: all of the stations' in one query."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateTimeField,
    Expression,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Cast

from stations import by_now
from stations.attention import Seen, everything
from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
    EnergyHour,
    NetworkHour,
    SessionStatus,
)

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
_NUMBERS = ("a", "b", "c", "d", "e")


class Stood(NamedTuple):
    """How the network stood: stations, those online, sessions and their W, items of the queue."""

    stations: int
    online: int
    charging: int
    power_w: int
    attention: int


class Figures(NamedTuple):
    """What the stations do now, and did."""

    stations: int
    online: int
    charging: int
    power_w: int
    connectors: dict[str, int]  # by their status
    hours: dict[datetime, int]  # Wh by the hour, where there was any
    last_week: Stood | None  # as this hour began a week ago, where it was noted

    def energy_wh(self, since: datetime, until: datetime) -> int:
        """What was charged in this time; of an hour that is cut, as much as lies within."""
        total = 0
        for hour, energy_wh in self.hours.items():
            inside = min(until, hour + HOUR) - max(since, hour)
            if inside > timedelta():
                total += energy_wh * inside // HOUR
        return total


def figures(*, at: datetime, today: datetime, since: datetime, seen: Seen = everything) -> Figures:
    """In one query. ``today``: when it began; ``since``: from when on the energy is wanted.

    ``seen`` narrows a query to the rows that somebody may see.
    """
    hour = at.replace(minute=0, second=0, microsecond=0)
    found: dict[str, list[tuple[Any, ...]]] = {}
    parts = _parts(hour, today, since, seen)
    for kind, *row in parts[0].union(*parts[1:], all=True):
        found.setdefault(kind, []).append(tuple(row))
    there = [(int(row[2] or 0), int(row[3] or 0)) for row in found.get("stations", ())]
    running = [(int(row[2] or 0), int(row[3] or 0)) for row in found.get("charging", ())]
    stood = [Stood(*(int(number or 0) for number in row[2:])) for row in found.get("stood", ())]
    return Figures(
        stations=sum(total for total, _ in there),
        online=sum(online for _, online in there),
        charging=sum(count for count, _ in running),
        power_w=sum(power_w for _, power_w in running),
        connectors={row[0]: int(row[2]) for row in found.get("connectors", ())},
        hours={row[1]: int(row[2]) for row in found.get("energy", ())},
        last_week=stood[0] if stood else None,
    )


def _parts(hour: datetime, today: datetime, since: datetime, seen: Seen) -> list[QuerySet[Any]]:
    """Each groups its rows by a word or an hour; none counts a table that grows without end."""
    stations = seen(ChargingStation.objects.all())
    outlets = seen(Connector.objects.filter(connector_id__gt=0))
    running = seen(ChargingSession.objects.filter(status=SessionStatus.ACTIVE))
    lately = Q(hour__gte=since, hour__lte=hour)
    then = Q(hour__gte=_floor(today - WEEK), hour__lte=hour - WEEK)
    energy = seen(EnergyHour.objects.filter(lately | then))
    stood = seen(NetworkHour.objects.filter(hour=hour - WEEK))
    online = Count("pk", filter=Q(online=True))
    power = by_now.columns()["power_w_by_now"]
    return [
        _grouped(stations, "stations", None, None, Count("pk"), online),
        _grouped(outlets, "connectors", F("status"), None, Count("pk")),
        _grouped(running, "charging", None, None, Count("pk"), Sum(power)),
        _grouped(energy, "energy", None, F("hour"), Sum("energy_wh")),
        _grouped(stood, "stood", None, F("hour"), *(Sum(name) for name in Stood._fields)),
    ]


def _floor(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _grouped(
    rows: QuerySet[Any], kind: str, word: Any, hour: Any, *numbers: Expression
) -> QuerySet[Any]:
    text = Cast(word if word is not None else Value(""), CharField(max_length=50))
    moment = hour if hour is not None else Cast(Value(None), DateTimeField())
    nothing = Cast(Value(None), BigIntegerField())
    sums = [Cast(number, BigIntegerField()) for number in numbers]
    sums += [nothing] * (len(_NUMBERS) - len(sums))
    grouped: QuerySet[Any] = rows.order_by().annotate(
        g_kind=Value(kind, output_field=CharField()), g_word=text, g_hour=moment
    )
    names = ("g_kind", "g_word", "g_hour")
    found: QuerySet[Any] = grouped.values_list(*names).annotate(
        **dict(zip(_NUMBERS, sums, strict=True))
    )
    return found
