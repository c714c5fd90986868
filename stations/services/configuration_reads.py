"""Reading a station's whole configuration: after a boot or when asked, in small steps, slowly.

First how much it tells at once, then everything; by known keys where it does not answer that
(OCPP 1.6 section 5.8). One GetConfiguration is under way at most, so that what an operator asks
for waits for one answer and no more. The row says how far it got: after a disconnect or a restart
of ours it goes on from there.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Q, QuerySet

from cms.shared.errors import Conflict, StationOffline
from stations import selectors
from stations.models import (
    ChargingStation,
    Command,
    CommandStatus,
    ConfigurationRead,
    ReadState,
    ReadStep,
)
from stations.services import commands, configuration, quirks, standard_keys
from stations.services.configuration import Setting

MOST_AT_ONCE = 50  # stations that are read at the same time
_MOST_ASKED = 16  # in one look, each second: what stations say meanwhile is not kept waiting
_SPREAD_S = (5.0, 30.0)  # after a boot: the station's own messages go first
_PAUSE_S = 1.0
_AWAY_S = 30.0
_RETRY_S = 15.0
_LIMITS = ["GetConfigurationMaxKeys", "SupportedFeatureProfiles", "NumberOfConnectors"]
_KEYS_AT_ONCE, _MOST_KEYS_AT_ONCE = 20, 50
_TRIES = 2  # of one question, before it is asked in another way
_MOST_TRIES = 8  # without any answer
_MOST_RESTARTS = 3
_UNDER_WAY = (ReadState.WAITING, ReadState.READING)
_NO_ANSWER = (CommandStatus.FAILED, CommandStatus.TIMED_OUT, CommandStatus.EXPIRED)
_BY_KEY, _KEYS, _PAUSE = "configuration_by_key", "configuration_keys", "configuration_pause"
_MANNERS = (_BY_KEY, _KEYS, _PAUSE)  # what models need: names of quirks


class _Told(NamedTuple):
    """What a station answered, and what its model needs."""

    command: Command
    values: dict[str, str]
    unknown: list[str]
    manners: quirks.Manners


def booted(*, station: ChargingStation, at: datetime) -> None:
    """The station really started and is served: read it, unless that was done lately.

    Once in OCPP_READ_CONFIGURATION_HOURS, or when its firmware is another one. A station that
    restarts time and again while it is asked (ABB) is left alone.
    """
    read = ConfigurationRead.objects.select_for_update(no_key=True).filter(station=station).first()
    if read is not None and read.state in _UNDER_WAY:
        _count_restart(read, station, at)
    elif _is_due(read, station, at):
        _begin(read or ConfigurationRead(station=station), station, at + _spread())


@transaction.atomic
def read_now(
    *, station: ChargingStation, at: datetime, requested_by_id: int | None = None
) -> ConfigurationRead:
    """An operator wants it read now; gives the row. Raises StationOffline, or Conflict where it

    is being read already.
    """
    read, _ = ConfigurationRead.objects.select_for_update(no_key=True).get_or_create(
        station=station
    )
    if read.command is not None and read.command.is_open:
        raise Conflict(
            "The configuration of %(station)s is being read already", station=station.cp_id
        )
    _begin(read, station, at, requested_by_id)
    _ask(read, at, patient=False)
    return read


def answered(
    *, command: Command, settings: list[Setting], unknown: list[str], at: datetime
) -> None:
    """The station answered ``command``, a GetConfiguration: where it was ours, go on after it."""
    read = (
        ConfigurationRead.objects.select_for_update(no_key=True, of=("self",))
        .select_related("station")
        .filter(command=command, state=ReadState.READING)
        .first()
    )
    if read is None:
        return
    manners = quirks.Manners(read.station, _MANNERS, at)
    told = _Told(command, {s.key: s.value for s in settings}, unknown, manners)
    _NEXT[ReadStep(read.step)](read, told)
    read.command, read.attempts, read.error = None, 0, ""
    read.next_at = at + timedelta(seconds=float(manners.value(_PAUSE, _PAUSE_S)))
    _finish_if_told(read, at)
    read.save()


@transaction.atomic
def advance(*, at: datetime) -> int:
    """Ask what is to be asked next, of a bounded number of stations; gives of how many."""
    _notice_silence(at)
    due = _locked(state=ReadState.READING, command=None, next_at__lte=at)
    reading = ConfigurationRead.objects.filter(state=ReadState.READING, station__online=True)
    free = max(0, MOST_AT_ONCE - reading.count())
    waiting = _locked(state=ReadState.WAITING, next_at__lte=at)
    reads = [*due[:_MOST_ASKED]]
    reads += waiting[: min(free, _MOST_ASKED - len(reads))]
    for read in reads:
        _ask(read, at)
    return len(reads)


def _locked(**conditions: object) -> QuerySet[ConfigurationRead]:
    """Such rows of stations that are there, the longest due first, nobody else's meanwhile."""
    return (
        ConfigurationRead.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("station")
        .filter(station__in=selectors.connected(), **conditions)
        .order_by("next_at")
    )


def _is_due(read: ConfigurationRead | None, station: ChargingStation, at: datetime) -> bool:
    allowed = django_settings.OCPP_READ_CONFIGURATION
    age = timedelta(hours=django_settings.OCPP_READ_CONFIGURATION_HOURS)
    if not allowed or not (
        read is None
        or read.finished_at is None
        or read.firmware_version != station.firmware_version
        or read.finished_at <= at - age
    ):
        return False
    may: bool = quirks.value(station=station, name="read_configuration", default=True, at=at)
    return may


