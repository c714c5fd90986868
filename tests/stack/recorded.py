"""The recorded sessions to replay: the real file where it is, else one of the same shape."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.processes import ROOT

REAL = ROOT.parent / "shared" / "data" / "acn-office001-sessions.csv"
HEADER = "session station connected_at done_charging_at disconnected_at kwh user".split()
SESSIONS = 1_648
_PER_STATION = tuple(zip("ABCDEFGH", (310, 300, 270, 225, 185, 158, 125, 75), strict=True))
_WITHOUT_USER, _WITHOUT_DONE, _DONE_AFTER_THE_END = 0.65, 0.03, 0.01
_BEGIN = datetime(2019, 3, 25, 8, tzinfo=UTC)


def description() -> str:
    """One line for people: which sessions the tests replay."""
    if REAL.exists():
        return f"recorded sessions: {REAL.name}, the real ones"
    return f"recorded sessions: synthetic ({SESSIONS:,}, fixed seed), {REAL.name} is not here"


def recorded_file(folder: Path) -> Path:
    """The real file, or the synthetic one, written into ``folder``."""
    if REAL.exists():
        return REAL
    return _written(folder, synthetic_sessions(_PER_STATION))


def fleet_file(folder: Path, stations: int, sessions: int) -> Path:
    """Sessions like these at many stations, so many at each."""
    names = tuple((f"FLEET-{number:03d}", sessions) for number in range(stations))
    return _written(folder, synthetic_sessions(names))


def _written(folder: Path, sessions: list[tuple[str, ...]]) -> Path:
    path = folder / "synthetic-sessions.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(sessions)
    return path


@cache
def synthetic_sessions(
    per_station: tuple[tuple[str, int], ...] = _PER_STATION,
) -> list[tuple[str, ...]]:
    """Sessions of the real file's shape, the same ones every time, in order of their start."""
    rng = random.Random("recorded sessions")
    users = [f"{rng.randrange(10**6):09d}" for _ in range(22)]
    made = [
        (f"{name}-{number:03d}", name, *times, _kwh(rng), _user(rng, users))
        for name, count in per_station
        for number, times in enumerate(_visits(rng, count))
    ]
    return sorted(made, key=lambda row: row[2])


def _visits(rng: random.Random, count: int) -> Iterator[tuple[str, str, str]]:
    """When vehicles came, were full and left, at one station: never two at a time."""
    at = _BEGIN + timedelta(hours=rng.uniform(0, 48))
    for _ in range(count):
        stays = timedelta(hours=min(max(rng.expovariate(1 / 6.5), 0.2), 73.9))
        done = at + stays * rng.uniform(0.1, 1.0)
        if rng.random() < _DONE_AFTER_THE_END:
            done = at + stays + timedelta(minutes=3)
        known = rng.random() >= _WITHOUT_DONE
        yield _iso(at), _iso(done) if known else "", _iso(at + stays)
        at += stays + timedelta(minutes=rng.uniform(2, 3_000))


def _kwh(rng: random.Random) -> str:
    return f"{min(max(rng.gammavariate(2.2, 8), 1.0), 65.0):.4f}"  # more digits than whole Wh


def _user(rng: random.Random, users: list[str]) -> str:
    return "" if rng.random() < _WITHOUT_USER else rng.choice(users)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
