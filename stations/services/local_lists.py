"""Local lists: what a station has, as it acknowledged it, brought in step with what it should.

OCPP 1.6 sections 3.5.2, 5.10 and 5.17. A list is never guessed: an update whose answer was lost is
looked for by its version before anything else is sent, and a version nobody expected, or a refusal,
leads to a full update.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations import events, selectors
from stations.models import (
    ChargingStation,
    Command,
    CommandStatus,
    ListPolicy,
    ListState,
    LocalList,
    LocalListContent,
    Registration,
)
from stations.services import commands, list_contents, list_targets, list_updates
from stations.services.list_updates import DIFFERENTIAL, FULL, Payload

_MOST_STEPS = 100  # in one pass
_AWAY_S, _RETRY_S, _LONGEST_S = 30, 30, 86400
_NO_ANSWER = (CommandStatus.FAILED, CommandStatus.TIMED_OUT, CommandStatus.EXPIRED)
_CANNOT = ("NotSupported", "NotImplemented")


@transaction.atomic
def choose(*, station: ChargingStation, policy: str, groups: list[Any], at: datetime) -> LocalList:
    """Say which cards shall stand in the list of ``station``; gives its row.

    ``Off`` leaves the list the station has as it is. Raises DomainError for too many groups.
    """
    if len(groups) > list_targets.MOST_GROUPS:
        raise DomainError(
            "at most %(most)s groups",
            fields={"groupIds": ["at most %(most)s groups"]},
            most=list_targets.MOST_GROUPS,
        )
    row = _of_station(station.pk)
    if row.policy == ListPolicy.OFF or row.state == ListState.UNSUPPORTED:  # nobody looked since
        row.state = ListState.UNVERIFIED
    row.policy, row.once, row.attempts, row.next_at, row.error = policy, False, 0, None, ""
    row.groups.set(groups if policy == ListPolicy.GROUPS else [])
    row.target = None if policy == ListPolicy.OFF else list_targets.of(row, at=at)
    row.save()
    return row


@transaction.atomic
def choose_for_all(*, stations: list[ChargingStation], policy: str, at: datetime) -> None:
    """The same for several stations."""
    for station in stations:
        choose(station=station, policy=policy, groups=[], at=at)


def booted(*, station_id: int, at: datetime) -> None:
    """The station started: whether it still has its list is to be asked."""
    kept = LocalList.objects.filter(station_id=station_id).exclude(policy=ListPolicy.OFF)
    kept.update(state=ListState.UNVERIFIED, attempts=0, next_at=at + timedelta(seconds=_AWAY_S))


@transaction.atomic
def send(
    *,
    station: ChargingStation,
    at: datetime,
    update_type: str | None = None,
    requested_by_id: int | None = None,
    queue_for: timedelta | None = None,
    idempotency_key: str | None = None,
) -> Command:
    """Bring the list in step now; gives the first command, others follow where it takes several.

    With the policy Off it is brought in step once, with all cards. Without ``update_type`` the
    update is a differential one where it is known what the station has. Raises Conflict where that
    is not known and a differential one is asked for, or an update is under way; StationOffline.
    """
    known = commands.repeated(idempotency_key)
    if known is not None:
        return known
    row = _free(station, at)
    is_known = row.state == ListState.KNOWN and row.content is not None
    if update_type == DIFFERENTIAL and not is_known:
        raise Conflict(
            "What %(station)s has in its list is not known: send a Full update",
            fields={"updateType": ["should be Full: the station's list is not known"]},
            station=station.cp_id,
        )
    if row.policy == ListPolicy.OFF:
        row.once = True
    row.target = list_targets.of(row, at=at)
    full = update_type == FULL or not is_known
    row.command = commands.request(
        station=station,
        action="SendLocalList",
        payload=list_updates.next_update(row, full=full, at=at),
        at=at,
        requested_by_id=requested_by_id,
        queue_for=queue_for,
        idempotency_key=idempotency_key,
    )
    row.save()
    return row.command


@transaction.atomic
def ask(*, station: ChargingStation, payload: Payload, at: datetime, **how: Any) -> Command:
    """Send an update an operator wrote (SendLocalList.req); without a version it gets the next,
    without a type it is differential.

    ``how`` as for commands.request. Raises Conflict where an update is under way, StationOffline.
    """
    known = commands.repeated(how.get("idempotency_key"))
    if known is not None:
        return known
    row = _free(station, at)
    whole = {"listVersion": list_updates.next_version(row), "updateType": DIFFERENTIAL, **payload}
    row.command = commands.request(
        station=station, action="SendLocalList", payload=whole, at=at, **how
    )
    row.save()
    return row.command


@transaction.atomic
def update_answered(*, command: Command, status: str, at: datetime) -> None:
    """The station answered SendLocalList with ``status`` (UpdateStatus, section 7.47)."""
    row = _of_station(command.station_id)
    if row.command_id == command.pk:
        row.command = None
    else:
        _notice_loss(row, at)
    if status == "Accepted":
        list_updates.acknowledge(row, command.payload, at=at)
        if _is_behind(row):
            _step(row, at)
    elif status == "NotSupported":
        _cannot(row)
    else:
        row.error = f"The station answered {status} to an update of its list"[:500]
        if row.target is not None:  # it is ours to put right: with a full update
            list_updates.forget(row)
        _retry_later(row, at)
        if status == "VersionMismatch":
            row.state = ListState.UNVERIFIED
    row.save()
    events.list_changed(row.station_id)


@transaction.atomic
def version_answered(*, command: Command, version: int, at: datetime) -> None:
    """The station told the version of its list: -1 where it keeps none, 0 where it is empty."""
    row = _of_station(command.station_id)
    if row.command_id == command.pk:
        row.command = None
    else:
        _notice_loss(row, at)
    if version < 0:
        _cannot(row)
    elif not (row.command and row.command.is_open):  # else the answer to that one says more
        list_updates.verified(row, version, at=at)
        if _is_behind(row) and (row.next_at is None or row.next_at <= at):
            _step(row, at)
    row.save()
    events.list_changed(row.station_id)


@transaction.atomic
def advance(*, at: datetime) -> int:
    """Bring lists that are behind a step further, a bounded number; gives how many."""
    lost = _rows().filter(command__status__in=_NO_ANSWER)
    for row in lost[:500]:
        _notice_loss(row, at)
        row.save()
    behind = Q(content=None) | ~Q(content=F("target__content")) | Q(state=ListState.UNVERIFIED)
    due = _rows().filter(
        behind,
        Q(next_at=None) | Q(next_at__lte=at),
        station__in=selectors.connected().filter(registration=Registration.ACCEPTED),
        command=None,
        target__isnull=False,
        state__in=[ListState.KNOWN, ListState.UNVERIFIED],
    )
    rows = list(due.order_by(F("next_at").asc(nulls_first=True), "pk")[:_MOST_STEPS])
    for row in rows:
        _step(row, at)
        row.save()
    return len(rows)


def contents_with(id_tag: str) -> list[str]:
    """The contents stations have acknowledged in which ``id_tag`` stands; of at most 500."""
    contents = LocalListContent.objects.filter(lists__isnull=False).defer("entries").distinct()
    return [one.pk for one in contents[:500] if id_tag.upper() in list_contents.load(one)]


def _rows() -> Any:
    return LocalList.objects.select_for_update(skip_locked=True, of=("self",)).select_related(
        "station", "command", "content", "goal", "lost", "target__content"
    )


def _of_station(station_id: int) -> LocalList:
    LocalList.objects.get_or_create(station_id=station_id)
    return (
        LocalList.objects.select_for_update(no_key=True, of=("self",))
        .select_related("station", "command", "content", "goal", "lost", "target__content")
        .get(station_id=station_id)
    )


def _free(station: ChargingStation, at: datetime) -> LocalList:
    """The row of ``station``. Raises Conflict while an update is under way."""
    row = _of_station(station.pk)
    _notice_loss(row, at)
    if row.command is not None:
        raise Conflict("An update of the list of %(station)s is under way", station=station.cp_id)
    return row


def _step(row: LocalList, at: datetime) -> None:
    """Ask for the version where it is not known, else send the next update."""
    row.next_at = None
    if row.state == ListState.UNVERIFIED:
        action, payload = "GetLocalListVersion", {}
    else:
        action, payload = (
            "SendLocalList",
            list_updates.next_update(row, full=row.content is None, at=at),
        )
    try:
        row.command = commands.request(station=row.station, action=action, payload=payload, at=at)
    except (StationOffline, Conflict):
        row.next_at = at + timedelta(seconds=_AWAY_S)


def _notice_loss(row: LocalList, at: datetime) -> None:
    """Where the command of ``row`` ended without an answer: draw the conclusions."""
    command = row.command
    if command is None or command.is_open:
        return
    row.command = None
    if command.status == CommandStatus.EXPIRED:
        return
    if command.status == CommandStatus.FAILED and command.error_code in _CANNOT:
        _cannot(row)
        return
    row.error = (command.error_description or command.error_code)[:500]
    _retry_later(row, at)
    if command.action == "SendLocalList":
        row.state = ListState.UNVERIFIED
        if row.lost is not None:  # two of them: their versions do not tell which were taken
            list_updates.forget(row)
        row.lost = command


def _cannot(row: LocalList) -> None:
    row.state, row.error = ListState.UNSUPPORTED, "The station keeps no local list"
    list_updates.forget(row)
    row.lost, row.version = None, 0


def _retry_later(row: LocalList, at: datetime) -> None:
    wait = min(_RETRY_S * 4**row.attempts, _LONGEST_S) if row.attempts < 10 else _LONGEST_S
    row.attempts += 1
    row.next_at = at + timedelta(seconds=wait)
    if row.once:  # what an operator wanted once is not tried again behind their back
        row.once, row.target = False, None


def _is_behind(row: LocalList) -> bool:
    return row.target is not None and not row.in_step and row.command is None
