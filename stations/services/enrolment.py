"""Enrolment: a station and its key, told to us by an operator or a program, in one go."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.db import transaction

from stations.models import ChargingStation
from stations.services import keys, stations

GENERATE: Final = "generate"  # in place of a key: make one (no key is that short)


class Enrolled(NamedTuple):
    """The station; whether it is new; and its new key, where one was made for it."""

    station: ChargingStation
    created: bool
    made_key: str | None


@transaction.atomic
def enrol(*, cp_id: str, key: str | None = None, **fields: Any) -> Enrolled:
    """Add the station ``cp_id`` or, where it exists, change it; with ``key`` also give it a key.

    ``key`` is None (leave it), GENERATE or the key itself. Raises DomainError for a bad key, and
    Conflict where somebody else adds the same station at the same moment.
    """
    station = stations.find(cp_id)
    created = station is None
    if station is None:
        station = stations.create(cp_id=cp_id, **fields)
    elif fields:
        station = stations.change(station=station, **fields)
    made_key = _give(station, key) if key is not None else None
    return Enrolled(station, created, made_key)


def _give(station: ChargingStation, key: str) -> str | None:
    if key == GENERATE:
        return keys.set_key(station=station)
    keys.set_key(station=station, key=key)
    return None
