"""The flow of the prior gateway's own test client: one station, one card, one whole session."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from time import monotonic

from tests.simulator.battery import Battery
from tests.simulator.charge_point import ChargePoint
from tests.simulator.summary import Summary

log = logging.getLogger("simulator")


@dataclass(frozen=True)
class PriorOptions:
    """``interval`` in seconds between ``count`` MeterValues; ``url`` without the station's id."""

    url: str = "ws://127.0.0.1:3000"
    cp_id: str = "CP_TEST_001"
    card: str = "RFID_001"
    interval: int = 2
    count: int = 5
    key: str | None = None
    timeout: float = 30.0
    patience: float | None = 30.0


@dataclass
class PriorSummary(Summary):
    """What became of the session; ``card`` is the answer to Authorize."""

    card: str = ""
    transaction_id: int | None = None
    meter_values: int = 0
    energy_wh: int = 0

    @property
    def drained(self) -> bool:
        """Also the card must have been accepted and the session charged."""
        return super().drained and self.card == "Accepted" and self.meter_values > 0


async def run_prior_flow(options: PriorOptions, stop: asyncio.Event | None = None) -> PriorSummary:
    """Connect, boot, authorise, charge with meter values, stop, disconnect.

    ``stop`` ends the charging early. Raises OutOfPatience where there is no server.
    """
    began, summary = monotonic(), PriorSummary()
    station = ChargePoint(
        options.cp_id,
        options.url,
        key=options.key,
        settings={"MeterValueSampleInterval": str(options.interval)},
        timeout=options.timeout,
        patience=options.patience,
    )
    async with station:
        await station.ready()
        log.info("[%s] boot accepted", options.cp_id)
        await _session(station, options, summary, stop or asyncio.Event())
        await station.drained()
    log.info("[%s] disconnected", options.cp_id)
    summary.gather([station], monotonic() - began)
    summary.meter_values = len(station.records.of("MeterValues"))
    return summary


async def _session(
    station: ChargePoint, options: PriorOptions, summary: PriorSummary, stop: asyncio.Event
) -> None:
    connector = station.connectors[1]
    connector.plug_in(Battery(60_000, 12_000, 22_000))
    try:
        summary.card = await station.present_card(1, options.card)
        log.info("[%s] card %s: %s", options.cp_id, options.card, summary.card)
        transaction = connector.transaction
        if transaction is None:
            return
        # Half an interval more than needed, so that the last sample is taken for certain.
        await station.life.lasts(
            station.clock.within(options.interval * (options.count + 0.5), stop)
        )
        connector.stop("Local", options.card)
        await station.drained()
        summary.transaction_id = transaction.id
        summary.energy_wh = (transaction.meter_stop_wh or 0) - transaction.meter_start_wh
        log.info("[%s] transaction %s: %d Wh", options.cp_id, transaction.id, summary.energy_wh)
    finally:
        connector.unplug()