def _begin(
    read: ConfigurationRead,
    station: ChargingStation,
    next_at: datetime,
    requested_by_id: int | None = None,
) -> None:
    read.state, read.step, read.error = ReadState.WAITING, ReadStep.LIMITS, ""
    read.remaining, read.attempts, read.restarts = [], 0, 0
    read.firmware_version, read.requested_by_id = station.firmware_version, requested_by_id
    read.command, read.started_at, read.finished_at = None, None, None
    read.next_at = next_at
    read.save()


def _count_restart(read: ConfigurationRead, station: ChargingStation, at: datetime) -> None:
    if read.firmware_version != station.firmware_version:
        _begin(read, station, at + _spread(), read.requested_by_id)
        return
    read.restarts += read.state == ReadState.READING
    read.next_at = at + _spread()
    if read.restarts >= _MOST_RESTARTS:
        _give_up(read, at, "The station restarted each time it was asked.")
    read.save()


def _ask(read: ConfigurationRead, at: datetime, *, patient: bool = True) -> None:
    """Ask the next question. Where that cannot be: later if ``patient``, else raise why."""
    payload = {
        ReadStep.LIMITS: {"key": _LIMITS},
        ReadStep.EVERYTHING: {},
        ReadStep.KEYS: {"key": read.remaining[: read.at_once]},
    }[ReadStep(read.step)]
    try:
        read.command = commands.request(
            station=read.station,
            action="GetConfiguration",
            payload=payload,
            at=at,
            requested_by_id=read.requested_by_id,
        )
        read.started_at = read.started_at or at
        read.state = ReadState.READING
    except (StationOffline, Conflict):
        if not patient:
            raise
        read.next_at = at + timedelta(seconds=_AWAY_S)
    read.save()


def _notice_silence(at: datetime) -> None:
    """Questions that got no answer: ask again, in another way, or give up."""
    rows = (
        ConfigurationRead.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("command", "station")
        .filter(Q(command__status__in=_NO_ANSWER), state=ReadState.READING)
    )
    for read in rows[:500]:
        assert read.command is not None
        # An error is an answer, too: the same question would get the same one.
        counts = {CommandStatus.FAILED: _TRIES, CommandStatus.TIMED_OUT: 1}
        read.attempts += counts.get(CommandStatus(read.command.status), 0)
        read.error = (read.command.error_description or read.command.error_code)[:500]
        read.command, read.next_at = None, at + timedelta(seconds=_RETRY_S)
        if read.attempts >= _MOST_TRIES:
            _give_up(read, at, f"The station does not answer: {read.error}")
        elif read.attempts and read.attempts % _TRIES == 0:
            _ask_otherwise(read)
            _finish_if_told(read, at)
        read.save()


def _ask_otherwise(read: ConfigurationRead) -> None:
    if read.step == ReadStep.LIMITS:
        read.step = ReadStep.EVERYTHING
    elif read.step == ReadStep.EVERYTHING:
        _by_keys(read, set(), quirks.value(station=read.station, name=_KEYS))
    elif read.at_once > 1:
        read.at_once = max(1, read.at_once // 4)
    else:
        read.remaining = read.remaining[1:]  # it cannot say this one


def _after_limits(read: ConfigurationRead, told: _Told) -> None:
    most = configuration.number(told.values.get("GetConfigurationMaxKeys"), digits=5)
    read.at_once = min(max(1, _KEYS_AT_ONCE if most is None else most), _MOST_KEYS_AT_ONCE)
    # Models of which a quirk says how many keys at once they take are never asked for all of them.
    by_key, fixed = told.manners.value(_BY_KEY, default=False), told.manners.value(_KEYS)
    if by_key or fixed is not None:
        _by_keys(read, set(), fixed)
    else:
        read.step = ReadStep.EVERYTHING


def _after_everything(read: ConfigurationRead, told: _Told) -> None:
    """Where even required keys are missing, the answer was cut: the rest by name."""
    names = {key.lower() for key in told.values}
    if all(key.lower() in names for key in standard_keys.REQUIRED):
        read.step, read.remaining = ReadStep.KEYS, []
    else:
        _by_keys(read, names, told.manners.value(_KEYS))


def _after_keys(read: ConfigurationRead, told: _Told) -> None:
    asked: list[str] = told.command.payload.get("key") or []
    names = {key.lower() for key in (*told.values, *told.unknown)}
    missing = [key for key in asked if key.lower() not in names]
    rest = read.remaining[len(asked) :]
    if missing and len(asked) > 1:  # it tells fewer at once than it says
        read.at_once = max(1, len(asked) - len(missing))
        rest = missing + rest
    read.remaining = rest


_NEXT = {
    ReadStep.LIMITS: _after_limits,
    ReadStep.EVERYTHING: _after_everything,
    ReadStep.KEYS: _after_keys,
}


def _by_keys(read: ConfigurationRead, told: set[str], fixed: int | None) -> None:
    read.step = ReadStep.KEYS
    read.remaining = [key for key in standard_keys.ALL if key.lower() not in told]
    read.at_once = fixed or read.at_once


def _finish_if_told(read: ConfigurationRead, at: datetime) -> None:
    if read.step == ReadStep.KEYS and not read.remaining:
        read.state, read.finished_at, read.next_at = ReadState.DONE, at, None


def _give_up(read: ConfigurationRead, at: datetime, why: str) -> None:
    read.state, read.finished_at, read.next_at = ReadState.FAILED, at, None
    read.command, read.error = None, why[:500]


def _spread() -> timedelta:
    """So that 5,000 stations that come back at once are not all asked at once."""
    return timedelta(seconds=random.uniform(*_SPREAD_S))  # noqa: S311 - no secret
