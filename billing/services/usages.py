"""Usage: what pricing has to know of sessions, read for many at once in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models.expressions import RawSQL

from billing.rating.terms import ALWAYS, Kind, Terms
from billing.rating.usage import Reading, Reservation, StateChange, Usage
from cms.shared import bulk
from stations import by_now
from stations.models import ChargingSession, ConnectorStatus, MeterValue, StatusChange
from stations.models import Reservation as ReservationRow

# Where the vehicle takes nothing although it could. A station that holds it back (SuspendedEVSE)
# is no reason to charge the driver for parking.
IDLE = frozenset({ConnectorStatus.SUSPENDED_EV, ConnectorStatus.FINISHING})
OCCUPIED = IDLE | {ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EVSE}
PARKED_AT_MOST = timedelta(hours=24)  # after the stop; a station may never say it is free again
# Spans of time at connectors, and what was reported within them: hundreds of conditions in one.
_SPAN = {"connector": "bigint", "since": "timestamptz", "until": "timestamptz"}
_WITHIN = (
    "SELECT changed.id FROM {spans} JOIN stations_statuschange AS changed"
    " ON changed.connector_id = v.connector"
    " AND changed.reported_at BETWEEN v.since AND v.until"
)


class Known(NamedTuple):
    """The usage of a session, and whether it may grow still: the vehicle is parked there."""

    usage: Usage
    is_over: bool


def of_sessions(
    sessions: Sequence[ChargingSession], terms: dict[int, Terms], *, at: datetime
) -> dict[int, Known]:
    """What happened in each session, as far as its terms ask for it. Four queries at most.

    ``sessions`` have their connector and station with its site at hand.
    """
    by_now.catch_up(sessions)
    curves = [session for session in sessions if _needs_readings(terms[session.pk])]
    parked = [session for session in sessions if _needs_states(terms[session.pk])]
    reserved = [session for session in sessions if _needs_reservation(terms[session.pk])]
    readings, states = _readings(curves), _states(parked)
    reservations = _reservations(reserved)
    return {
        session.pk: _known(
            session,
            readings.get(session.pk, ()),
            states.get(session.pk, []),
            reservations.get(session.pk),
            at,
        )
        for session in sessions
    }


def _known(
    session: ChargingSession,
    readings: Sequence[Reading],
    statuses: list[tuple[datetime, str]],
    reservation: Reservation | None,
    at: datetime,
) -> Known:
    ended_at, is_over = _end(session, statuses, at)
    settled_at = at - timedelta(seconds=settings.BILLING_SETTLE_SECONDS)
    is_settled = session.stop_received_at is None or session.stop_received_at <= settled_at
    connector, site = session.connector, session.station.site
    usage = Usage(
        zone=site.time_zone if site else "UTC",
        started_at=session.started_at,
        ended_at=ended_at,
        readings=[*_registers(session), *readings] if readings else (),
        states=[StateChange(moment, status in IDLE) for moment, status in statuses],
        energy_wh=session.energy_wh,
        power_w=connector.max_power_w if connector else None,
        reservation=reservation,
    )
    return Known(usage, is_over and is_settled)


def _registers(session: ChargingSession) -> Iterator[Reading]:
    """What the start and the stop themselves say of the meter."""
    if session.started_at and session.meter_start_wh is not None:
        yield Reading(session.started_at, session.meter_start_wh)
    if session.stopped_at and session.meter_stop_wh is not None:
        yield Reading(session.stopped_at, session.meter_stop_wh)


def _end(
    session: ChargingSession, statuses: list[tuple[datetime, str]], at: datetime
) -> tuple[datetime | None, bool]:
    """When the connector was free again, and whether that is known; the stop where it left at once.

    A session under way has no end.
    """
    stopped = session.stopped_at
    if stopped is None or session.is_open:
        return None, False
    after = [(moment, status) for moment, status in statuses if moment >= stopped]
    if not after or after[0][1] != ConnectorStatus.FINISHING:
        return stopped, True
    latest = stopped + PARKED_AT_MOST
    left = next((moment for moment, status in after if status not in OCCUPIED), None)
    if left is None and at < latest:
        return at, False
    return min(left or latest, latest), True


def _needs_readings(terms: Terms) -> bool:
    """Whether it matters when energy was taken, not only how much."""
    return any(component.when != ALWAYS for component in terms.components)


def _needs_states(terms: Terms) -> bool:
    return Kind.IDLE in terms.of_kind or Kind.TIME in terms.of_kind


def _needs_reservation(terms: Terms) -> bool:
    return Kind.RESERVATION in terms.of_kind or Kind.RESERVATION_TIME in terms.of_kind


def _readings(sessions: Sequence[ChargingSession]) -> dict[int, list[Reading]]:
    found: dict[int, list[Reading]] = defaultdict(list)
    if sessions:
        rows = MeterValue.objects.filter(
            session__in=[session.pk for session in sessions], energy_wh__isnull=False
        ).order_by("session_id", "sampled_at")
        for session_id, moment, register in rows.values_list("session", "sampled_at", "energy_wh"):
            found[session_id].append(Reading(moment, register or 0))
    return found


def _states(sessions: Sequence[ChargingSession]) -> dict[int, list[tuple[datetime, str]]]:
    """The statuses of each session's connector from its start until a day after its stop."""
    timed = [session for session in sessions if session.started_at and session.connector_id]
    if not timed:
        return {}
    rows: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    spans, parameters = bulk.table(_SPAN, _spans(timed))
    within = RawSQL(_WITHIN.format(spans=spans), parameters)  # noqa: S611 - no word of anybody's
    changes = StatusChange.objects.filter(pk__in=within).order_by(
        "connector_id", "reported_at", "id"
    )
    for connector_id, moment, status in changes.values_list("connector", "reported_at", "status"):
        rows[connector_id].append((moment, status))
    return {session.pk: _during(session, rows[session.connector_id or 0]) for session in timed}


def _spans(sessions: Iterable[ChargingSession]) -> list[tuple[int, datetime, datetime]]:
    """For each connector the time its sessions cover."""
    spans: dict[int, tuple[datetime, datetime]] = {}
    for session in sessions:
        assert session.connector_id is not None
        assert session.started_at is not None
        begin, end = session.started_at, _until(session)
        first, last = spans.get(session.connector_id, (begin, end))
        spans[session.connector_id] = min(first, begin), max(last, end)
    return [(connector_id, *span) for connector_id, span in spans.items()]


def _until(session: ChargingSession) -> datetime:
    if session.stopped_at and not session.is_open:
        return session.stopped_at + PARKED_AT_MOST
    return datetime.max.replace(tzinfo=session.started_at.tzinfo if session.started_at else None)


def _during(
    session: ChargingSession, changes: list[tuple[datetime, str]]
) -> list[tuple[datetime, str]]:
    """Those of ``session``: until its vehicle has left."""
    assert session.started_at is not None
    found = []
    for moment, status in changes:
        if not session.started_at <= moment <= _until(session):
            continue
        found.append((moment, status))
        if session.stopped_at and moment >= session.stopped_at and status not in OCCUPIED:
            break
    return found


def _reservations(sessions: Sequence[ChargingSession]) -> dict[int, Reservation]:
    if not sessions:
        return {}
    rows = ReservationRow.objects.filter(session__in=[session.pk for session in sessions])
    return {
        row.session_id or 0: Reservation(row.requested_at, row.ended_at)
        for row in rows
        if row.ended_at
    }
