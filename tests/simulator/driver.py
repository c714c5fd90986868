"""Drivers: they come with a vehicle and a card, charge, and leave."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass

from tests.simulator.battery import Battery
from tests.simulator.charge_point import ChargePoint
from tests.simulator.connector import Connector

log = logging.getLogger("simulator")


@dataclass
class Visit:
    """One driver's stop at a connector; all in station seconds."""

    id_tag: str
    vehicle: Battery
    fumbles_s: float = 3.0  # between cable and card, and between card and leaving
    stays_s: float = 600.0
    taps_to_stop: bool = True


def random_visit(rng: random.Random, id_tag: str, max_power_w: float) -> Visit:
    """A visit of a few minutes; about every third vehicle is full before its driver is back."""
    stays_s = rng.uniform(120, 900)
    capacity_wh = rng.choice((28_000.0, 42_000.0, 58_000.0, 77_000.0))
    could_take_wh = max_power_w * stays_s / 3600
    missing_wh = min(could_take_wh * rng.uniform(0.3, 1.8), capacity_wh * 0.85)
    return Visit(
        id_tag=id_tag,
        vehicle=Battery(capacity_wh, capacity_wh - missing_wh, rng.uniform(0.5, 1.2) * max_power_w),
        fumbles_s=rng.uniform(2, 12),
        stays_s=stays_s,
        taps_to_stop=rng.random() < 0.6,
    )


async def charge(station: ChargePoint, connector: Connector, visit: Visit) -> str:
    """The whole visit. Gives what the display said to the card; the cable is always pulled."""
    sleep = station.clock.sleep
    connector.plug_in(visit.vehicle)
    try:
        await sleep(visit.fumbles_s)
        shown = await station.present_card(connector.id, visit.id_tag)
        log.info("[%s/%d] card %s: %s", station.cp_id, connector.id, visit.id_tag, shown)
        if connector.transaction is not None:  # by the card, or by a remote start meanwhile
            await stay(station, connector, visit)
        await sleep(visit.fumbles_s)
    finally:
        connector.unplug()
    return shown


async def charge_by_remote(station: ChargePoint, connector: Connector, visit: Visit) -> None:
    """A driver who started from an app: the start waits for the cable."""
    await station.clock.sleep(visit.fumbles_s)
    connector.plug_in(visit.vehicle)
    try:
        await stay(station, connector, visit)
        await station.clock.sleep(visit.fumbles_s)
    finally:
        connector.unplug()


async def stay(station: ChargePoint, connector: Connector, visit: Visit) -> None:
    """Be away until the time is up or somebody else ended the transaction; then stop it."""
    mine = connector.transaction
    if mine is None:
        return
    log.info("[%s/%d] charging for %s", station.cp_id, connector.id, mine.id_tag)
    await connector.until(lambda: connector.transaction is not mine, visit.stays_s)
    if connector.transaction is mine and visit.taps_to_stop:
        await station.present_card(connector.id, mine.id_tag)
    charged = (mine.meter_stop_wh or connector.meter.reading_wh) - mine.meter_start_wh
    log.info("[%s/%d] charged %.2f kWh", station.cp_id, connector.id, charged / 1000)
