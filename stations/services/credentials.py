"""Credentials: a station is told a new key or a higher profile, and what becomes of the old ones.

Whatever is lost on the way, nobody is locked out: from before a change is sent until the station
has proved the new one, both are taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from cms.shared.errors import Conflict, DomainError
from stations.models import ChargingStation, Command, CommandStatus
from stations.services import keys, profiles
from stations.services.configuration import is_secret

PROFILE_KEY = "SecurityProfile"
_TAKEN = ("Accepted", "RebootRequired")
_UNSUPPORTED = ("NotImplemented", "NotSupported")  # it has certainly changed nothing
_OLD_ENDS = timedelta(days=1)
_AT_ONCE = 500


def is_one(payload: dict[str, Any]) -> bool:
    """Whether a ChangeConfiguration.req is about a station's key or security profile."""
    key = str(payload.get("key"))
    return is_secret(key) or _is_profile(key)


def asked(*, command: Command, payload: dict[str, Any], at: datetime) -> None:
    """A station is about to be told; noted in the transaction that writes the command.

    Raises DomainError for a value that cannot be, a lower profile among them (none is ever lowered
    through OCPP), and Conflict where too many changes are open, or something has to come first.
    """
    station = _locked(command.station_id)
    if _is_profile(str(payload["key"])):
        profile = _number(str(payload["value"]))
        profiles.check(station, profile, at=at)
        station.pending_profile = profile
        station.save(update_fields=["pending_profile"])
        return
    keys.check(payload["value"])
    if len(station.pending_keys) >= keys.MOST_PENDING:
        raise Conflict(
            "%(station)s left %(most)s changes of its key unanswered; it may use any of "
            "them. Wait until it connects, or set its key by hand",
            station=station.cp_id,
            most=keys.MOST_PENDING,
        )
    entry = {"hash": keys.hashed(payload["value"]), "command": command.pk}
    station.pending_keys = [*station.pending_keys, entry]
    station.save(update_fields=["pending_keys"])


@transaction.atomic
def answered(*, command: Command, status: str, at: datetime) -> None:
    """The station answered: it will use the new one from its next connection on, or never."""
    if not is_one(command.payload):
        return
    if status not in _TAKEN:
        _forget(command)
        return
    station = _locked(command.station_id)
    for entry in station.pending_keys:
        if entry["command"] == command.pk:
            entry["taken_at"] = at.isoformat()
            entry["status"] = status
    station.save(update_fields=["pending_keys"])


def unanswered(*, command: Command) -> None:
    """No answer will come. What was never sent, or is not known there, was changed nowhere."""
    if command.action != "ChangeConfiguration" or not is_one(command.payload):
        return
    never_sent = command.status == CommandStatus.EXPIRED or command.sent_at is None
    if never_sent or command.error_code in _UNSUPPORTED:
        _forget(command)


@transaction.atomic
def proved(*, station_id: int, key_hash: str | None, profile: int) -> None:
    """A login with this key (None: without one) and profile: what was pending of them is done.

    Keys it was given after the one it uses stay; older ones, and the one before, end.
    """
    station = _locked(station_id)
    changed: list[str] = []
    pending = [entry["hash"] for entry in station.pending_keys]
    if key_hash in pending:
        station.key_hash = str(key_hash)
        station.pending_keys = station.pending_keys[pending.index(str(key_hash)) + 1 :]
        changed += ["key_hash", "pending_keys"]
    if station.pending_profile is not None and profile >= station.pending_profile:
        station.security_profile, station.pending_profile = station.pending_profile, None
        changed += ["security_profile", "pending_profile"]
    station.save(update_fields=changed)


def end_old_keys(*, at: datetime) -> int:
    """End keys whose successor a station accepted a day ago; gives how many stations'.

    A station without a key of its own is left alone: with one it would need it.
    """
    waiting = ChargingStation.objects.exclude(pending_keys=[]).exclude(key_hash="")
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    return sum(_end_old(station_id, at) for station_id in ids)


@transaction.atomic
def _end_old(station_id: int, at: datetime) -> bool:
    station = _locked(station_id)
    old = [number for number, entry in enumerate(station.pending_keys) if _is_old(entry, at)]
    if not old or not station.key_hash:
        return False
    station.key_hash = station.pending_keys[old[-1]]["hash"]
    station.pending_keys = station.pending_keys[old[-1] + 1 :]
    station.save(update_fields=["key_hash", "pending_keys"])
    return True


def _is_old(entry: dict[str, Any], at: datetime) -> bool:
    """Accepted for a day: not where it counts after the next start only, whenever that is."""
    taken = entry.get("status") == "Accepted"
    return taken and datetime.fromisoformat(entry["taken_at"]) < at - _OLD_ENDS


def _forget(command: Command) -> None:
    """The station goes on with what it has."""
    station = _locked(command.station_id)
    if _is_profile(str(command.payload["key"])):
        if str(station.pending_profile) == str(command.payload["value"]):
            station.pending_profile = None
            station.save(update_fields=["pending_profile"])
        return
    kept = [entry for entry in station.pending_keys if entry["command"] != command.pk]
    station.pending_keys = kept
    station.save(update_fields=["pending_keys"])


def _locked(station_id: int) -> ChargingStation:
    return ChargingStation.objects.select_for_update(no_key=True).get(pk=station_id)


def _is_profile(key: str) -> bool:
    return key.lower() == PROFILE_KEY.lower()


def _number(value: str) -> int:
    if value not in ("0", "1", "2", "3"):
        raise DomainError.of_field("value", "should be a security profile from 1 to 3")
    return int(value)
