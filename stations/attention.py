"""What needs somebody's attention now: the rules of the work queue.

An item goes by itself once its reason is gone. Apps above have rules of their own, of the same
form (billing/attention.py); how items are shown stands in stations/admin/attention.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    Field,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
    ConnectorStatus,
    Happening,
    HappeningKind,
    Registration,
    SessionStatus,
    Snooze,
)

FAULTED, OFFLINE, PENDING, STUCK, REFUSED = "faulted", "offline", "pending", "stuck", "refused"
FAULTED_FOR = timedelta(minutes=5)
MISSED_HEARTBEATS = 2
UNMETERED_FOR = timedelta(minutes=15)
REFUSED_WITHIN, REFUSED_MOST = timedelta(minutes=10), 3
MOST = 1000  # items looked at: where a whole network is down no longer list helps
_SHORTEST_S = 10  # of the heartbeat intervals a station may have of its own

Seen = Callable[[Any], Any]
Rule = tuple[str, "QuerySet[Any]", dict[str, Any]]  # a kind, its rows, and their columns


class Item(NamedTuple):
    """Something to look at; its kind and subject (the number of a row) make it one thing."""

    kind: str
    subject: int
    since: datetime
    name: str  # of the station, or of whatever it is about
    detail: str = ""
    station_id: int | None = None
    connector_id: int | None = None
    site_id: int | None = None
    is_connected: bool = False
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None


_TYPES: dict[str, Field[Any, Any]] = {
    "detail": CharField(),
    "station_id": BigIntegerField(),
    "connector_id": BigIntegerField(),
    "site_id": BigIntegerField(),
    "is_connected": BooleanField(),
}


def everything(rows: Any) -> Any:
    """All of ``rows``: what who may see everything sees."""
    return rows


def of_stations(*, at: datetime, seen: Seen = everything) -> list[Item]:
    """What needs attention at the stations, oldest first, in one query; snoozed ones are in it.

    ``seen`` narrows a query to the rows that somebody may see.
    """
    parts = [
        columns(seen(rows), kind, at, **more)
        for kind, rows, more in (
            _faulted(at),
            _offline(at),
            _pending(),
            _stuck(at),
            _refused(at),
        )
    ]
    found = parts[0].union(*parts[1:], all=True).order_by("i_since", "i_kind", "i_subject")[:MOST]
    items = (Item(*row) for row in found)
    return [item for item in items if item.kind != OFFLINE or _is_silent(item, at)]


def columns(rows: QuerySet[Any], kind: str, at: datetime, **more: Any) -> QuerySet[Any]:
    """``rows`` as the columns of an Item, each of one type: they stand below one another.

    ``more``: the expressions of ``subject``, ``since``, ``name`` and whatever else there is.
    """
    snoozes = Snooze.objects.filter(kind=kind, subject=OuterRef(more["subject"]), until__gt=at)
    by = f"by__{get_user_model().USERNAME_FIELD}"
    shown = {
        "kind": Value(kind, output_field=CharField()),
        **{name: Cast(Value(None), field) for name, field in _TYPES.items()},
        **{name: F(value) if isinstance(value, str) else value for name, value in more.items()},
        "snoozed_until": Subquery(snoozes.values("until")[:1], output_field=DateTimeField()),
        "snoozed_by": Subquery(snoozes.values(by)[:1], output_field=CharField()),
    }
    found: QuerySet[Any] = rows.order_by().annotate(
        **{f"i_{name}": shown[name] for name in Item._fields}
    )
    return found.values_list(*(f"i_{name}" for name in Item._fields))


def _at_station(prefix: str = "") -> dict[str, Any]:
    """Where it is: columns of the station that ``prefix`` leads to."""
    socket = Q(**{f"{prefix}connection_id__gt": "", f"{prefix}online": True})
    return {
        "name": f"{prefix}cp_id",
        "station_id": f"{prefix}pk",
        "site_id": f"{prefix}site_id",
        "is_connected": Case(When(socket, then=True), default=False),
    }


def _faulted(at: datetime) -> Rule:
    """Connectors that say Faulted, and have for five minutes."""
    since = Coalesce("status_since", "status_received_at")
    rows = Connector.objects.alias(began=since).filter(
        status=ConnectorStatus.FAULTED, began__lt=at - FAULTED_FOR
    )
    more = {"subject": "pk", "since": since, "detail": "error_code", "connector_id": "connector_id"}
    return FAULTED, rows, {**more, **_at_station("station__")}


def _offline(at: datetime) -> Rule:
    """Stations of ours that were there once and said nothing for two heartbeat intervals.

    Those with an interval of their own are looked at once more: SQLite cannot multiply times.
    """
    usual = settings.OCPP_HEARTBEAT_INTERVAL
    interval = Cast(Coalesce("heartbeat_interval_s", Value(usual)), CharField())
    own = Q(heartbeat_interval_s__isnull=False, last_seen_at__lt=_missed(at, _SHORTEST_S))
    others = Q(heartbeat_interval_s__isnull=True, last_seen_at__lt=_missed(at, usual))
    rows = ChargingStation.objects.filter(own | others, registration=Registration.ACCEPTED)
    more = {"subject": "pk", "since": "last_seen_at", "detail": interval}
    return OFFLINE, rows, {**more, **_at_station()}


def _is_silent(item: Item, at: datetime) -> bool:
    return item.since < _missed(at, int(item.detail))


def _missed(at: datetime, interval_s: int) -> datetime:
    return at - timedelta(seconds=MISSED_HEARTBEATS * interval_s)


def _pending() -> Rule:
    """Stations that wait to be let in."""
    rows = ChargingStation.objects.filter(registration=Registration.PENDING)
    return PENDING, rows, {"subject": "pk", "since": "created_at", **_at_station()}


def _stuck(at: datetime) -> Rule:
    """Sessions under way of which no meter value came for a quarter of an hour."""
    since = Coalesce("last_reading_at", "start_received_at")
    rows = ChargingSession.objects.alias(latest=since).filter(
        status=SessionStatus.ACTIVE, latest__lt=at - UNMETERED_FOR
    )
    more = {"subject": "pk", "since": since, "connector_id": "connector__connector_id"}
    return STUCK, rows, {**more, **_at_station("station__")}


def _refused(at: datetime) -> Rule:
    """Stations that refused more than three cards within ten minutes."""
    mine = Happening.objects.filter(
        kind=HappeningKind.CARD_REFUSED,
        station=OuterRef("pk"),
        at__gte=at - REFUSED_WITHIN,
        at__lte=at,
    ).order_by()
    of_one = mine.values("station")
    rows = ChargingStation.objects.alias(
        refusals=Subquery(of_one.annotate(n=Count("pk")).values("n"))
    ).filter(refusals__gt=REFUSED_MOST)
    since = Subquery(of_one.annotate(first=Min("at")).values("first"))
    times = Cast("refusals", CharField())
    return REFUSED, rows, {"subject": "pk", "since": since, "detail": times, **_at_station()}
