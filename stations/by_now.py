"""Live values: what a session under way took by now, where its row lags behind its readings.

Every reading is stored and told at once, but writing the row of a session for each of them is most
of what a busy fleet costs the database: it is written once in LIVEMETRICS_DB_UPDATE_INTERVAL by
the times of the readings (services/metering.py). Whoever acts on a session under way, or shows
one, looks here first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    ExpressionWrapper,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

from stations.models import ChargingSession, MeterValue, SessionStatus

_BEFORE_ANY_READING = datetime(1, 1, 1, tzinfo=UTC)
_LAGGING = ("last_reading_at", "last_register_wh", "energy_wh", "power_w", "soc_percent")
NAMES = tuple(f"{column}_by_now" for column in _LAGGING)


def interval() -> timedelta:
    """How much younger than what its row shows a reading has to be for the row to be written."""
    return timedelta(milliseconds=settings.LIVEMETRICS_DB_UPDATE_INTERVAL)


def newest(rows: QuerySet[MeterValue] | None = None) -> dict[str, Subquery]:
    """Annotations of sessions: the newest value of each kind, by the times of their readings.

    ``newest_counted`` is the newest register that is not below the start's. ``rows``: among these.
    """
    own = MeterValue.objects if rows is None else rows
    read = own.filter(session=OuterRef("pk")).order_by("-sampled_at", "-pk")
    registers = read.filter(energy_wh__isnull=False)
    return {
        "newest_at": Subquery(read.values("sampled_at")[:1]),
        "newest_register": Subquery(registers.values("energy_wh")[:1]),
        "newest_counted": Subquery(
            registers.filter(energy_wh__gte=OuterRef("meter_start_wh")).values("energy_wh")[:1]
        ),
        "newest_power": Subquery(read.filter(power_w__isnull=False).values("power_w")[:1]),
        "newest_soc": Subquery(read.filter(soc_percent__isnull=False).values("soc_percent")[:1]),
    }


def columns() -> dict[str, Case]:
    """Annotations of sessions, NAMES: what their columns would say were each reading written."""
    # Of the moment that is shown, too: stations spread the values of one over several messages.
    shown_at = Coalesce(OuterRef("last_reading_at"), _BEFORE_ANY_READING)
    found = newest(MeterValue.objects.filter(sampled_at__gte=shown_at))
    energy = ExpressionWrapper(found["newest_counted"] - F("meter_start_wh"), BigIntegerField())
    read = (
        *(found["newest_at"], found["newest_register"], energy),
        *(found["newest_power"], found["newest_soc"]),
    )
    return {
        name: Case(
            When(status=SessionStatus.ACTIVE, then=Coalesce(value, F(column))), default=F(column)
        )
        for name, column, value in zip(NAMES, _LAGGING, read, strict=True)
    }


def first(rows: QuerySet[ChargingSession], most: int) -> list[ChargingSession]:
    """The first ``most`` of ``rows`` as they stand by now, in the one query they take anyway."""
    found = list(rows.annotate(**columns())[:most])
    for session in found:
        _say(session, [getattr(session, name) for name in NAMES])
    return found


def catch_up(sessions: Iterable[ChargingSession]) -> None:
    """Let those of ``sessions`` that are under way say what was read by now. Writes nothing.

    One query, none where none is under way. Whoever saves one has to hold its row.
    """
    behind = {session.pk: session for session in sessions if session.is_open}
    if not behind:
        return
    rows = ChargingSession.objects.filter(pk__in=behind).order_by().annotate(**columns())
    for number, *values in rows.values_list("pk", *NAMES):
        _say(behind[number], values)


def _say(session: ChargingSession, values: Sequence[object]) -> None:
    for column, value in zip(_LAGGING, values, strict=True):
        setattr(session, column, value)
