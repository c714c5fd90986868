"""Configuration keys: what a station's settings are, as it told us, and how they changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from stations.models import (
    ChangeCause,
    ChargingStation,
    Command,
    ConfigurationChange,
    ConfigurationKey,
    ConfigurationRead,
)
from stations.services import transfers

_WIDEST = 255
_MOST_UNKNOWN = 300
_SECRETS = {"authorizationkey", "basicauthpassword"}
_ADDRESSES = ("location", "remoteLocation")


class Setting(NamedTuple):
    """One key as GetConfiguration reports it."""

    key: str
    value: str
    readonly: bool


@transaction.atomic(savepoint=False)
def read(
    *,
    station_id: int,
    settings: list[Setting],
    at: datetime,
    unknown: Iterable[str] = (),
    command: Command | None = None,
) -> None:
    """Store what the station reported; keys it did not name stay as they are (section 5.8).

    What differs from what we knew is kept as history. ``unknown`` are keys it says it has not.
    """
    told = {s.key[:_WIDEST]: s for s in settings if not is_secret(s.key)}
    _note_changes(station_id, {key: s.value for key, s in told.items()}, at, command)
    ConfigurationKey.objects.bulk_create(
        [
            ConfigurationKey(
                station_id=station_id,
                key=key,
                value=setting.value,
                readonly=setting.readonly,
                read_at=at,
            )
            for key, setting in told.items()
        ],
        update_conflicts=True,
        unique_fields=["station", "key"],
        update_fields=["value", "readonly", "read_at"],
    )
    _note_unknown(station_id, set(told), {key[:_WIDEST] for key in unknown})


def value(*, station_id: int, key: str) -> str | None:
    """What the station last told of ``key``; None where it never did. Letter case is ignored."""
    rows = ConfigurationKey.objects.filter(station_id=station_id, key__iexact=key)
    return rows.values_list("value", flat=True).first()


def number(text: str | None, *, digits: int) -> int | None:
    """A value as a whole number of at most so many digits; None where it is anything else."""
    said = text or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= digits else None


@transaction.atomic(savepoint=False)
def changed(
    *,
    station_id: int,
    key: str,
    value: str,
    at: datetime,
    command: Command | None = None,
    reboot_required: bool = False,
) -> None:
    """The station accepted a new value for ``key`` (section 5.3). A secret is not kept.

    ``reboot_required``: it counts only after the next boot, until which the station says so.
    """
    if reboot_required:
        ChargingStation.objects.filter(pk=station_id).update(reboot_required_at=at)
    if is_secret(key):
        return
    key = key[:_WIDEST]
    _note_changes(station_id, {key: value}, at, command, ChangeCause.CHANGED)
    ConfigurationKey.objects.update_or_create(
        station_id=station_id, key=key, defaults={"value": value, "read_at": at}
    )
    _note_unknown(station_id, {key}, set())


def refused(*, station_id: int, key: str) -> None:
    """The station says it has no such ``key`` (ChangeConfiguration, NotSupported)."""
    _note_unknown(station_id, set(), {key[:_WIDEST]})


def prune_changes(*, before: datetime) -> int:
    """Delete the history from before; gives how much."""
    return ConfigurationChange.objects.filter(at__lt=before).delete()[0]


def _note_changes(
    station_id: int,
    values: dict[str, str],
    at: datetime,
    command: Command | None,
    cause: ChangeCause = ChangeCause.READ,
) -> None:
    """History of what differs. A key read for the first time is no change, one set by us is."""
    known = dict(
        ConfigurationKey.objects.filter(station_id=station_id, key__in=values).values_list(
            "key", "value"
        )
    )
    first = cause == ChangeCause.CHANGED
    ConfigurationChange.objects.bulk_create(
        [
            ConfigurationChange(
                station_id=station_id,
                key=key,
                old_value=known.get(key),
                new_value=value,
                cause=cause,
                command=command,
                changed_by_id=command.requested_by_id if command and first else None,
                at=at,
            )
            for key, value in values.items()
            if (known[key] != value if key in known else first)
        ]
    )


def _note_unknown(station_id: int, told: set[str], unknown: set[str]) -> None:
    """Remember the keys the station has not; forget those it has after all."""
    row = ConfigurationRead.objects.select_for_update(no_key=True).filter(station_id=station_id)
    noted = row.values_list("unknown_keys", flat=True).first()
    now = sorted((set(noted or ()) | unknown) - told)[:_MOST_UNKNOWN]
    if noted is None and now:
        ConfigurationRead.objects.get_or_create(
            station_id=station_id, defaults={"unknown_keys": now}
        )
    elif noted is not None and now != noted:
        row.update(unknown_keys=now)


def is_secret(key: str) -> bool:
    """Whether the value of ``key`` is a password, which is never kept."""
    return key.lower() in _SECRETS


def masked(content: Any) -> Any:
    """A copy of a payload or an answer without passwords, and without tokens in addresses."""
    if isinstance(content, list):
        return [masked(item) for item in content]
    if not isinstance(content, dict):
        return content
    copy = {name: masked(item) for name, item in content.items()}
    if "value" in copy and is_secret(str(content.get("key"))):
        copy["value"] = "***"
    for name in _ADDRESSES:
        if isinstance(copy.get(name), str):
            copy[name] = transfers.shown(copy[name])
    return copy
