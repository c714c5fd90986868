"""Sessions: authorise, start, end - right under retries, lost messages and late arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from rfid.services import cards
from rfid.services.cards import Authorization
from stations.models import ChargingSession, Connector, SessionStatus
from stations.readings import Reading
from stations.services import metering, reservations

OPEN_ENDED = (SessionStatus.ACTIVE, SessionStatus.INFERRED)


class Start(NamedTuple):
    """What a StartTransaction says; times are the station's, energy in Wh."""

    connector_id: int
    id_tag: str
    started_at: datetime
    meter_start_wh: int
    started_at_raw: str = ""


class Stop(NamedTuple):
    """What a StopTransaction says; times are the station's, energy in Wh."""

    transaction_id: int
    stopped_at: datetime
    meter_stop_wh: int
    stopped_at_raw: str = ""
    id_tag: str = ""
    reason: str = "Local"  # what an absent reason means, OCPP 1.6 section 6.49
    readings: tuple[Reading, ...] = ()


class Started(NamedTuple):
    """The transaction id, always a real one, and whether the card may charge."""

    transaction_id: int
    authorization: Authorization


def authorize(*, station_id: int, id_tag: str, at: datetime) -> Authorization:
    """May ``id_tag`` charge at this station? ConcurrentTx where it charges at another one."""
    authorization = cards.authorize(id_tag=id_tag, at=at)
    if not authorization.accepted:
        return authorization
    # Only what was granted counts: a refused attempt elsewhere must not lock the driver out here.
    elsewhere = ChargingSession.objects.filter(
        card=authorization.card, status=SessionStatus.ACTIVE, authorization="Accepted"
    ).exclude(station_id=station_id)
    return authorization._replace(status="ConcurrentTx") if elsewhere.exists() else authorization


@transaction.atomic
def start(*, station_id: int, start: Start, at: datetime) -> Started:
    """Open a session, or recognise a repeated start. A refused card gets its row, too:

    the energy may flow anyway (OCPP 1.6 section 4.8; StopTransactionOnInvalidId may be false).
    Raises DomainError for a connector number no connector has.
    """
    connector = Connector.objects.locked(station_id=station_id, connector_id=start.connector_id)
    known = _known_start(connector, start)
    if known is not None:
        return Started(known.pk, Authorization(known.authorization, known.card))
    authorization = authorize(station_id=station_id, id_tag=start.id_tag, at=at)
    reservation = reservations.holding(connector=connector, at=start.started_at)
    fits = reservation is not None and reservations.fits(
        reservation, id_tag=start.id_tag, parent_id_tag=authorization.parent_id_tag
    )
    keeps = reservation and not fits and reservations.keeps(reservation, connector=connector)
    if keeps and authorization.accepted:
        authorization = authorization._replace(status="Invalid")
    session = _open(connector, start, authorization, at)
    if reservation and fits and authorization.accepted:
        reservations.use(reservation=reservation, session=session, at=at)
    return Started(session.pk, authorization)


@transaction.atomic
def end(*, station_id: int, stop: Stop, at: datetime) -> Authorization | None:
    """Complete the session a station stopped; a stop of one nobody knows is kept as an orphan.

    Never refuses (OCPP 1.6 section 4.10). A repeated stop changes nothing. Gives the standing of
    the card that stopped it, where one is named.
    """
    session = _session_to_end(station_id, stop)
    if session is None:
        session = _keep_orphan(station_id, stop, at)
    elif session.status in OPEN_ENDED:
        _complete(session, stop, at)
    metering.record(readings=_of_session(session, stop.readings), at=at)
    return cards.authorize(id_tag=stop.id_tag, at=at) if stop.id_tag else None


def infer_end(*, connector: Connector, ended_at: datetime) -> None:
    """Close what is still open on ``connector`` though it ended by ``ended_at``: no stop came yet.

    It waits for review, and its late StopTransaction still completes it.
    """
    session = _locked_open(connector)
    if session is None or session.started_at is None or ended_at <= session.started_at:
        return
    session.status = SessionStatus.INFERRED
    session.stopped_at = max(session.last_reading_at or session.started_at, session.started_at)
    session.meter_stop_wh = session.last_register_wh
    _flag(session, "NoStop")
    session.save()


def _known_start(connector: Connector, start: Start) -> ChargingSession | None:
    """The session an earlier copy of this StartTransaction opened (stations retry, section 3.7)."""
    return (
        ChargingSession.objects.filter(
            station_id=connector.station_id,
            connector=connector,
            id_tag=start.id_tag,
            started_at=start.started_at,
            meter_start_wh=start.meter_start_wh,
        )
        .exclude(status=SessionStatus.ORPHANED)
        .select_related("card__group")
        .first()
    )


