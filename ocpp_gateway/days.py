"""The message log by day: on PostgreSQL every day is a partition, made ahead and dropped whole.

Days are those of UTC. A message whose day has no partition goes to the default one, so that none is
ever refused. Partitions change under locks that are waited for half a second: who writes waits
behind them. What is not had by then is asked for next time. SQLite has one table, and deletes.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, OperationalError, connection, transaction

logger = logging.getLogger(__name__)
TABLE = "ocpp_gateway_ocppmessage"
AHEAD = 3  # days, behind today
_DEFAULT, _ASIDE = f"{TABLE}_default", f"{TABLE}_aside"
# A day is named by itself, what there was before there were days by the one it ends before.
_NAME = re.compile(rf"{TABLE}_(before_)?(\d{{8}})")
_DAY = timedelta(days=1)
_MOST = 10_000  # rows moved or deleted in one statement: others write in between
_SCANNED = 64 * 2**20  # bytes of the default partition that a new day may read, under its lock
_LOCK = 7_108_101_121  # of who changes partitions
_BACK = (
    f'WITH moved AS (DELETE FROM "{_ASIDE}" WHERE id IN'
    f' (SELECT id FROM "{_ASIDE}" ORDER BY id DESC LIMIT %s) RETURNING *)'
    f' INSERT INTO "{TABLE}" SELECT * FROM moved'
)
_NAMES = (
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = to_regclass(%s)"
)


class Partition(NamedTuple):
    """A table of the log; ``end``: the day before which its messages are, None where any may be."""

    name: str
    end: date | None
    is_day: bool


def make_ahead(at: datetime) -> None:
    """Have partitions for the day of ``at`` and some behind it; what cannot be is tried again."""
    today = at.astimezone(UTC).date()
    make(today, today + AHEAD * _DAY)


def make(first: date, last: date) -> None:
    """Have a partition for every day from ``first`` to ``last``, with its rows of the default one.

    Of more than 10,000 rows in the default partition the rest is out of sight until it was moved,
    portion by portion. Whoever does the same elsewhere is left to it.
    """
    if not _partitions():  # SQLite, or the migration is not there
        return
    with _or_next_time("No partitions were made of the message log"):
        _put_back()
        if _missing(first, last):
            with _changing() as is_mine:
                if is_mine:
                    _make(_missing(first, last))
            _put_back()


def forget(before: datetime) -> None:
    """Drop the days that ended by ``before``; what is older in no partition of a day is deleted."""
    day = before.astimezone(UTC).date()
    found = _partitions()
    with _or_next_time("Old days of the message log were not dropped"):
        for one in found:
            if one.end is not None and one.end <= day:
                _drop(one.name)
    kept = [one.name for one in found if not one.is_day and (one.end is None or one.end > day)]
    for name in kept if found else [TABLE]:
        _delete(name, before)


def _partitions() -> list[Partition]:
    """The oldest first; none where the log is one table."""
    if connection.vendor != "postgresql":
        return []
    found = [_partition(name) for (name,) in _rows(_NAMES, TABLE)]
    return sorted(found, key=lambda one: one.end or date.max)


def _partition(name: str) -> Partition:
    if not (named := _NAME.fullmatch(name)):
        return Partition(name, None, False)
    day = datetime.strptime(named[2], "%Y%m%d").replace(tzinfo=UTC).date()
    return Partition(name, day, False) if named[1] else Partition(name, day + _DAY, True)


def _missing(first: date, last: date) -> list[date]:
    """The days that have no partition of theirs, and are not in that of what there was before."""
    found = _partitions()
    there = {one.end for one in found if one.is_day}
    since = max((one.end for one in found if one.end and not one.is_day), default=date.min)
    wanted = (first + number * _DAY for number in range((last - first).days + 1))
    return [day for day in wanted if day >= since and day + _DAY not in there]


def _make(days: list[date]) -> None:
    if not days:
        return
    if is_in_the_way := _is_in_the_way(days):
        _set_aside()
    for day in days:
        name = f"{TABLE}_{day:%Y%m%d}"
        _table(name, f"FOR VALUES FROM ('{_start(day)}') TO ('{_start(day + _DAY)}')")
    if is_in_the_way:
        _do(_BACK, _MOST)  # few are never out of sight


def _start(day: date) -> str:
    return f"{day.isoformat()} 00:00:00+00"


def _table(name: str, bounds: str) -> None:
    # Not PARTITION OF: that would keep out who writes to other days, too.
    _do(f'CREATE TABLE "{name}" (LIKE "{TABLE}" INCLUDING ALL)')
    _do(f'ALTER TABLE "{TABLE}" ATTACH PARTITION "{name}" {bounds}')


def _is_in_the_way(days: list[date]) -> bool:
    """Whether the default partition has rows of them, or takes long to be looked through for it."""
    asked = (
        f'SELECT pg_relation_size(%s::regclass) > %s OR EXISTS (SELECT 1 FROM "{_DEFAULT}"'
        " WHERE at >= %s::timestamptz AND at < %s::timestamptz)"
    )
    [(found,)] = _rows(asked, _DEFAULT, _SCANNED, _start(days[0]), _start(days[-1] + _DAY))
    return bool(found)


def _set_aside() -> None:
    """An empty default partition for the one there is, whose rows are put back behind it."""
    _do(f'LOCK TABLE ONLY "{TABLE}" IN ACCESS EXCLUSIVE MODE')
    _do(f'ALTER TABLE "{TABLE}" DETACH PARTITION "{_DEFAULT}"')
    _do(f'ALTER TABLE "{_DEFAULT}" RENAME TO "{_ASIDE}"')
    _table(_DEFAULT, "DEFAULT")


def _put_back() -> None:
    """Move what was set aside to where it belongs, the newest first; then its table goes."""
    while _is_aside():
        with _changing() as is_mine:
            if not is_mine:
                return
            if _is_aside() and not _do(_BACK, _MOST):
                _do(f'DROP TABLE "{_ASIDE}"')


def _drop(name: str) -> None:
    with _changing() as is_mine:
        if is_mine:
            _do(f'DROP TABLE IF EXISTS "{name}"')


def _delete(name: str, before: datetime) -> None:
    old = f'SELECT id FROM "{name}" WHERE at < %s ORDER BY at LIMIT %s'
    moment = connection.ops.adapt_datetimefield_value(before)
    while _do(f'DELETE FROM "{name}" WHERE id IN ({old})', moment, _MOST):
        pass


@contextmanager
def _changing() -> Iterator[bool]:
    """A transaction that changes partitions; False where somebody else is at it."""
    with transaction.atomic():
        _do("SET LOCAL lock_timeout = '500ms'")
        [(is_mine,)] = _rows("SELECT pg_try_advisory_xact_lock(%s)", _LOCK)
        yield is_mine


@contextmanager
def _or_next_time(what: str) -> Iterator[None]:
    # A lock was not had in time, or a message came in between that the new day would have taken.
    try:
        yield
    except (OperationalError, IntegrityError) as error:
        logger.warning("%s, the next run tries again: %s", what, error)


def _is_aside() -> bool:
    # Not to_regclass(): it may go by what this connection knew before another's transaction.
    beside = "SELECT relnamespace FROM pg_class WHERE oid = to_regclass(%s)"
    asked = f"SELECT 1 FROM pg_class WHERE relname = %s AND relnamespace = ({beside})"
    return bool(_rows(asked, _ASIDE, TABLE))


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _do(sql: str, *values: Any) -> int:
    """How many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
