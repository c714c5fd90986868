"""A fleet of stations at which drivers come and go at random, by a seed."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from tests.simulator.charge_point import ChargePoint, Hardware
from tests.simulator.clock import Clock
from tests.simulator.connector import Connector
from tests.simulator.driver import charge, charge_by_remote, random_visit
from tests.simulator.faults import Disturber
from tests.simulator.life import finish
from tests.simulator.records import Records
from tests.simulator.summary import FleetSummary

log = logging.getLogger("simulator")
MODELS = (
    Hardware(model="AC22 Duo", connectors=2, max_power_w=22_000.0),
    Hardware(model="AC11", max_power_w=11_000.0),
    Hardware(model="DC50", max_power_w=50_000.0, dc=True),
)
_KEEP_RECORDS = 2_000  # a fleet may run for ever
_RESERVED_CARD_COMES = 0.7


@dataclass(frozen=True)
class FleetOptions:
    """``duration`` and ``ramp`` in real seconds, as is ``outage_s``, how long a dropped line stays
    dead; ``pause_s`` between two drivers in station seconds; ``speed``: station seconds per
    second, timestamps included: above 1 they run ahead of the server's clock."""

    url: str
    stations: int = 6
    ids: Sequence[str] = ()
    prefix: str = "SIM-"
    cards: Sequence[str] = ("RFID_001", "RFID_002", "RFID_003")
    seed: int = 1
    speed: float = 1.0
    duration: float | None = None
    ramp: float = 2.0
    pause_s: tuple[float, float] = (10.0, 120.0)
    faults: Sequence[str] = ()
    rates: dict[str, float] = field(default_factory=dict)
    key: str | None = None
    timeout: float = 30.0
    patience: float | None = None
    outage_s: tuple[float, float] = (0.5, 8.0)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The ids of all stations."""
        return list(self.ids) or [f"{self.prefix}{n:03d}" for n in range(1, self.stations + 1)]


class StationInUse:
    """One station of the fleet and the drivers it has."""

    def __init__(self, number: int, cp_id: str, options: FleetOptions):
        self.visits = 0
        self._options = options
        self._connects_after_s = options.ramp * number / len(options.names)
        self._rng = random.Random(f"drivers {options.seed} {cp_id}")
        self.station = ChargePoint(
            cp_id,
            options.url,
            key=options.key,
            hardware=MODELS[number % len(MODELS)],
            clock=Clock(options.speed),
            seed=options.seed,
            disturber=self._disturber,
            settings=options.settings,
            timeout=options.timeout,
            patience=options.patience,
            outage_s=options.outage_s,
            keep=_KEEP_RECORDS,
        )
        self._busy = {number: asyncio.Lock() for number in self.station.connectors}
        self.station.on_remote_start = self._expect_remote_driver

    async def run(self) -> None:
        """Until it is cancelled; drivers then leave and the station says what is left to say."""
        await asyncio.sleep(self._connects_after_s)
        async with self.station:
            await self.station.ready()
            places = [
                asyncio.create_task(self._drivers(connector))
                for connector in self.station.connectors.values()
            ]
            try:
                await self.station.life.lasts(_first_mistake(places))
            finally:
                for place in places:
                    place.cancel()
                await asyncio.gather(*places, return_exceptions=True)
                for connector in self.station.connectors.values():
                    connector.unplug()

    async def _drivers(self, connector: Connector) -> None:
        while True:
            await self.station.clock.sleep(self._rng.uniform(*self._options.pause_s))
            async with self._busy[connector.id]:
                if connector.status in ("Available", "Reserved"):
                    self.visits += 1
                    visit = random_visit(
                        self._rng, self._card(connector), connector.meter.max_power_w
                    )
                    await charge(self.station, connector, visit)

    def _card(self, connector: Connector) -> str:
        reservation = self.station.reservations.at(connector.id)
        if reservation is not None and self._rng.random() < _RESERVED_CARD_COMES:
            return reservation.id_tag
        return self._rng.choice(list(self._options.cards))

    def _expect_remote_driver(self, connector: Connector) -> None:
        self.station.life.spawn(self._remote_driver(connector))

    async def _remote_driver(self, connector: Connector) -> None:
        async with self._busy[connector.id]:
            self.visits += 1
            visit = random_visit(self._rng, "", connector.meter.max_power_w)
            await charge_by_remote(self.station, connector, visit)

    def _disturber(self, records: Records) -> Disturber:
        options = self._options
        rng = random.Random(f"faults {options.seed} {self._rng.random()}")
        return Disturber(options.faults, rng=rng, counts=records.faults, rates=options.rates)


async def _first_mistake(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until one of them fails, and raise that."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


async def run_fleet(options: FleetOptions, stop: asyncio.Event | None = None) -> FleetSummary:
    """Run until ``stop``, the duration, or the end of the last station's patience."""
    began = monotonic()
    fleet = [StationInUse(number, name, options) for number, name in enumerate(options.names)]
    runs = {each.station.cp_id: asyncio.create_task(each.run()) for each in fleet}
    await finish(runs.values(), stop or asyncio.Event(), options.duration)
    return _summed_up(fleet, runs, monotonic() - began)


def _summed_up(
    fleet: Sequence[StationInUse], runs: dict[str, asyncio.Task[None]], elapsed_s: float
) -> FleetSummary:
    summary = FleetSummary()
    summary.gather([each.station for each in fleet], elapsed_s)
    summary.visits = sum(each.visits for each in fleet)
    for name in ("sessions_started", "sessions_ended"):
        total = sum(each.station.records.counts[name] for each in fleet)
        setattr(summary, name, total)
    for name, run in runs.items():
        if not run.cancelled() and run.exception() is not None:
            summary.failures[name] = f"{type(run.exception()).__name__}: {run.exception()}"
    return summary
