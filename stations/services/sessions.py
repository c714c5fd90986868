"""Sessions: authorise, start, end - right under retries, lost messages and late arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from rfid.services import cards
from rfid.services.cards import Authorization
from stations.models import ChargingSession, Connector, SessionStatus
from stations.readings import Reading
from stations.services import assignments, holds, metering, reservations, review, strangers

OPEN_ENDED = (SessionStatus.ACTIVE, SessionStatus.INFERRED)
ENDED_BY_A_STOP = ("NoStop", "Silent")  # reasons that are gone once the stop is there


class Start(NamedTuple):
    """What a StartTransaction says; times are the station's, energy in Wh."""

    connector_id: int
    id_tag: str
    started_at: datetime
    meter_start_wh: int
    started_at_raw: str = ""
    reservation_id: int | None = None  # the one it says it used, by its number for it


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
    """May ``id_tag`` charge at this station? ConcurrentTx where it charges at another one.

    A card nobody knows is noted for review.
    """
    authorization = _standing(station_id, id_tag, at)
    if authorization.card is None:
        strangers.unknown_card(station_id=station_id, id_tag=id_tag, at=at)
    return authorization


def _standing(station_id: int, id_tag: str, at: datetime) -> Authorization:
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
    authorization = _standing(station_id, start.id_tag, at)
    use = holds.of_start(
        connector=connector,
        id_tag=start.id_tag,
        parent_id_tag=authorization.parent_id_tag,
        named=start.reservation_id,
        at=start.started_at,
    )
    if use.refused and authorization.accepted:
        authorization = authorization._replace(status="Invalid")
    session = _open(connector, start, authorization, at)
    if use.reservation and (use.is_sure or authorization.accepted):
        reservations.use(reservation=use.reservation, session=session, at=at)
    if authorization.card is None:
        where = {"station_id": station_id, "connector_id": start.connector_id}
        strangers.unknown_card(id_tag=start.id_tag, at=at, **where)
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
        complete(session=session, stop=stop, at=at)
    else:
        review.stopped_again(session=session, stop=stop._asdict(), at=at)
    metering.record(readings=_of_session(session, stop.readings), at=at)
    return cards.authorize(id_tag=stop.id_tag, at=at) if stop.id_tag else None


def infer_end(*, connector: Connector, ended_at: datetime, at: datetime) -> None:
    """Close what is still open on ``connector`` though it ended by ``ended_at``: no stop came yet.

    It waits for review, and its late StopTransaction still completes it.
    """
    session = _locked_open(connector)
    if session is None or session.started_at is None or ended_at <= session.started_at:
        return
    before = review.facts(session)
    session.status = SessionStatus.INFERRED
    session.stopped_at = max(session.last_reading_at or session.started_at, session.started_at)
    session.meter_stop_wh = session.last_register_wh
    review.unflag(session, ["Silent"])
    review.flag(session, "NoStop")
    session.save()
    review.follow(session=session, before=before, at=at)
    assignments.session_over(session=session, at=session.stopped_at)


def _known_start(connector: Connector, start: Start) -> ChargingSession | None:
    """The session an earlier copy of this StartTransaction opened (stations retry, section 3.7)."""
    return (
        ChargingSession.objects.filter(
            station_id=connector.station_id,
            connector=connector,
            id_tag=start.id_tag,
            meter_start_wh=start.meter_start_wh,
        )
        .filter(_said_at("started_at", start.started_at, start.started_at_raw))
        .exclude(status=SessionStatus.ORPHANED)
        .select_related("card__group")
        .first()
    )


def _open(
    connector: Connector, start: Start, authorization: Authorization, at: datetime
) -> ChargingSession:
    """Insert the session; of two that overlap on one connector the older one must have ended."""
    infer_end(connector=connector, ended_at=start.started_at, at=at)
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
        review.flag(session, "NoStop")
    session.save(force_insert=True)
    review.follow(session=session, before={}, at=at)
    if not overtaken:
        assignments.session_began(session=session, at=at)
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
    """What an earlier copy of this stop ended, or the orphan it left."""
    return own.filter(
        _said_at("stopped_at", stop.stopped_at, stop.stopped_at_raw),
        status__in=(SessionStatus.COMPLETED, SessionStatus.ORPHANED),
        reported_transaction_id=stop.transaction_id,
        meter_stop_wh=stop.meter_stop_wh,
    ).first()


def _said_at(field: str, moment: datetime, raw: str) -> Q:
    """At this time by the station's word, also where an operator corrected it since."""
    return Q(**{field: moment}) | Q(**{f"{field}_raw": raw}) if raw else Q(**{field: moment})


def _only_candidate(own: QuerySet[ChargingSession], stop: Stop) -> ChargingSession | None:
    """The one that was open when it was stopped; one still open before one inferred to be over."""
    open_then = own.filter(started_at__lte=stop.stopped_at, meter_start_wh__lte=stop.meter_stop_wh)
    if stop.id_tag:
        open_then = open_then.filter(id_tag__iexact=stop.id_tag)
    # One that was inferred to be over ended at the latest when the next one began.
    next_one = ChargingSession.objects.filter(
        connector=OuterRef("connector"),
        started_at__gt=OuterRef("started_at"),
        started_at__lt=stop.stopped_at,
    )
    for status in OPEN_ENDED:
        candidates = list(open_then.filter(~Exists(next_one), status=status)[:2])
        if candidates:
            return candidates[0] if len(candidates) == 1 else None
    return None


def _of_session(session: ChargingSession, readings: Sequence[Reading]) -> list[Reading]:
    """A stop's readings name no connector, and after an offline start not the right number."""
    if not readings:
        return []
    number = session.connector.connector_id if session.connector else 0
    return [r._replace(connector_id=number, transaction_id=session.pk) for r in readings]


def complete(*, session: ChargingSession, stop: Stop, at: datetime) -> None:
    """Give an open or inferred ``session``, whose row the caller holds, its stop."""
    before = review.facts(session)
    review.unflag(session, ENDED_BY_A_STOP)
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
    review.follow(session=session, before=before, at=at)
    assignments.session_over(session=session, at=at)


def _settle_energy(session: ChargingSession) -> None:
    """End register minus start register where that makes sense; else what was metered, flagged."""
    assert session.meter_stop_wh is not None
    energy_wh = session.meter_stop_wh - (session.meter_start_wh or 0)
    if energy_wh >= 0:
        session.energy_wh = energy_wh
    else:
        review.flag(session, "RegisterMismatch")
    if session.started_at and session.stopped_at and session.stopped_at < session.started_at:
        review.flag(session, "ClockSkew")


def _keep_orphan(station_id: int, stop: Stop, at: datetime) -> ChargingSession:
    orphan, is_new = ChargingSession.objects.get_or_create(
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
    review.follow(session=orphan, before={} if is_new else review.facts(orphan), at=at)
    return orphan
