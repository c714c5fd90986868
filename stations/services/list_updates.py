"""Updates of a local list: the next one to send, and what one that was taken makes of the list.

They change the row they are given and leave it to the caller to save it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stations.models import ListState, LocalList
from stations.services import configuration, list_contents

FULL, DIFFERENTIAL = "Full", "Differential"
Payload = dict[str, Any]
_CHUNK = 50  # entries in one update, where the station does not say (SendLocalListMaxLength)
_LAST_VERSION = 2**31 - 1


def next_update(row: LocalList, *, full: bool, at: datetime) -> Payload:
    """The next SendLocalList.req towards the target of ``row``."""
    assert row.target is not None
    if row.done and (full or row.goal_id != row.target.content_id):  # there is another way now
        row.content, row.done = list_contents.store(_present(row), at=at), 0
    row.goal = row.target.content
    wanted = list_contents.difference(None if full else row.content, row.goal)
    items = wanted[row.done : row.done + _chunk(row)]
    version = next_version(row)
    payload = {"listVersion": version, "updateType": FULL if full else DIFFERENTIAL}
    return {**payload, "localAuthorizationList": list(items)} if items else payload


def acknowledge(row: LocalList, payload: Payload, *, at: datetime) -> None:
    """The station has what ``payload`` says: on its way to the goal, or something else."""
    items = payload.get("localAuthorizationList") or []
    full = payload["updateType"] == FULL
    base, done = (None, 0) if full else (row.content, row.done)
    if full:
        row.content = list_contents.store({}, at=at)
    elif row.lost is not None:  # taken before this one, or not
        forget(row)
    if row.goal is not None and (full or base is not None):
        wanted = list_contents.difference(base, row.goal)
        row.done = done + len(items)
        if list(wanted[done : row.done]) != items:
            _diverted(row, done, items, at)
        elif row.done >= len(wanted):
            row.content, row.goal, row.done = row.goal, None, 0
    elif row.content is not None:
        _diverted(row, 0, items, at)
    row.version, row.state, row.acknowledged_at = payload["listVersion"], ListState.KNOWN, at
    row.attempts, row.next_at, row.lost, row.error = 0, None, None, ""
    if row.once and row.in_step:
        row.once, row.target = False, None


def _diverted(row: LocalList, done: int, items: list[Any], at: datetime) -> None:
    """An update nobody of us planned: from here on there is another way to the goal."""
    row.done = done
    after = list_contents.applied(_present(row), items)
    row.content, row.goal, row.done = list_contents.store(after, at=at), None, 0


def _present(row: LocalList) -> list_contents.Entries:
    """What the station has by now."""
    entries = list_contents.load(row.content)
    if row.goal is None or not row.done:
        return entries
    return list_contents.applied(
        entries, list_contents.difference(row.content, row.goal)[: row.done]
    )


def verified(row: LocalList, version: int, *, at: datetime) -> None:
    """Compare the version the station tells with what it would be, with and without the update

    whose answer was lost.
    """
    lost, row.lost = row.lost, None
    sent = lost.payload.get("listVersion") if lost else None
    if lost is not None and version == sent != row.version:
        attempts = row.attempts
        acknowledge(row, lost.payload, at=at)
        row.attempts = attempts
        return
    row.state = ListState.KNOWN
    if version == 0:
        row.content, row.goal, row.done = list_contents.store({}, at=at), None, 0
    elif version != row.version or version == sent:
        forget(row)
    row.version = version


def next_version(row: LocalList) -> int:
    """Ascending, never 0 or -1 (section 5.17), beyond an update the station may have."""
    lost = row.lost.payload.get("listVersion", 0) if row.lost else 0
    version = int(max(row.version, lost, 0)) + 1
    return version if version <= _LAST_VERSION else 1


def _chunk(row: LocalList) -> int:
    """How many entries the station takes at once; fewer after each failure."""
    told = configuration.value(station_id=row.station_id, key="SendLocalListMaxLength")
    said = configuration.number(told, digits=7)
    return max(1, (_CHUNK if said is None else said) >> min(row.attempts, 16))


def forget(row: LocalList) -> None:
    """Nobody knows what the station has: the next update is a full one."""
    row.content, row.goal, row.done = None, None, 0
