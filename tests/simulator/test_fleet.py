"""Fleets, the prior gateway's flow, and the command line."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

import pytest

from tests.simulator.__main__ import main
from tests.simulator.central_system import CentralSystem
from tests.simulator.faults import KINDS
from tests.simulator.fleet import FleetOptions, run_fleet
from tests.simulator.prior_client import PriorOptions, run_prior_flow
from tests.simulator.staging import played

IMPATIENT = (1.0, 20.0)


@played
async def test_drivers_come_charge_and_leave() -> None:
    async with CentralSystem() as system:
        options = FleetOptions(
            system.url, stations=3, speed=2_000, ramp=0.1, duration=1.2, pause_s=IMPATIENT
        )
        summary = await run_fleet(options)
    assert system.complaints == []
    assert summary.drained
    assert summary.sessions_started == summary.sessions_ended > 3
    assert {station for station, _, _ in system.received} == {"SIM-001", "SIM-002", "SIM-003"}
    assert len(system.of("StopTransaction")) == len(system.of("StartTransaction"))
    assert len(system.of("StopTransaction", "SIM-002")) >= 2  # its one connector became free again


@played
async def test_a_fleet_with_every_fault_says_everything_before_it_leaves() -> None:
    async with CentralSystem() as system:
        options = FleetOptions(
            system.url,
            ids=["CP1", "CP2"],
            speed=2_000,
            ramp=0,
            duration=1.5,
            pause_s=IMPATIENT,
            faults=KINDS,
            rates={"drop": 0.005},
            timeout=0.5,
            outage_s=(0.0, 0.1),
        )
        summary = await run_fleet(options)
    assert system.complaints == []
    assert summary.drained
    started = {each["timestamp"] for each in system.of("StartTransaction")}
    stopped = {each["timestamp"] for each in system.of("StopTransaction")}
    assert len(started) == len(stopped) == summary.sessions_started
    assert summary.faults


@played
async def test_drivers_with_refused_cards_leave() -> None:
    async with CentralSystem() as system:
        system.cards["NO"] = "Invalid"
        options = FleetOptions(
            system.url,
            stations=1,
            cards=["NO"],
            speed=2_000,
            ramp=0,
            duration=0.5,
            pause_s=IMPATIENT,
        )
        summary = await run_fleet(options)
    assert summary.refused_cards > 0
    assert summary.sessions_started == 0
    assert system.statuses()[-1] == "Available"


@played
async def test_a_remote_start_brings_a_driver() -> None:
    async with CentralSystem() as system:
        options = FleetOptions(
            system.url, ids=["CP1"], speed=3_000, ramp=0, pause_s=(900_000, 900_000)
        )
        stop = asyncio.Event()
        fleet = asyncio.create_task(run_fleet(options, stop))
        await system.until(lambda: len(system.of("StatusNotification")) == 3)
        await system.ask("RemoteStartTransaction", {"idTag": "APP", "connectorId": 2})
        await system.until(lambda: len(system.of("StopTransaction")) == 1, 5)
        stop.set()
        summary = await fleet
    assert summary.sessions_ended == 1
    assert system.of("StartTransaction")[0]["idTag"] == "APP"


@played
async def test_a_driver_by_remote_start_also_leaves_when_the_fleet_ends() -> None:
    async with CentralSystem() as system:
        options = FleetOptions(system.url, ids=["CP1"], speed=60, ramp=0, pause_s=(900, 900))
        stop = asyncio.Event()
        fleet = asyncio.create_task(run_fleet(options, stop))
        await system.until(lambda: len(system.of("StatusNotification")) == 3)
        await system.ask("RemoteStartTransaction", {"idTag": "APP", "connectorId": 1})
        await system.until(lambda: len(system.of("StartTransaction")) == 1)
        stop.set()
        summary = await fleet
    assert summary.drained
    assert len(system.of("StopTransaction")) == 1


@played
async def test_the_prior_flow_charges_once_and_disconnects() -> None:
    async with CentralSystem() as system:
        url = system.url.removesuffix("/ocpp")
        summary = await run_prior_flow(PriorOptions(url=url, interval=1, count=1))
    assert system.complaints == []
    assert system.paths == ["/CP_TEST_001"]
    assert summary.drained
    assert summary.card == "Accepted"
    assert summary.meter_values == 1
    start, stop = system.of("StartTransaction")[0], system.of("StopTransaction")[0]
    assert start["idTag"] == stop["idTag"] == "RFID_001"
    assert summary.energy_wh == stop["meterStop"] - start["meterStart"]


@played
async def test_the_prior_flow_fails_where_its_card_is_refused() -> None:
    async with CentralSystem() as system:
        system.cards["RFID_001"] = "Invalid"
        url = system.url.removesuffix("/ocpp")
        summary = await run_prior_flow(PriorOptions(url=url))
    assert summary.card == "Invalid"
    assert not summary.drained


@played
async def test_the_command_ends_cleanly_when_it_is_told_to() -> None:
    async with CentralSystem() as system:
        arguments = ["--url", system.url, "--stations", "2", "--speed", "60", "--ramp", "0"]
        process = await _simulator(*arguments, "--json", "--quiet")
        await system.until(lambda: len(system.of("BootNotification")) == 2, 5)
        process.send_signal(signal.SIGTERM)
        output, _ = await process.communicate()
    assert process.returncode == 0
    summary: dict[str, Any] = json.loads(output)
    assert summary["stations"] == 2
    assert summary["drained"] is True


@pytest.mark.parametrize(
    "arguments",
    [["--speed", "-1"], ["--faults", "fire"], ["--stations", "0"], ["--fault-rate", "2"]],
)
def test_the_command_refuses_nonsense(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2


def test_the_command_says_when_the_file_is_not_there() -> None:
    assert main(["--replay", "no-such-file.csv", "--quiet"]) == 2


async def _simulator(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.simulator",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