def _open(
    connector: Connector, start: Start, authorization: Authorization, at: datetime
) -> ChargingSession:
    """Insert the session; of two that overlap on one connector the older one must have ended."""
    infer_end(connector=connector, ended_at=start.started_at)
    overtaken = _locked_open(connector) is not None  # this start arrived after a younger one
    session = ChargingSession(
        station_id=connector.station_id,
        connector=connector,
        card=authorization.card,
        id_tag=start.id_tag,
        authorization=authorization.status,
        status=SessionStatus.INFERRED if overtaken else SessionStatus.ACTIVE,
        started_at=start.started_at,
        started_at_raw=start.started_at_raw,
        start_received_at=at,
        meter_start_wh=start.meter_start_wh,
    )
    if overtaken:
        session.stopped_at = start.started_at
        _flag(session, "NoStop")
    session.save(force_insert=True)
    return session


def _locked_open(connector: Connector) -> ChargingSession | None:
    return (
        ChargingSession.objects.select_for_update(no_key=True)
        .filter(connector=connector, status=SessionStatus.ACTIVE)
        .first()
    )


def _session_to_end(station_id: int, stop: Stop) -> ChargingSession | None:
    """Ours by its id; else, for the -1 or 0 of an offline start, the one it can only be."""
    own = ChargingSession.objects.select_for_update(no_key=True).filter(station_id=station_id)
    if stop.transaction_id > 0:
        return own.filter(pk=stop.transaction_id).exclude(status=SessionStatus.ORPHANED).first()
    return _ended_before(own, stop) or _only_candidate(own, stop)


def _ended_before(own: QuerySet[ChargingSession], stop: Stop) -> ChargingSession | None:
    """What an earlier copy of this stop ended."""
    return own.filter(
        status=SessionStatus.COMPLETED,
        reported_transaction_id=stop.transaction_id,
        stopped_at=stop.stopped_at,
        meter_stop_wh=stop.meter_stop_wh,
    ).first()


def _only_candidate(own: QuerySet[ChargingSession], stop: Stop) -> ChargingSession | None:
    """The one that was open when it was stopped; one still open before one inferred to be over."""
    open_then = own.filter(started_at__lte=stop.stopped_at, meter_start_wh__lte=stop.meter_stop_wh)
    if stop.id_tag:
        open_then = open_then.filter(id_tag__iexact=stop.id_tag)
    for status in OPEN_ENDED:
        candidates = list(open_then.filter(status=status)[:2])
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _of_session(session: ChargingSession, readings: Sequence[Reading]) -> list[Reading]:
    """A stop's readings name no connector, and after an offline start not the right number."""
    if not readings:
        return []
    number = session.connector.connector_id if session.connector else 0
    return [r._replace(connector_id=number, transaction_id=session.pk) for r in readings]


def _complete(session: ChargingSession, stop: Stop, at: datetime) -> None:
    session.review_reasons = [r for r in session.review_reasons if r != "NoStop"]
    session.needs_review = bool(session.review_reasons)
    session.status = SessionStatus.COMPLETED
    session.stopped_at, session.stopped_at_raw = stop.stopped_at, stop.stopped_at_raw
    session.stop_received_at = at
    session.stop_reason, session.stop_id_tag = stop.reason, stop.id_tag
    session.meter_stop_wh = stop.meter_stop_wh
    session.power_w = None
    if stop.transaction_id != session.pk:
        session.reported_transaction_id = stop.transaction_id
    _settle_energy(session)
    session.save()


def _settle_energy(session: ChargingSession) -> None:
    """End register minus start register where that makes sense; else what was metered, flagged."""
    assert session.meter_stop_wh is not None
    energy_wh = session.meter_stop_wh - (session.meter_start_wh or 0)
    if energy_wh >= 0:
        session.energy_wh = energy_wh
    else:
        _flag(session, "RegisterMismatch")
    if session.started_at and session.stopped_at and session.stopped_at < session.started_at:
        _flag(session, "ClockSkew")


def _keep_orphan(station_id: int, stop: Stop, at: datetime) -> ChargingSession:
    orphan, _ = ChargingSession.objects.get_or_create(
        station_id=station_id,
        status=SessionStatus.ORPHANED,
        reported_transaction_id=stop.transaction_id,
        stopped_at=stop.stopped_at,
        meter_stop_wh=stop.meter_stop_wh,
        defaults={
            "id_tag": stop.id_tag,
            "stop_id_tag": stop.id_tag,
            "stopped_at_raw": stop.stopped_at_raw,
            "stop_received_at": at,
            "stop_reason": stop.reason,
            "needs_review": True,
            "review_reasons": ["NoStart"],
        },
    )
    return orphan


def _flag(session: ChargingSession, reason: str) -> None:
    session.needs_review = True
    if reason not in session.review_reasons:
        session.review_reasons = [*session.review_reasons, reason]
