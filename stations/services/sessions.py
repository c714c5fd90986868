"""Sessions: authorise, start, end - right under retries, lost messages and late arrivals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from rfid.services import cards
from rfid.services.cards import Authorization
from stations import events, hooks
from stations.models import ChargingSession, Connector, HappeningKind, SessionStatus
from stations.models.sessions import OPEN_ENDED
from stations.readings import Reading
from stations.services import (
    assignments,
    captures,
    endings,
    filing,
    happenings,
    holds,
    metering,
    pairing,
    reservations,
    review,
    strangers,
)

Stop = endings.Stop


class Start(NamedTuple):
    """What a StartTransaction says; times are the station's, energy in Wh."""

    connector_id: int
    id_tag: str
    started_at: datetime
    meter_start_wh: int
    started_at_raw: str = ""
    reservation_id: int | None = None  # the one it says it used, by its number for it


class Started(NamedTuple):
    """The transaction id, always a real one, and whether the card may charge."""

    transaction_id: int
    authorization: Authorization


def authorize(*, station_id: int, id_tag: str, at: datetime) -> Authorization:
    """May ``id_tag`` charge at this station? ConcurrentTx where it charges at another one.

    A card nobody knows is noted for review, and captured by who waits for one.
    """
    authorization = standing(station_id=station_id, id_tag=id_tag, at=at)
    if authorization.card is None:
        strangers.unknown_card(station_id=station_id, id_tag=id_tag, at=at)
    captures.presented(station_id=station_id, id_tag=id_tag, card=authorization.card, at=at)
    if not authorization.accepted:
        _refused(authorization, station_id=station_id, id_tag=id_tag, at=at)
    return authorization


def _refused(authorization: Authorization, *, station_id: int, id_tag: str, at: datetime) -> None:
    said = {"detail": id_tag, "outcome": authorization.status}
    happenings.note(HappeningKind.CARD_REFUSED, station_id=station_id, at=at, **said)


def standing(
    *, station_id: int, id_tag: str, at: datetime, is_for_later: bool = False
) -> Authorization:
    """The same without noting anything. Reads only.

    ``is_for_later``: a session elsewhere may be over by then.
    """
    authorization = cards.authorize(id_tag=id_tag, at=at)
    if not authorization.accepted:
        return authorization
    # Only what was granted counts: a refused attempt elsewhere must not lock the driver out here.
    elsewhere = ChargingSession.objects.filter(
        card=authorization.card, status=SessionStatus.ACTIVE, authorization="Accepted"
    ).exclude(station_id=station_id)
    if not is_for_later and elsewhere.exists():
        return authorization._replace(status="ConcurrentTx")
    refused = authorization.card and hooks.refusal(authorization.card, station_id, at)
    return authorization._replace(status=refused) if refused else authorization


@transaction.atomic
def start(*, station_id: int, start: Start, at: datetime) -> Started:
    """Open a session, or recognise a repeated start. A refused card gets its row, too:

    the energy may flow anyway (OCPP 1.6 section 4.8; StopTransactionOnInvalidId may be false).
    Raises DomainError for a connector number no connector has.
    """
    filing.hold(station_id)
    connector = Connector.objects.locked(station_id=station_id, connector_id=start.connector_id)
    known = _known_start(connector, start)
    if known is not None:
        return Started(known.pk, Authorization(known.authorization, known.card))
    authorization = standing(station_id=station_id, id_tag=start.id_tag, at=at)
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
    if not authorization.accepted:
        _refused(authorization, station_id=station_id, id_tag=start.id_tag, at=at)
    if authorization.card is None:
        where = {"station_id": station_id, "connector_id": start.connector_id}
        strangers.unknown_card(id_tag=start.id_tag, at=at, **where)
        captures.presented(station_id=station_id, id_tag=start.id_tag, card=None, at=at)
    pairing.again(station_id=station_id, since=start.started_at, at=at)
    filing.refile(session=session, at=at)
    return Started(session.pk, authorization)


