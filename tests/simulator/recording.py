"""Recorded sessions: reads the file, and tells one session as the messages of a station."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from tests.simulator import messages
from tests.simulator.battery import energy_share, peak_power_w, power_share
from tests.simulator.clock import parse, seconds_between
from tests.simulator.configuration import MEASURANDS
from tests.simulator.messages import Message, Transaction
from tests.simulator.meter import sampled_values

ANONYMOUS = "ANON"
_MAX_ID_TAG = 20  # CiString20Type
_VOLTAGE_V = 208.0  # the recorded stations stand in California


class RecordedSession(NamedTuple):
    """One line of the file. ``done_at`` is when the vehicle was full, at most ``unplugged_at``."""

    name: str
    station: str
    plugged_at: datetime
    done_at: datetime
    unplugged_at: datetime
    energy_wh: int
    id_tag: str


class Step(NamedTuple):
    """A message of the recorded life of a station, and when it is due there."""

    at: datetime
    message: Message


def read_sessions(
    path: Path, only_stations: Collection[str] = (), limit: int | None = None
) -> dict[str, list[RecordedSession]]:
    """The sessions of each station in order of time; ``limit`` bounds how many in all.

    Raises OSError, or ValueError with the line a value cannot be read in.
    """
    sessions: dict[str, list[RecordedSession]] = defaultdict(list)
    count = 0
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            if only_stations and row.get("station") not in only_stations:
                continue
            if count == limit:
                break
            try:
                session = _session(row)
            except (KeyError, TypeError, ValueError, InvalidOperation) as error:
                raise ValueError(f"line {number}: {error!r}") from error
            sessions[session.station].append(session)
            count += 1
    return {
        station: sorted(sessions[station], key=lambda session: session.plugged_at)
        for station in sorted(sessions)
    }


def id_tag_of(user: str) -> str:
    """A card for a user: the name itself where it fits in 20 characters, else a digest of it."""
    user = user.strip()
    if len(user) <= _MAX_ID_TAG:
        return user or ANONYMOUS
    return f"{user[:9]}-{hashlib.sha256(user.encode()).hexdigest()[:10]}"


def steps(
    session: RecordedSession, transaction: Transaction, samples: int, *, connector_id: int = 1
) -> Iterator[Step]:
    """The messages of a session in order, with its own times; sets the transaction's stop."""
    register = transaction.meter_start_wh
    transaction.meter_stop_wh = register + session.energy_wh

    def status(name: str, at: datetime) -> Step:
        return Step(at, messages.status_notification(connector_id, name, at, kept=True))

    yield status("Preparing", session.plugged_at)
    yield Step(session.plugged_at, messages.start_transaction(transaction))
    yield status("Charging", session.plugged_at)
    yield from _samples(session, transaction, samples)
    if session.done_at < session.unplugged_at:
        yield status("SuspendedEV", session.done_at)
    stop = messages.stop_transaction(transaction, session.unplugged_at, "EVDisconnected")
    yield Step(session.unplugged_at, stop)
    yield status("Finishing", session.unplugged_at)
    yield status("Available", session.unplugged_at)


def _samples(session: RecordedSession, transaction: Transaction, count: int) -> Iterator[Step]:
    """MeterValues from plugging in to the last, which is when the vehicle was done."""
    seconds = seconds_between(session.plugged_at, session.done_at)
    times = {round(seconds * number / count) for number in range(1, count + 1)}
    for offset in sorted(times - {0}):
        at = session.plugged_at + timedelta(seconds=offset)
        progress = offset / seconds
        charged = round(session.energy_wh * energy_share(progress))
        power = peak_power_w(session.energy_wh, seconds) * power_share(progress)
        sampled = sampled_values(
            MEASURANDS,
            "Sample.Periodic",
            register_wh=transaction.meter_start_wh + charged,
            power_w=power,
            voltage_v=_VOLTAGE_V,
        )
        yield Step(at, messages.meter_values(transaction.connector_id, at, sampled, transaction))


def _session(row: dict[str, str]) -> RecordedSession:
    plugged_at, unplugged_at = parse(row["connected_at"]), parse(row["disconnected_at"])
    if unplugged_at < plugged_at:
        raise ValueError("it ends before it begins")
    # Unknown in some lines, and after the unplugging in others: then it charged to the end.
    done_at = parse(row["done_charging_at"]) if row["done_charging_at"] else unplugged_at
    return RecordedSession(
        name=row["session"],
        station=row["station"],
        plugged_at=plugged_at,
        done_at=min(max(done_at, plugged_at), unplugged_at),
        unplugged_at=unplugged_at,
        energy_wh=round(Decimal(row["kwh"]) * 1000),
        id_tag=id_tag_of(row["user"] or ""),
    )
