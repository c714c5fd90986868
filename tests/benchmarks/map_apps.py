"""``python -m tests.benchmarks.apps --markers``: apps follow the map while stations come and go.

Most watch a town or a region, one in twenty the whole country, one in twenty a site, by four
filters. In the end everybody has to show what the stations said last.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from collections import Counter

from tests.benchmarks import ours
from tests.benchmarks.app_load import Driver, opened
from tests.benchmarks.map_load import Heard, MapApp, Outlet, Place, a_place

_PACES_S = (30.0, 10.0, 4.0)
_SETTLED_S, _OPENED_S = 3.0, 60.0
_SITES = """
from stations.models import Connector, Site
from stations.services import stations
for number, (latitude, longitude) in enumerate({places}):
    name = f"Site {{number}}"
    site = Site.objects.create(name=name, latitude=str(latitude), longitude=str(longitude))
    station = stations.create(cp_id=f"MAP-{{number}}", site=site)
    kind = {{"connector_type": "Type 2", "max_power_w": 22000}}
    Connector.objects.create(station=station, connector_id=1, **kind)
    print("SITE", site.pk)
"""


def places(environment: dict[str, str], number: int) -> list[Place]:
    """Sites with a station each, made by a process of the server's environment."""
    where = [a_place(each) for each in range(number)]
    script = _SITES.format(places=where)
    sites = [int(line) for line in ours.made(environment, script, "SITE", number)]
    return [Place(site_id, f"MAP-{each}", *where[each]) for each, site_id in enumerate(sites)]


async def measure(
    options: argparse.Namespace, drivers: list[Driver], found: list[Place], port: int
) -> int:
    """Open all, change at each pace, compare; 1 where somebody heard wrong."""
    url = f"ws://127.0.0.1:{port}"
    outlets = {place.site_id: Outlet(place) for place in found}
    apps = [MapApp(drivers[at % len(drivers)].token, at, outlets) for at in range(options.sockets)]
    await opened([*outlets.values()], url)
    await opened(apps, url)
    watched = sum(app.watched for app in apps)
    took = await _until_told(apps)
    print(f"{len(apps)} apps watch {watched:,} sites in all, and knew them {took:.1f} s after that")
    failures: Counter[str] = Counter()
    for pace_s in _PACES_S:
        heard = await _phase(apps, outlets, max(options.seconds, pace_s), pace_s)
        _print(
            f"{len(outlets)} stations, a change each {pace_s:g} s", heard, watched / len(outlets)
        )
        if behind := sum(app.behind for app in apps):
            failures[f"{behind} sites are not shown as they are"] += 1
    everybody: list[MapApp | Outlet] = [*apps, *outlets.values()]
    for each in everybody:
        await each.close()
    for app in apps:
        failures += app.failures
    for problem, times in failures.items():
        print(f"FAILED {times} times: {problem}")
    return 1 if failures else 0


async def _until_told(apps: list[MapApp]) -> float:
    """How long it takes until all show how it stands."""
    began = time.perf_counter()
    while any(app.behind for app in apps) and time.perf_counter() - began < _OPENED_S:
        await asyncio.sleep(0.1)
    return time.perf_counter() - began


async def _phase(
    apps: list[MapApp], outlets: dict[int, Outlet], seconds: float, pace_s: float
) -> Heard:
    """What was heard in that time."""
    await asyncio.sleep(_SETTLED_S)
    heard = Heard()
    everybody: list[MapApp | Outlet] = [*apps, *outlets.values()]
    for each in everybody:
        each.heard = heard
    await asyncio.gather(*(one.report(seconds, pace_s, heard) for one in outlets.values()))
    await asyncio.sleep(_SETTLED_S)
    for each in everybody:
        each.heard = None
    return heard


def _print(title: str, heard: Heard, watchers: float) -> None:
    """How late, and how many frames came of how many changes."""
    late, answered = (
        statistics.quantiles(each or [0.0, 0.0], n=100, method="inclusive")
        for each in (heard.delays, heard.answers)
    )
    wanted = heard.changes * watchers
    print(
        f"{title}: {heard.changes:,} changes that {watchers:.0f} apps each watch, told by"
        f" {heard.frames:,} frames with {heard.features:,} features"
        f" ({heard.features / max(wanted, 1):.0%}, {heard.size / 1e6:.1f} MB),"
        f" delay p50 {late[49] * 1000:,.0f} ms, p99 {late[98] * 1000:,.0f} ms,"
        f" longest {max(heard.delays, default=0) * 1000:,.0f} ms; stations are answered"
        f" p50 {answered[49] * 1000:,.0f} ms, p99 {answered[98] * 1000:,.0f} ms;"
        f" load {os.getloadavg()[0]:.1f}"
    )
