"""Configuration keys: what a station's settings are, as it told us."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from stations.models import ConfigurationKey

_SECRETS = {"authorizationkey", "basicauthpassword"}


class Setting(NamedTuple):
    """One key as GetConfiguration reports it."""

    key: str
    value: str
    readonly: bool


def read(*, station_id: int, settings: list[Setting], at: datetime) -> None:
    """Store what the station reported; keys it did not name stay as they are."""
    ConfigurationKey.objects.bulk_create(
        [
            ConfigurationKey(
                station_id=station_id,
                key=setting.key[:255],
                value=setting.value,
                readonly=setting.readonly,
                read_at=at,
            )
            for setting in {s.key[:255]: s for s in settings}.values()
        ],
        update_conflicts=True,
        unique_fields=["station", "key"],
        update_fields=["value", "readonly", "read_at"],
    )


def changed(*, station_id: int, key: str, value: str, at: datetime) -> None:
    """The station accepted a new value for ``key``."""
    ConfigurationKey.objects.update_or_create(
        station_id=station_id, key=key[:255], defaults={"value": value, "read_at": at}
    )


def is_secret(key: str) -> bool:
    """Whether the value of ``key`` is a password, which is never kept."""
    return key.lower() in _SECRETS


def masked(content: Any) -> Any:
    """A copy of a payload or an answer without the values of passwords."""
    if isinstance(content, list):
        return [masked(item) for item in content]
    if not isinstance(content, dict):
        return content
    copy = {name: masked(item) for name, item in content.items()}
    if "value" in copy and is_secret(str(content.get("key"))):
        copy["value"] = "***"
    return copy