@transaction.atomic
def end(*, station_id: int, stop: Stop, at: datetime) -> Authorization | None:
    """Complete the session a station stopped; a stop of one nobody knows is kept as an orphan.

    Never refuses (OCPP 1.6 section 4.10). A repeated stop changes nothing. Gives the standing of
    the card that stopped it, where one is named.
    """
    filing.hold(station_id)
    if filing.is_nameless(stop.transaction_id):
        _end_nameless(station_id, stop, at)
    else:
        session = _end_own(station_id, stop, at)
        metering.record(readings=_of_session(session, stop.readings), at=at)
    return cards.authorize(id_tag=stop.id_tag, at=at) if stop.id_tag else None


@transaction.atomic
def released(*, connector: Connector, released_at: datetime, at: datetime) -> None:
    """``connector``, whose row the caller holds, was Available: what had begun before is over.

    Its session waits for review where no stop came yet. The caller holds the station, too.
    """
    session = _locked_open(connector)
    if session and endings.began_before(session, released_at):
        endings.infer(session=session, at=at)
    pairing.again(station_id=connector.station_id, since=released_at, at=at)


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
    is_over = endings.is_over(connector=connector, started_at=start.started_at, at=at)
    running = _locked_open(connector)
    if running is not None and endings.began_before(running, start.started_at):
        endings.infer(session=running, at=at)
    elif running is not None:
        is_over = True
    session = ChargingSession(
        station_id=connector.station_id,
        connector=connector,
        card=authorization.card,
        id_tag=start.id_tag,
        authorization=authorization.status,
        status=SessionStatus.INFERRED if is_over else SessionStatus.ACTIVE,
        started_at=start.started_at,
        started_at_raw=start.started_at_raw,
        start_received_at=at,
        meter_start_wh=start.meter_start_wh,
    )
    if is_over:
        session.stopped_at = start.started_at
        review.flag(session, "NoStop")
    session.save(force_insert=True)
    hooks.opened(session, at)
    review.follow(session=session, before={}, at=at)
    events.session_changed(session.pk, session.station_id)
    happenings.note(
        HappeningKind.SESSION_BEGAN,
        station_id=session.station_id,
        at=at,
        connector_id=connector.connector_id,
        number=session.pk,
        detail=session.id_tag,
    )
    if not is_over:
        assignments.session_began(session=session, at=at)
    return session


def _locked_open(connector: Connector) -> ChargingSession | None:
    return (
        ChargingSession.objects.select_for_update(no_key=True)
        .filter(connector=connector, status=SessionStatus.ACTIVE)
        .first()
    )


def _end_own(station_id: int, stop: Stop, at: datetime) -> ChargingSession:
    """By the number we gave; a stop that named none and was taken for its own moves on."""
    own = ChargingSession.objects.select_for_update(no_key=True).filter(station_id=station_id)
    known = own.filter(pk=stop.transaction_id).exclude(status=SessionStatus.ORPHANED)
    session = known.first()
    if session is None:
        return endings.keep_orphan(station_id=station_id, stop=stop, at=at)
    if pairing.holds_nameless(session):
        endings.let_go(session=session, at=at)
    if session.status not in OPEN_ENDED:
        review.stopped_again(session=session, stop=stop._asdict(), at=at)
        return session
    endings.complete(session=session, stop=stop, at=at)
    if session.started_at is not None:
        pairing.again(station_id=station_id, since=session.started_at, at=at)
    filing.refile(session=session, at=at)
    return session


def _end_nameless(station_id: int, stop: Stop, at: datetime) -> None:
    """Under -1 or 0: the session it can only be, by what is known now (services/pairing.py)."""
    session = pairing.holder(station_id=station_id, stop=stop)
    if session is not None:
        review.stopped_again(session=session, stop=stop._asdict(), at=at)
    else:
        session = pairing.give(station_id=station_id, stop=stop, at=at)
        pairing.again(station_id=station_id, since=stop.stopped_at, at=at)
        filing.refile(session=session, at=at)
    filing.keep_with_stop(holder=session, readings=stop.readings, at=at)


def _said_at(field: str, moment: datetime, raw: str) -> Q:
    """At this time by the station's word, also where an operator corrected it since."""
    return Q(**{field: moment}) | Q(**{f"{field}_raw": raw}) if raw else Q(**{field: moment})


def _of_session(session: ChargingSession, readings: Sequence[Reading]) -> list[Reading]:
    """A stop's readings name no connector."""
    if not readings:
        return []
    number = session.connector.connector_id if session.connector else 0
    return [r._replace(connector_id=number, transaction_id=session.pk) for r in readings]
