"""Energy by the hour: kept beside the sessions, worked out anew wherever they changed.

Nothing tells it what changed: it compares. So a look that was missed, or a crash, costs time only,
and working out twice changes nothing. A look takes the sessions that are or were under way, the
newest ones and those of the newest meter values; once an hour it takes all (``heal``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Max

from stations import by_now
from stations.models import ChargingSession, EnergyHour, EnergyTally, MeterValue, SessionStatus
from stations.services.spreading import Point, spread

_AT_ONCE = 100  # sessions in a transaction
_COMPARED = 2000  # sessions looked at in one go
_NEWEST = 500  # sessions
_OVERLAP = 1000  # meter values: of two that are stored at once the first may be seen last
_MOST_VALUES = 100_000  # looked back at; beyond it, heal() does the rest
_YOUNG = timedelta(days=2)
_FACTS = (
    *("pk", "station_id", "status", "billable", "started_at", "stopped_at"),
    *("meter_start_wh", "last_reading_at_by_now", "energy_wh_by_now"),
)


def roll_up(*, at: datetime) -> int:
    """Work out the hours of sessions that changed lately; gives how many sessions."""
    sessions = ChargingSession.objects
    under_way = set(sessions.filter(status=SessionStatus.ACTIVE).values_list("pk", flat=True))
    were = set(EnergyTally.objects.filter(is_open=True).values_list("pk", flat=True))
    newest = set(sessions.order_by("-pk").values_list("pk", flat=True)[:_NEWEST])
    read = _read_lately()
    looked_at = sorted((under_way | were | newest) - read)
    return _work_out([*sorted(read), *_changed(looked_at)])


def heal(*, at: datetime) -> int:
    """Compare all sessions, and work out the young ones whatever they look like; gives how many."""
    young = ChargingSession.objects.filter(started_at__gte=at - _YOUNG)
    done = _work_out(young.order_by("pk").values_list("pk", flat=True))
    last = 0
    while True:
        rows = ChargingSession.objects.filter(pk__gt=last).order_by("pk")
        numbers = list(rows.values_list("pk", flat=True)[:_COMPARED])
        if not numbers:
            return done
        done += _work_out(_changed(numbers))
        last = numbers[-1]


def _read_lately() -> set[int]:
    """Sessions of which meter values may have come since the last look."""
    known = EnergyTally.objects.aggregate(id=Max("last_value_id"))["id"] or 0
    newest = MeterValue.objects.aggregate(id=Max("pk"))["id"] or 0
    since = max(known - _OVERLAP, newest - _MOST_VALUES)
    rows = MeterValue.objects.filter(pk__gt=since, session__isnull=False).order_by()
    return {number for number in rows.values_list("session_id", flat=True) if number}


def _changed(numbers: list[int]) -> Iterator[int]:
    for some in _parts(numbers, _COMPARED):
        tallies = EnergyTally.objects.filter(pk__in=some)
        known = dict(tallies.values_list("pk", "seen"))
        for facts in _facts(some):
            if known.get(facts["pk"]) != _seen(facts):
                yield facts["pk"]


def _parts(numbers: Iterable[int], size: int) -> Iterator[list[int]]:
    left = iter(numbers)
    while part := list(islice(left, size)):
        yield part


def _facts(numbers: Iterable[int]) -> list[dict[str, Any]]:
    rows = ChargingSession.objects.filter(pk__in=list(numbers)).order_by("pk")
    found = rows.annotate(**by_now.columns()).values(*_FACTS)
    return [
        {name.removesuffix("_by_now"): value for name, value in facts.items()} for facts in found
    ]


def _seen(facts: dict[str, Any]) -> str:
    times = ("started_at", "stopped_at", "last_reading_at")
    stamps = (f"{facts[name].timestamp():.6f}" if facts[name] else "" for name in times)
    rest = (facts[name] for name in ("status", "billable", "meter_start_wh", "energy_wh"))
    return " ".join(map(str, (*stamps, *rest)))


def _work_out(numbers: Iterable[int]) -> int:
    done = 0
    for some in _parts(numbers, _AT_ONCE):
        done += _work_out_some(sorted(some))
    return done


@transaction.atomic
def _work_out_some(numbers: list[int]) -> int:
    """Locked by their tallies in one order: of two who do it at once, one comes after the other."""
    known = ChargingSession.objects.filter(pk__in=numbers).values_list("pk", flat=True)
    EnergyTally.objects.bulk_create(
        [EnergyTally(session_id=number) for number in known], ignore_conflicts=True
    )
    locked = EnergyTally.objects.select_for_update(no_key=True).filter(pk__in=numbers)
    tallies = {tally.pk: tally for tally in locked.order_by("pk")}
    facts = _facts(tallies)  # before the readings: what comes between is seen the next time
    readings, newest = _readings(tallies)
    _write({row["pk"]: (row["station_id"], _hours(row, readings[row["pk"]])) for row in facts})
    for row in facts:
        tally = tallies[row["pk"]]
        tally.seen = _seen(row)
        tally.is_open = row["status"] == SessionStatus.ACTIVE
        tally.last_value_id = max(tally.last_value_id, newest.get(tally.pk, 0))
    EnergyTally.objects.bulk_update(tallies.values(), ["seen", "is_open", "last_value_id"])
    return len(facts)


def _readings(numbers: Iterable[int]) -> tuple[dict[int, list[Point]], dict[int, int]]:
    """What the registers showed and when, and the newest row, of each session."""
    points: dict[int, list[Point]] = defaultdict(list)
    newest: dict[int, int] = {}
    rows = MeterValue.objects.filter(session__in=list(numbers)).order_by()
    for pk, session_id, at, register in rows.values_list(
        "pk", "session_id", "sampled_at", "energy_wh"
    ):
        assert session_id is not None
        newest[session_id] = max(pk, newest.get(session_id, 0))
        if register is not None:
            points[session_id].append((at, register))
    return points, newest


def _hours(facts: dict[str, Any], readings: list[Point]) -> dict[datetime, int]:
    """None of a session that is discarded, or counted in another one."""
    begun, ended = facts["started_at"], facts["stopped_at"] or facts["last_reading_at"]
    known = begun or ended
    if not facts["billable"] or known is None:
        return {}
    start = facts["meter_start_wh"] or 0
    return spread(
        begun=known,
        ended=ended or known,
        total_wh=facts["energy_wh"],
        points=[(at, register - start) for at, register in readings],
    )


def _write(wanted: dict[int, tuple[int, dict[datetime, int]]]) -> None:
    """Make the rows what they should be; those that are stay untouched."""
    gone, new = [], []
    standing: dict[int, dict[datetime, int]] = defaultdict(dict)
    for row in EnergyHour.objects.filter(session__in=list(wanted)).order_by():
        station_id, hours = wanted[row.session_id]
        if (hours.get(row.hour), station_id) == (row.energy_wh, row.station_id):
            standing[row.session_id][row.hour] = row.energy_wh
        else:
            gone.append(row.pk)
    for session_id, (station_id, hours) in wanted.items():
        for hour, energy_wh in hours.items():
            if hour not in standing[session_id]:
                key = {"session_id": session_id, "station_id": station_id}
                new.append(EnergyHour(**key, hour=hour, energy_wh=energy_wh))
    if gone:
        EnergyHour.objects.filter(pk__in=gone).delete()
    EnergyHour.objects.bulk_create(new)
