"""Plays a file of recorded sessions: every station in parallel, with the data's own times."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

from tests.simulator.charge_point import ChargePoint, Hardware
from tests.simulator.clock import DataClock, seconds_between
from tests.simulator.faults import Disturber
from tests.simulator.life import finish
from tests.simulator.messages import Transaction
from tests.simulator.recording import RecordedSession, read_sessions, steps
from tests.simulator.records import Records
from tests.simulator.summary import ReplaySummary

log = logging.getLogger("simulator")
_HARDWARE = Hardware(model="Replay", max_power_w=6_656.0, phases=1)


@dataclass(frozen=True)
class ReplayOptions:
    """``speed``: data seconds per second, 0 for as fast as answers arrive; ``patience`` in
    seconds without a word of the server; ``outage_s`` how long a dropped line stays dead;
    ``samples`` per session; the rest as on the command line."""

    url: str
    path: Path
    speed: float = 0.0
    samples: int = 8
    seed: int = 1
    faults: Sequence[str] = ()
    rates: dict[str, float] = field(default_factory=dict)
    only_stations: Sequence[str] = ()
    limit: int | None = None
    key: str | None = None
    timeout: float = 30.0
    patience: float | None = 120.0
    outage_s: tuple[float, float] = (0.0, 0.05)
    settings: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    on_acknowledged: Callable[[], None] | None = None  # with each acknowledged message, at once


class Pace:
    """When something of the data's time is due in ours."""

    def __init__(self, speed: float, begins: datetime):
        self._speed, self._begins = speed, begins
        self._began = monotonic()

    async def until(self, at: datetime) -> None:
        """Wait until ``at`` of the data; not at all at speed 0."""
        if self._speed:
            due = self._began + seconds_between(self._begins, at) / self._speed
            await asyncio.sleep(max(due - monotonic(), 0.0))


class StationReplay:
    """One station of the file."""

    def __init__(self, cp_id: str, sessions: Sequence[RecordedSession], options: ReplayOptions):
        self.sessions = sessions
        self.transactions: list[Transaction] = []
        self.clock = DataClock(sessions[0].plugged_at)
        self._options = options
        self.station = ChargePoint(
            f"{options.prefix}{cp_id}",
            options.url,
            key=options.key,
            hardware=_HARDWARE,
            clock=self.clock,
            seed=options.seed,
            disturber=self._disturber,
            settings={"TransactionMessageAttempts": "10", **options.settings},
            timeout=options.timeout,
            patience=options.patience,
            outage_s=options.outage_s,
            tells_status=False,  # the recorded statuses are kept and told in their order
        )
        self.station.records.on_acknowledged = options.on_acknowledged

    async def play(self, pace: Pace) -> None:
        """From boot to the last answer. Raises OutOfPatience."""
        register_wh = self.station.connectors[1].meter.reading_wh
        async with self.station:
            await self.station.ready()
            for session in self.sessions:
                transaction = Transaction(1, session.id_tag, register_wh, session.plugged_at)
                self.transactions.append(transaction)
                await self._play_session(session, transaction, pace)
                register_wh += session.energy_wh
            self.station.release()
            await self.station.drained()

    @property
    def completed(self) -> list[Transaction]:
        """The transactions whose stop was acknowledged."""
        return [each for each in self.transactions if each.stop_acknowledged]

    async def _play_session(
        self, session: RecordedSession, transaction: Transaction, pace: Pace
    ) -> None:
        for step in steps(session, transaction, self._options.samples):
            await self.station.life.lasts(pace.until(step.at))
            self.clock.at = step.at
            if step.message.action == "StartTransaction":
                step.message.on_answer = self._count_refused_card
            self.station.post(step.message)
        if not self._options.speed:
            await self.station.drained()

    def _count_refused_card(self, answer: dict[str, dict[str, str]]) -> None:
        """The file is what happened: a card unknown to the server charges all the same."""
        if answer["idTagInfo"]["status"] != "Accepted":
            self.station.records.note("refused_cards")

    def _disturber(self, records: Records) -> Disturber:
        rng = random.Random(f"faults {self._options.seed} {self.sessions[0].station}")
        options = self._options
        return Disturber(options.faults, rng=rng, counts=records.faults, rates=options.rates)


async def run_replay(options: ReplayOptions, stop: asyncio.Event | None = None) -> ReplaySummary:
    """Play the file; ``stop`` ends it early. Raises OSError or ValueError for a bad file."""
    recorded = read_sessions(options.path, options.only_stations, options.limit)
    if not recorded:
        raise ValueError("the file has no sessions of these stations")
    replays = [StationReplay(name, sessions, options) for name, sessions in recorded.items()]
    began = monotonic()
    pace = Pace(options.speed, min(sessions[0].plugged_at for sessions in recorded.values()))
    plays = {replay.station.cp_id: asyncio.create_task(replay.play(pace)) for replay in replays}
    await finish(plays.values(), stop or asyncio.Event())
    return _summed_up(replays, plays, monotonic() - began)


def _summed_up(
    replays: Sequence[StationReplay], plays: dict[str, asyncio.Task[None]], elapsed_s: float
) -> ReplaySummary:
    summary = ReplaySummary()
    summary.gather([replay.station for replay in replays], elapsed_s)
    summary.failures = {name: _failure(task) for name, task in plays.items() if _failure(task)}
    ids = [each.id for replay in replays for each in replay.transactions if each.id is not None]
    summary.conflicts += len(ids) - len(set(ids))  # an id must never be given twice
    for replay in replays:
        summary.sessions += len(replay.sessions)
        summary.sessions_played += len(replay.completed)
        summary.energy_wh[replay.station.cp_id] = sum(
            (each.meter_stop_wh or 0) - each.meter_start_wh for each in replay.completed
        )
    return summary


def _failure(task: asyncio.Task[None]) -> str:
    if task.cancelled():
        return "stopped before its end"
    error = task.exception()
    return f"{type(error).__name__}: {error}" if error else ""
