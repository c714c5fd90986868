"""Upgrades: a station moves to a higher security profile, its key or certificate first.

Each step is a command, and its answer leads to the next: key, certificate, SecurityProfile, Reset.
The station's own profile is raised by the connection that proves the new one, and by nothing else
(credentials.proved); an upgrade that fails on the way leaves the old one as it was.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    CertificateState,
    ChargingStation,
    Command,
    CommandStatus,
    ProfileUpgrade,
    SecurityProfile,
    StationCertificate,
    UpgradeOutcome,
    UpgradeStep,
)
from stations.services import commands, keys, profiles
from stations.services.asking import Request
from stations.services.issuing import TRIGGER

_PATIENCE = timedelta(minutes=30)  # for what a station does by itself within a step
_QUEUE = timedelta(minutes=10)  # how long a later step waits for a station that is away
_AT_ONCE = 100
_TAKEN = ("Accepted", "RebootRequired")
_NOT_GIVEN = (
    CertificateState.REJECTED,
    CertificateState.NOT_DELIVERED,
    CertificateState.REFUSED,
    CertificateState.REVOKED,
)


@transaction.atomic
def begin(*, station: ChargingStation, profile: int, request: Request) -> ProfileUpgrade:
    """Take ``station`` to ``profile``; gives the row that follows it.

    Raises DomainError for a profile it has or that is lower, Conflict where this system lacks what
    the profile needs or another upgrade is under way, and StationOffline. A repeated idempotency
    key gives the upgrade it began the first time.
    """
    if request.idempotency_key is not None:
        known = ProfileUpgrade.objects.filter(idempotency_key=request.idempotency_key).first()
        if known is not None:
            return _same(known, station, profile)
    station = ChargingStation.objects.select_for_update(no_key=True).get(pk=station.pk)
    _check(station, profile)
    upgrade = ProfileUpgrade(
        station=station,
        from_profile=profiles.required(station),
        to_profile=profile,
        requested_at=request.at,
        requested_by_id=request.by_id,
        idempotency_key=request.idempotency_key,
    )
    _take(upgrade, _first_step(upgrade, request.at), request.at, queue_for=None)
    upgrade.save()
    return upgrade


def advance(*, at: datetime, station_id: int | None = None) -> int:
    """Take upgrades a step further where something was answered; gives how many ended."""
    rows = ProfileUpgrade.objects.filter(outcome=UpgradeOutcome.OPEN)
    if station_id is not None:
        rows = rows.filter(station=station_id)
    return sum(
        _advance(pk, at) for pk in rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]
    )


@transaction.atomic
def _advance(pk: int, at: datetime) -> bool:
    upgrade = (
        ProfileUpgrade.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("station", "command")
        .filter(pk=pk, outcome=UpgradeOutcome.OPEN)
        .first()
    )
    if upgrade is None:
        return False
    if (upgrade.station.security_profile or 0) >= upgrade.to_profile:
        _end(upgrade, UpgradeOutcome.DONE, "", at)
    elif why := _failure(upgrade, at):
        _end(upgrade, UpgradeOutcome.FAILED, why, at)
    elif _is_over(upgrade):
        _go_on(upgrade, at)
    upgrade.save()
    return upgrade.outcome != UpgradeOutcome.OPEN


def _same(known: ProfileUpgrade, station: ChargingStation, profile: int) -> ProfileUpgrade:
    if (known.station_id, known.to_profile) != (station.pk, profile):
        raise Conflict("This Idempotency-Key was used for another upgrade")
    return known


def _check(station: ChargingStation, profile: int) -> None:
    own = profiles.required(station)
    if profile not in SecurityProfile or profile <= own:
        raise DomainError(
            "The profile should be higher than %(own)s, and at most 3",
            fields={"securityProfile": ["should be higher than %(own)s, and at most 3"]},
            own=own,
        )
    if profile >= SecurityProfile.TLS_PASSWORD and not profiles.has_tls():
        raise Conflict("Security profiles 2 and 3 need TLS (TLS_PORT, or BEHIND_PROXY)")
    if ProfileUpgrade.objects.filter(station=station, outcome=UpgradeOutcome.OPEN).exists():
        raise Conflict(
            "%(station)s is being taken to another profile already", station=station.cp_id
        )


def _first_step(upgrade: ProfileUpgrade, at: datetime) -> UpgradeStep:
    """Whatever the new profile needs, and the station has not."""
    if upgrade.to_profile == SecurityProfile.TLS_CERTIFICATE:
        if not profiles.has_certificate(upgrade.station, at=at):
            return UpgradeStep.CERTIFICATE
    elif not profiles.has_key(upgrade.station):
        return UpgradeStep.KEY
    return UpgradeStep.PROFILE


def _take(
    upgrade: ProfileUpgrade, step: UpgradeStep, at: datetime, *, queue_for: timedelta | None
) -> None:
    """Begin a step: its command is asked for."""
    asks = {
        UpgradeStep.KEY: ("ChangeConfiguration", {"key": "AuthorizationKey", "value": keys.new()}),
        UpgradeStep.CERTIFICATE: ("ExtendedTriggerMessage", {"requestedMessage": TRIGGER}),
        UpgradeStep.PROFILE: (
            "ChangeConfiguration",
            {"key": "SecurityProfile", "value": str(upgrade.to_profile)},
        ),
        UpgradeStep.RESTART: ("Reset", {"type": "Hard"}),
    }
    action, payload = asks[step]
    upgrade.step, upgrade.step_at = step, at
    upgrade.command = commands.request(
        station=upgrade.station,
        action=action,
        payload=payload,
        at=at,
        requested_by_id=upgrade.requested_by_id,
        queue_for=queue_for,
    )


def _go_on(upgrade: ProfileUpgrade, at: datetime) -> None:
    following = {
        UpgradeStep.KEY: UpgradeStep.PROFILE,
        UpgradeStep.CERTIFICATE: UpgradeStep.PROFILE,
        UpgradeStep.PROFILE: UpgradeStep.RESTART,
    }
    try:
        with transaction.atomic():
            step = following[UpgradeStep(upgrade.step)]
            _take(upgrade, step, at, queue_for=_QUEUE)
    except DomainError as error:
        _end(upgrade, UpgradeOutcome.FAILED, str(error), at)


def _failure(upgrade: ProfileUpgrade, at: datetime) -> str:
    """Why it cannot go on; empty where it can."""
    command = upgrade.command
    # Whatever becomes of the Reset: it may come back all the same.
    if upgrade.step != UpgradeStep.RESTART and command is not None and _is_refused(command):
        return _said(command)
    certificate = _certificate(upgrade)
    if certificate is not None and certificate.state in _NOT_GIVEN:
        return f"the certificate: {certificate.reason}"[:200]
    if at - upgrade.step_at > _PATIENCE:
        return f"nothing more happened: {upgrade.get_step_display().lower()}"
    return ""


def _is_refused(command: Command) -> bool:
    taken = command.status == CommandStatus.ANSWERED and command.answer_status in _TAKEN
    return not command.is_open and not taken


def _said(command: Command) -> str:
    error = f"{command.error_code} {command.error_description}".strip()
    word = command.answer_status or error or command.get_status_display()
    return f"{command.action}: {word}"[:200]


def _is_over(upgrade: ProfileUpgrade) -> bool:
    """Whether the station did its part of the step."""
    if upgrade.step == UpgradeStep.RESTART or upgrade.command is None or upgrade.command.is_open:
        return False
    if upgrade.step == UpgradeStep.CERTIFICATE:
        certificate = _certificate(upgrade)
        return certificate is not None and certificate.state == CertificateState.ACCEPTED
    return True


def _certificate(upgrade: ProfileUpgrade) -> StationCertificate | None:
    """The newest one the station asked for since it was told to."""
    if upgrade.step != UpgradeStep.CERTIFICATE:
        return None
    rows = StationCertificate.objects.filter(station=upgrade.station)
    return rows.filter(requested_at__gte=upgrade.step_at).first()


def _end(upgrade: ProfileUpgrade, outcome: UpgradeOutcome, reason: str, at: datetime) -> None:
    upgrade.outcome, upgrade.reason, upgrade.ended_at = outcome, reason[:200], at
