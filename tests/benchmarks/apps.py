"""``python -m tests.benchmarks.apps``: 2,000 apps hear how 500 stations charge, and how late.

Each driver has a station, a card and some devices. Stations say a reading every second; then a few
of them say ten a second, which shows what is told together. One server, one generator.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import map_apps, ours
from tests.benchmarks.app_load import App, Driver, Station, Told, opened
from tests.benchmarks.database import postgresql
from tests.benchmarks.servers import Server, running
from tests.keeper import NoServer, free_port

_LIFETIME_S = 600
_WARMUP_S = 5
_DRIVERS = """
from datetime import timedelta
from rest_framework_simplejwt.tokens import AccessToken
from billing.services import tariffs
from cms.accounts.models import User
from cms.shared import clock
from rfid.services import cards
energy = {{"kind": "energy", "price": "0.30"}}
terms = {{"currency": "EUR", "tax_rate": "19", "components": [energy]}}
tariff = tariffs.define(name="Everywhere", terms=terms, at=clock.now() - timedelta(days=1)).tariff
tariffs.assign(tariff=tariff, level="everywhere")
for number in range({drivers}):
    user = User(username=f"driver-{{number}}")
    user.set_unusable_password()
    user.save()
    cards.create(id_tag=f"CARD-{{number}}", user=user)
    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(hours=1))
    print("DRIVER", token)
"""


def main() -> int:
    """Measure, print; 1 where somebody heard of another, or of nothing."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.apps", description=__doc__)
    parser.add_argument("--stations", type=int, default=500)
    parser.add_argument("--sockets", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--server", choices=("daphne", "uvicorn"), default="daphne")
    parser.add_argument("--embedded", action="store_true", help="on SQLite, without PostgreSQL")
    parser.add_argument("--markers", action="store_true", help="apps that follow the map instead")
    options = parser.parse_args()
    try:
        with _server(options) as (port, environment):
            found = _drivers(environment, options.stations)
            if not options.markers:
                return asyncio.run(_measure(options, found, port))
            where = map_apps.places(environment, options.stations)
            return asyncio.run(map_apps.measure(options, found, where, port))
    except NoServer as problem:
        print(problem, file=sys.stderr)
        return 1


@contextlib.contextmanager
def _server(options: argparse.Namespace) -> Iterator[tuple[int, dict[str, str]]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voltdesk-apps-")))
        url = "" if options.embedded else stack.enter_context(postgresql())
        port = free_port()
        server = ours.server(port=port, database_url=url, folder=folder, asgi_server=options.server)
        many = dict.fromkeys(
            ("APP_CONNECTS_PER_MINUTE", "APP_LOGINS_PER_MINUTE", "MAX_CONNECTIONS"), "100000"
        )
        environment = {**server.environment, **many, "OCPP_CONNECTS_PER_MINUTE": "100000"}
        started = Server(server.command, environment, server.health)
        stack.enter_context(running(started, port=port, lifetime=_LIFETIME_S))
        yield port, environment


def _drivers(environment: dict[str, str], number: int) -> list[Driver]:
    """Who charges, made by a process of the server's environment."""
    script = _DRIVERS.format(drivers=number)
    tokens = ours.made(environment, script, "DRIVER", number)
    return [Driver(token, f"CARD-{at}", f"APPS-{at}") for at, token in enumerate(tokens)]


async def _measure(options: argparse.Namespace, drivers: list[Driver], port: int) -> int:
    told, url = Told(), f"ws://127.0.0.1:{port}"
    stations = [Station(driver, told) for driver in drivers]
    apps = [App(stations[at % len(stations)], told) for at in range(options.sockets)]
    await opened(stations, url)
    await opened(apps, url)
    print(_health(port))
    await asyncio.gather(*(one.report(_WARMUP_S, 1.0, 1) for one in stations))
    usual = await _phase(told, stations, options.seconds, 1.0)
    _print(f"{len(stations)} stations, a reading a second", usual, len(apps) / len(stations))
    few = stations[: max(1, len(stations) // 25)]
    burst = await _phase(told, few, options.seconds, 0.1)
    _print(f"{len(few)} stations, ten readings a second", burst, len(apps) / len(stations))
    everybody: list[App | Station] = [*apps, *stations]
    for each in everybody:
        await each.close()
    for problem, times in [*told.failures.items(), *told.of_others.items()]:
        print(f"FAILED {times} times: {problem}")
    silent = not (usual.delays and burst.delays)
    return 1 if told.failures or told.of_others or silent else 0


async def _phase(told: Told, stations: list[Station], seconds: float, pace_s: float) -> Told:
    """What was heard in that time."""
    told.delays, told.frames, told.readings, told.recording = [], 0, 0, True
    first = len(stations[0].sent_at) + 1
    await asyncio.gather(*(one.report(seconds, pace_s, first) for one in stations))
    told.recording = False
    heard = Told()
    heard.delays, heard.frames, heard.readings = told.delays, told.frames, told.readings
    return heard


def _print(title: str, heard: Told, devices: float) -> None:
    """How late, and how many frames came of how many readings."""
    late = statistics.quantiles(heard.delays or [0.0, 0.0], n=100, method="inclusive")
    wanted = heard.readings * devices
    print(
        f"{title}: {heard.frames:,} frames for {wanted:,.0f} readings at {devices:g} devices each"
        f" ({heard.frames / wanted:.0%}), delay p50 {late[49] * 1000:,.0f} ms,"
        f" p99 {late[98] * 1000:,.0f} ms, longest {max(heard.delays, default=0) * 1000:,.0f} ms;"
        f" load {os.getloadavg()[0]:.1f}"
    )


def _health(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        return str(answer.read().decode())


if __name__ == "__main__":
    sys.exit(main())
