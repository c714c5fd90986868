"""What sessions cost: the live cost, the bill and a preview come from here, by one function."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from billing.models import SessionTariff, TariffVersion
from billing.rating.bill import Bill
from billing.rating.pricing import price
from billing.rating.terms import Terms
from billing.rating.usage import Usage
from billing.services import tariffs, usages
from cms.shared.errors import Conflict, NotFound
from stations.models import ChargingSession

_OF_SESSION = (
    *("station", "connector", "card", "status", "billable", "needs_review", "energy_wh"),
    *("started_at", "meter_start_wh", "stopped_at", "stop_received_at", "meter_stop_wh"),
)
_FIELDS = (
    *(f"session__{name}" for name in _OF_SESSION),
    *("session__connector__max_power_w", "session__card__user", "session__card__group"),
    *("session__station__site__time_zone", "session__station__site__country"),
)


class Priced(NamedTuple):
    """A session with its price, and what it was worked out from."""

    session: ChargingSession
    version: TariffVersion
    usage: Usage
    bill: Bill
    is_over: bool  # nothing will be added: the session ended, and its vehicle has left


class Unpriced(NamedTuple):
    """A session that has no price, and why."""

    session: ChargingSession
    error: str


def of_rows(rows: Sequence[SessionTariff], *, at: datetime) -> list[Priced | Unpriced]:
    """The price of each session by its frozen tariff at ``at``, in a few queries for all.

    Rows come with their version's tariff, and their session with connector and site at hand.
    """
    terms = _terms({row.version_id: row.version for row in rows})
    by_session = {row.session_id: terms[row.version_id] for row in rows}
    known = usages.of_sessions([row.session for row in rows], by_session, at=at)
    return [
        _priced(row.session, row.version, known[row.session_id], by_session[row.session_id], at)
        for row in rows
    ]


def of_session(*, session_id: int, at: datetime) -> Priced:
    """What a session costs so far, or cost. Raises NotFound, Conflict where it has no price."""
    row = rows_with_sessions().filter(session=session_id).first()
    if row is None:
        raise NotFound("Session %(session_id)s has no tariff", session_id=session_id)
    [found] = of_rows([row], at=at)
    if isinstance(found, Unpriced):
        raise Conflict(
            "Session %(session_id)s has no price: %(error)s",
            session_id=session_id,
            error=found.error,
        )
    return found


def with_version(*, row: SessionTariff, version: TariffVersion, at: datetime) -> Priced:
    """What a session would cost by another ``version``. Raises Conflict where it has no price."""
    terms = tariffs.terms_of(version)
    known = usages.of_sessions([row.session], {row.session_id: terms}, at=at)[row.session_id]
    found = _priced(row.session, version, known, terms, at)
    if isinstance(found, Unpriced):
        raise Conflict(
            "Session %(session_id)s has no price: %(error)s",
            session_id=row.session_id,
            error=found.error,
        )
    return found


def rows_with_sessions() -> QuerySet[SessionTariff]:
    """Frozen tariffs with all that pricing and billing look at, and nothing else.

    Sessions and stations are wide, and versions are few: reading all of them for each row would
    cost more than the price.
    """
    rows = SessionTariff.objects.select_related(
        "session__connector", "session__station__site", "session__card"
    )
    own = (field.name for field in SessionTariff._meta.concrete_fields)
    return rows.only(*own, *_FIELDS).prefetch_related("version__tariff")


def seconds(usage: Usage, at: datetime) -> tuple[int, int]:
    """How long a session charged, and how long it was connected without charging; in seconds."""
    span = usage.span(at)
    if span is None:
        return 0, 0
    start, end = span
    idle, since = timedelta(), None
    for change in sorted(usage.states):
        moment = min(max(change.at, start), end)
        if since is not None:
            idle += moment - since
        since = moment if change.idle else None
    idle += end - since if since is not None else timedelta()
    return round((end - start - idle).total_seconds()), round(idle.total_seconds())


def _terms(versions: dict[int, TariffVersion]) -> dict[int, Terms]:
    return {pk: tariffs.terms_of(version) for pk, version in versions.items()}


def _priced(
    session: ChargingSession,
    version: TariffVersion,
    known: usages.Known,
    terms: Terms,
    at: datetime,
) -> Priced | Unpriced:
    try:
        bill = price(known.usage, terms, None if known.usage.ended_at else at)
    except ValueError as problem:
        return Unpriced(session, str(problem))
    return Priced(session, version, known.usage, bill, known.is_over)
