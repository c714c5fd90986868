"""The load generator: closed-loop chargers on raw asyncio sockets, in a process of its own.

``python -m tests.benchmarks.load --port N --chargers 50`` prints one JSON line. Every charger
boots, reports its connector, starts a transaction and then has one MeterValues in flight at any
time. A message counts when its CALLRESULT arrives; a CALLERROR, a wrong answer or a closed socket
ends that charger and is reported.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop

from tests.benchmarks.charger import Charger, Fleet, Plan

_CONNECTING_AT_ONCE = 50
SETUP_SECONDS = 90.0
DRAIN_SECONDS = 15.0
LEAVE_SECONDS = 10.0


async def run(plan: Plan) -> dict[str, Any]:
    """Do ``plan``; gives the counts, the latencies in ms and how busy this process was."""
    fleet = Fleet(plan)
    try:
        chargers = await _connect(fleet)
    except (OSError, TimeoutError) as error:
        fleet.failures[f"not all chargers could start: {error!r}"] += 1
        return _result(fleet, 0.0, 0.0, None)
    try:
        if fleet.failures:
            return _result(fleet, 0.0, 0.0, None)
        return await _load(fleet, chargers)
    finally:
        await _leave(chargers)


async def _connect(fleet: Fleet) -> list[Charger]:
    """All chargers with a running transaction, a bounded number at a time."""
    gate = asyncio.Semaphore(_CONNECTING_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one(index: int) -> Charger:
        async with gate:
            _, charger = await loop.create_connection(
                lambda: Charger(fleet, f"{fleet.plan.prefix}{index:04d}"),
                "127.0.0.1",
                fleet.plan.port,
            )
            await charger.ready
            return charger

    async with asyncio.timeout(SETUP_SECONDS):
        return await asyncio.gather(*(one(index) for index in range(fleet.plan.chargers)))


async def _leave(chargers: list[Charger]) -> None:
    """Close every socket politely, so that no server complains; not longer than it may take."""
    for charger in chargers:
        charger.leave()
    await asyncio.wait(
        [asyncio.ensure_future(charger.left.wait()) for charger in chargers],
        timeout=LEAVE_SECONDS,
    )


async def _load(fleet: Fleet, chargers: list[Charger]) -> dict[str, Any]:
    gc.collect()
    gc.disable()
    fleet.running = True
    fleet.in_flight = set(chargers)
    for charger in chargers:
        charger.report()
    await asyncio.sleep(fleet.plan.warmup)
    before = _moment(fleet.plan.server_pid)
    fleet.recording = True
    await asyncio.sleep(fleet.plan.seconds)
    after = _moment(fleet.plan.server_pid)
    fleet.recording = fleet.running = False
    if fleet.plan.kill:
        _kill_server(fleet, chargers)
    if fleet.in_flight:
        try:
            await asyncio.wait_for(fleet.drained.wait(), DRAIN_SECONDS)
        except TimeoutError:
            fleet.failures[f"no answer within {DRAIN_SECONDS:g} s"] += len(fleet.in_flight)
    elapsed, own, server = (b - a for a, b in zip(before, after, strict=True))
    return _result(fleet, elapsed, own, server if fleet.plan.server_pid else None)


def _kill_server(fleet: Fleet, chargers: list[Charger]) -> None:
    """End the server while every charger has a message in flight; no answer may come to nothing."""
    for charger in chargers:
        charger.expect_the_end()
    os.kill(fleet.plan.server_pid, signal.SIGKILL)


def _moment(server_pid: int) -> tuple[float, float, float]:
    """Now, and the CPU seconds used so far by this process and by the server's."""
    return time.perf_counter(), time.process_time(), cpu_seconds(server_pid)


def cpu_seconds(pid: int) -> float:
    """CPU seconds of process ``pid``; 0 where the system has no /proc."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime, stime


def _result(fleet: Fleet, elapsed: float, own: float, server: float | None) -> dict[str, Any]:
    ordered = sorted(fleet.latencies)
    measured = len(ordered)
    return {
        "chargers": fleet.plan.chargers,
        "seconds": round(elapsed, 3),
        "measured": measured,
        "rate": round(measured / elapsed, 1) if elapsed else 0.0,
        "latency_ms": {name: _percentile(ordered, part) for name, part in _PARTS.items()},
        "histogram_ms": _histogram(ordered),
        "sent": fleet.sent,
        "acknowledged": fleet.acknowledged,
        "asked_by_server": fleet.asked_by_server,
        "generator_busy": round(own / elapsed, 3) if elapsed else 0.0,
        "server_us": round(server / measured * 1e6, 1) if server and measured else None,
        "failures": dict(fleet.failures.most_common(5)),
    }


_PARTS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def _percentile(ordered: list[float], part: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000, 3)


def _histogram(ordered: list[float]) -> dict[str, int]:
    """How many answers took up to so many ms; each step is double the one before."""
    steps: Counter[int] = Counter(
        max(0, int(latency * 16_000 - 1e-9)).bit_length() for latency in ordered
    )
    return {f"{2**step / 16:g}": steps[step] for step in sorted(steps)}


def main() -> None:
    """Read the plan from the command line, run it, print the result as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/ocpp/")
    parser.add_argument("--prefix", default="BENCH-", help="of the stations' names")
    parser.add_argument("--chargers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--warmup", type=float, default=2.0)
    parser.add_argument("--server-pid", type=int, default=0, help="whose CPU time to watch")
    parser.add_argument("--kill", action="store_true", help="end that process under full load")
    plan = Plan(**vars(parser.parse_args()))
    print(json.dumps(uvloop.run(run(plan))))


if __name__ == "__main__":
    main()
