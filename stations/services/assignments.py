"""Assignments: charging profiles sent to a station, in force there, cleared and over (3.13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from cms.shared.errors import Conflict, DomainError, Text
from stations.models import (
    AssignmentState,
    ChargingProfile,
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    ProfileAssignment,
    ProfilePurpose,
    SessionStatus,
)
from stations.models.charging_profiles import OPEN
from stations.services import commands, schedules
from stations.services.schedules import Profile

_STATES = {
    "Accepted": AssignmentState.ACCEPTED,
    "NotSupported": AssignmentState.NOT_SUPPORTED,
}
_OURS_BELOW = 10**9  # larger chargingProfileIds are others' choice


class Asker(NamedTuple):
    """Who asks, when, and how: as ``commands.request`` takes it."""

    at: datetime
    requested_by_id: int | None = None
    queue_for: timedelta | None = None
    idempotency_key: str | None = None


@transaction.atomic
def assign(
    *, profile: ChargingProfile, station: ChargingStation, connector_id: int, asker: Asker
) -> ProfileAssignment:
    """Ask the station to charge by ``profile`` at a connector (0: the station); gives the row.

    A TxProfile is for the session under way there. In a unit the station does not take it is
    converted (``schedules.fitted``). Raises DomainError and Conflict as ``send`` does.
    """
    _locked(station)
    known = _repeated(asker)
    if known is not None:
        return known
    sent = schedules.fitted(profile.as_sent(_next_number(station)), schedules.limits(station).units)
    return send(station=station, connector_id=connector_id, sent=sent, profile=profile, asker=asker)


@transaction.atomic
def send(
    *,
    station: ChargingStation,
    connector_id: int,
    sent: Profile,
    asker: Asker,
    profile: ChargingProfile | None = None,
    prefix: str = "",
) -> ProfileAssignment:
    """Ask the station to charge by csChargingProfiles ``sent`` (SetChargingProfile, section 5.16).

    Raises DomainError with the fields (after ``prefix``) that are wrong in OCPP or for this
    station, StationOffline, and Conflict. A repeated key gives the row of the first time.
    """
    _locked(station)
    known = _repeated(asker)
    if known is not None:
        return known
    taken = schedules.limits(station, asker.at)
    schedules.check(sent, prefix=prefix)
    schedules.check_at(sent, connector_id=connector_id, taken=taken, prefix=prefix)
    connector = Connector.objects.locked(station_id=station.pk, connector_id=connector_id)
    session = None
    if sent["chargingProfilePurpose"] == ProfilePurpose.TX:
        session = _under_way(connector, sent.get("transactionId"), prefix)
        if profile is not None:
            sent = {**sent, "transactionId": session.pk}
    assignment = ProfileAssignment(
        station=station, connector=connector, session=session, profile=profile
    )
    payload = {"connectorId": connector_id, "csChargingProfiles": sent}
    return _asked(assignment, "SetChargingProfile", payload, sent, asker)


@transaction.atomic
def remote_start(
    *,
    station: ChargingStation,
    payload: dict[str, Any],
    asker: Asker,
    profile: ChargingProfile | None = None,
) -> Command:
    """Ask for a session (RemoteStartTransaction, section 5.11), with a TxProfile where ``profile``

    is one or ``payload`` has a chargingProfile. Raises as ``send`` and ``commands.request`` do.
    """
    _locked(station)
    known = commands.repeated(asker.idempotency_key)
    inline = payload.get("chargingProfile")
    if known is not None or (profile is None and inline is None):
        return known or commands.request(
            station=station, action="RemoteStartTransaction", payload=payload, **asker._asdict()
        )
    taken = schedules.limits(station, asker.at)
    prefix = "chargingProfile." if profile is None else ""
    sent = inline or {}
    if profile is not None:
        sent = schedules.fitted(profile.as_sent(_next_number(station)), taken.units)
    _check_start(sent, prefix)
    number = payload.get("connectorId")
    schedules.check(sent, prefix=prefix)
    schedules.check_at(sent, connector_id=number, taken=taken, prefix=prefix)
    connector = (
        Connector.objects.locked(station_id=station.pk, connector_id=number) if number else None
    )
    assignment = ProfileAssignment(
        station=station, connector=connector, profile=profile, id_tag=payload["idTag"]
    )
    payload = {**payload, "chargingProfile": sent}
    made = _asked(assignment, "RemoteStartTransaction", payload, sent, asker)
    assert made.command is not None
    return made.command


@transaction.atomic
def answered(*, command_id: int, status: str, at: datetime) -> None:
    """The station answered what sent a profile: it is in force, or refused in OCPP's own word.

    One with its number, or with its purpose and stack level at its connector, is replaced (5.16).
    """
    assignment = (
        ProfileAssignment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("session")
        .filter(
            command_id=command_id,
            state__in=(AssignmentState.REQUESTED, AssignmentState.FAILED),  # a late answer counts
        )
        .first()
    )
    if assignment is None:
        return
    state = _STATES.get(status, AssignmentState.REJECTED)
    if state == AssignmentState.ACCEPTED:
        rivals = _rivals(assignment)
        rivals.filter(pk__lt=assignment.pk).update(state=AssignmentState.REPLACED, ended_at=at)
        if rivals.filter(pk__gt=assignment.pk).exists():  # accepted late, after a younger one
            state = AssignmentState.REPLACED
        elif assignment.session and not assignment.session.is_open:
            state = AssignmentState.ENDED
    assignment.state, assignment.answer, assignment.answered_at = state, status[:50], at
    assignment.ended_at = None if state == AssignmentState.ACCEPTED else at
    assignment.save(update_fields=["state", "answer", "answered_at", "ended_at"])


def sent_with(command: Command, profile: ChargingProfile) -> Profile | None:
    """What ``command`` sent of ``profile``; None where it sent none, or another one."""
    row = ProfileAssignment.objects.filter(command=command, profile=profile).first()
    return row.sent if row else None


def clear(
    *, station: ChargingStation, asker: Asker, criteria: dict[str, Any] | None = None
) -> Command:
    """Ask the station to forget the profiles that match ``criteria`` (ClearChargingProfile.req,

    section 5.5): by id alone, else by connectorId, chargingProfilePurpose and stackLevel; none
    of them means all. Its answer ends their rows. Raises StationOffline and Conflict.
    """
    return commands.request(
        station=station,
        action="ClearChargingProfile",
        payload=criteria or {},
        **asker._asdict(),
    )


def cleared(*, station_id: int, criteria: dict[str, Any], status: str, at: datetime) -> None:
    """The station answered ClearChargingProfile; of those it does not know it holds none, too."""
    found = _open(station_id).filter(state=AssignmentState.ACCEPTED)
    if "id" in criteria:
        found = found.filter(number=criteria["id"])
    else:
        named = {
            "connector__connector_id": criteria.get("connectorId"),
            "purpose": criteria.get("chargingProfilePurpose"),
            "stack_level": criteria.get("stackLevel"),
        }
        found = found.filter(**{name: v for name, v in named.items() if v is not None})
    found.update(state=AssignmentState.CLEARED, answer=status[:50], ended_at=at)


def session_began(*, session: ChargingSession, at: datetime) -> None:
    """A session began: the TxProfile of the remote start that led to it is its own, and others

    that waited for a session at its connector are over.
    """
    waiting = _open(session.station_id).filter(purpose=ProfilePurpose.TX, session=None)
    here = waiting.filter(Q(connector=session.connector_id) | Q(connector=None)).order_by("-pk")
    own = here.filter(id_tag__iexact=session.id_tag).first() if session.id_tag else None
    if own is not None:
        own.session, own.connector = session, session.connector
        own.save(update_fields=["session", "connector"])
    here.filter(connector=session.connector_id, state=AssignmentState.ACCEPTED).update(
        state=AssignmentState.ENDED, ended_at=at
    )


def session_over(*, session: ChargingSession, at: datetime) -> None:
    """A session ended, and its TxProfiles with it (section 3.13.1)."""
    _open(session.station_id).filter(session=session).update(
        state=AssignmentState.ENDED, ended_at=at
    )


def _open(station_id: int) -> QuerySet[ProfileAssignment]:
    return ProfileAssignment.objects.filter(station_id=station_id, state__in=OPEN)


def _rivals(assignment: ProfileAssignment) -> QuerySet[ProfileAssignment]:
    """Those in force that cannot be beside it (section 5.16)."""
    same = Q(number=assignment.number)
    if assignment.connector_id is not None:
        same |= Q(
            connector=assignment.connector_id,
            purpose=assignment.purpose,
            stack_level=assignment.stack_level,
        )
    in_force = _open(assignment.station_id).filter(state=AssignmentState.ACCEPTED)
    return in_force.filter(same).exclude(pk=assignment.pk)


def _locked(station: ChargingStation) -> None:
    """One profile after the other at one station: so numbers and keys are used once."""
    ChargingStation.objects.select_for_update(no_key=True).get(pk=station.pk)


def _next_number(station: ChargingStation) -> int:
    """A chargingProfileId the station has not had."""
    used = ProfileAssignment.objects.filter(station=station, number__lt=_OURS_BELOW)
    return max(used.aggregate(top=Max("number"))["top"] or 0, 0) + 1


def _under_way(connector: Connector, transaction_id: int | None, prefix: str) -> ChargingSession:
    running = ChargingSession.objects.filter(connector=connector, status=SessionStatus.ACTIVE)
    session = running.first()
    if session is None:
        raise DomainError(
            "The station has no session under way at %(connector)s; a TxProfile needs one",
            fields={"connectorId": ["has no session under way; a TxProfile needs one"]},
            connector=connector.connector_id,
        )
    if transaction_id not in (None, session.pk):
        expected = Text("should be %(session)s, the session under way", session=session.pk)
        raise DomainError.of_field("transactionId", expected, prefix=prefix)
    return session


def _check_start(sent: Profile, prefix: str) -> None:
    """A remote start takes a TxProfile of a session nobody numbered yet (section 5.11)."""
    if sent["chargingProfilePurpose"] != ProfilePurpose.TX:
        wanted = Text("should be TxProfile for a remote start")
        raise DomainError.of_field("chargingProfilePurpose", wanted, prefix=prefix)
    if "transactionId" in sent:
        wanted = Text("should be left out: there is no session yet")
        raise DomainError.of_field("transactionId", wanted, prefix=prefix)


def _repeated(asker: Asker) -> ProfileAssignment | None:
    command = commands.repeated(asker.idempotency_key)
    if command is None:
        return None
    known = ProfileAssignment.objects.filter(command=command).first()
    if known is None:
        raise Conflict("This Idempotency-Key was used for another command")
    return known


def _asked(
    assignment: ProfileAssignment, action: str, payload: dict[str, Any], sent: Profile, asker: Asker
) -> ProfileAssignment:
    assignment.number, assignment.sent = sent["chargingProfileId"], sent
    assignment.purpose = sent["chargingProfilePurpose"]
    assignment.stack_level = sent["stackLevel"]
    assignment.requested_at, assignment.requested_by_id = asker.at, asker.requested_by_id
    assignment.command = commands.request(
        station=assignment.station, action=action, payload=payload, **asker._asdict()
    )
    assignment.save(force_insert=True)
    return assignment
