"""Asking for an errand: the command, the address its file goes by, and the row that follows it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from cms.shared import clock
from cms.shared.errors import Conflict, DomainError
from stations.models import Command, FirmwareImage, Purpose
from stations.services import commands, transfers
from stations.services.errands import AnyErrand

_LONGEST_LOCATION = 2000
_LONGEST_RETRYING_S = 30 * 86400


class Request(NamedTuple):
    """Who asks, when, and how; see ``commands.request``."""

    at: datetime
    by_id: int | None = None
    queue_for: timedelta | None = None
    idempotency_key: str | None = None


class Tries(NamedTuple):
    """How often the station shall try again, and after how many seconds; None: as it likes."""

    retries: int | None = None
    interval_s: int | None = None


class Address(NamedTuple):
    """Where a file goes: an address of ours has a token, one of the operator's has none."""

    url: str
    token: str = ""


def address(location: str, file_name: str = "") -> Address:
    """``location`` as it is, or a new one-time address of ours where it is empty."""
    if not location:
        token = transfers.new_token()
        return Address(transfers.url(token, file_name), token)
    if len(location) > _LONGEST_LOCATION:
        raise DomainError.of_field(
            "location", "has at most %(most)s characters", most=_LONGEST_LOCATION
        )
    return Address(location)


def numbered(given: int | None) -> int:
    """The requestId (whitepaper, GetLog and SignedUpdateFirmware): as given, else a new one."""
    return 1 + secrets.randbelow(2**31 - 1) if given is None else given


def send_off(
    errand: AnyErrand,
    *,
    action: str,
    payload: dict[str, Any],
    to: Address,
    purpose: Purpose,
    request: Request,
    image: FirmwareImage | None = None,
) -> Command:
    """Ask the station of ``errand`` and keep the row; gives the command. Inside a transaction.

    Raises what ``commands.request`` raises, and Conflict for an idempotency key that was used for
    something else; the same once more gives the command of the first time and keeps nothing.
    """
    command = commands.request(
        station=errand.station,
        action=action,
        payload={name: value for name, value in payload.items() if value is not None},
        at=request.at,
        requested_by_id=request.by_id,
        queue_for=request.queue_for,
        idempotency_key=request.idempotency_key,
    )
    if _is_repeated(errand, command, action):
        return command
    if request.queue_for is not None:
        errand.expires_at += request.queue_for
    if to.token:
        errand.transfer = transfers.offer(
            token=to.token,
            station_id=errand.station_id,
            purpose=purpose,
            expires_at=errand.expires_at,
            at=request.at,
            image=image,
        )
    errand.command = command
    errand.location = transfers.shown(to.url)
    errand.requested_at = errand.status_at = request.at
    errand.requested_by_id = request.by_id
    errand.save()
    return command


def until(starts_at: datetime, tries: Tries) -> datetime:
    """How long an errand that begins at ``starts_at`` is followed, and its address is good."""
    again = min((tries.retries or 0) * (tries.interval_s or 0), _LONGEST_RETRYING_S)
    return starts_at + timedelta(hours=settings.TRANSFER_HOURS, seconds=again)


def moment(at: datetime | None) -> str | None:
    """A time as stations read it."""
    return clock.text(at) if at else None


def _is_repeated(errand: AnyErrand, command: Command, action: str) -> bool:
    known = type(errand).objects.filter(command=command).first()
    if known is not None and _meaning(known) == _meaning(errand):
        return True
    if known is not None or (command.station_id, command.action) != (errand.station_id, action):
        raise Conflict("This Idempotency-Key was used for another command")
    return False


def _meaning(errand: AnyErrand) -> tuple[Any, ...]:
    """What makes two errands the same to who asks for them."""
    what = getattr(errand, "image_id", None), getattr(errand, "kind", None)
    return (errand.station_id, *what, errand.retries, errand.retry_interval_s)
