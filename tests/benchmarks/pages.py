"""``python -m tests.benchmarks.pages``: what the admin's pages take where a year was charged.

Every list, the pages behind its rows, their tabs and what they fetch, asked for through Django's
test client in this process: queries, SQL and server milliseconds, as a superuser and as an operator
who sees one site of twenty.
"""

from __future__ import annotations

import argparse
import html
import logging
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.benchmarks.bill_world import fresh_database
from tests.benchmarks.pages_world import fill
from tests.keeper import NoServer

LIMIT_MS, LIMIT_QUERIES = 150, 12
_FETCHED = re.compile(r'hx-get="([^"]+)"')


class Page(NamedTuple):
    """What is asked for; ``is_list``: with not more than so many queries."""

    name: str
    address: str
    is_list: bool = False


class Took(NamedTuple):
    """What it took: the milliseconds of each request, and of this process's CPU in it."""

    page: Page
    queries: int
    sql_ms: float
    wall: list[float]
    cpu: list[float]

    @property
    def median_ms(self) -> float:
        """What a request takes by the clock."""
        return statistics.median(self.wall)

    @property
    def troubles(self) -> str:
        """What is beyond the limits, if anything."""
        slow = self.median_ms > LIMIT_MS
        many = self.page.is_list and self.queries > LIMIT_QUERIES
        return " ".join([*(["SLOW"] if slow else []), *(["MANY"] if many else [])])


def main() -> int:
    """Print the tables; 1 where a page does not answer as it should."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pages", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--requests", type=int, default=7)
    parser.add_argument("--only", default="", help="pages whose name or address has this in it")
    options = parser.parse_args()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # what is refused is shown
    try:
        with fresh_database("postgresql"):
            began = time.perf_counter()
            fill(options.scale)
            print(f"Scale {options.scale}, made in {time.perf_counter() - began:.0f} s", flush=True)
            return max(_measure(who, options) for who in ("superuser", "operator of one site"))
    except NoServer as problem:
        print(problem, file=sys.stderr)
        return 1


def _measure(who: str, options: argparse.Namespace) -> int:
    client = _client(who)
    load = os.getloadavg()[0]
    print(f"\nAs {who} (load {load:.1f})\n")
    print("| page | queries | SQL ms | median ms | CPU ms | best ms | |")
    print("|---|---|---|---|---|---|---|")
    troubles, failed = 0, 0
    for page in _pages(client):
        if options.only not in page.name and options.only not in page.address:
            continue
        status = client.get(page.address).status_code  # and everything is warm
        if status != 200:
            failed += status != 403
            print(f"| {page.name} | answered {status} | | | | | |")
            continue
        took = _took(client, page, options.requests)
        troubles += bool(took.troubles)
        figures = (took.sql_ms, took.median_ms, statistics.median(took.cpu), min(took.wall))
        shown = " | ".join(f"{figure:.0f}" for figure in figures)
        print(f"| {page.name} | {took.queries} | {shown} | {took.troubles} |", flush=True)
    print(f"\n{troubles} beyond the limits, {failed} failed (load {os.getloadavg()[0]:.1f})")
    return 1 if failed else 0


def _took(client: Any, page: Page, times: int) -> Took:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        client.get(page.address)
    asked = queries.captured_queries  # now: the next request begins its own log
    sql_ms = sum(float(query["time"]) for query in asked) * 1000
    wall, cpu = [], []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        client.get(page.address)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
    return Took(page, len(asked), sql_ms, wall, cpu)


def _client(who: str) -> Any:
    from django.contrib.auth.models import Group
    from django.test import Client

    from cms.accounts.models import SiteLimit, User
    from stations.models import Site

    client = Client()
    if who == "superuser":
        user = User.objects.create_superuser("root", password=None)
    else:
        user = User.objects.create_user("operator", password=None, is_staff=True)
        user.groups.add(Group.objects.get(name="Operator"))
        SiteLimit.objects.create(user=user, site=Site.objects.order_by("pk")[1])
    client.force_login(user)
    return client


def _pages(client: Any) -> Iterator[Page]:
    for page in _named(client):
        yield page
        response = client.get(page.address)
        if page.name in _WITH_PARTS and response.status_code == 200:
            yield from _parts(page, response.content.decode())


_WITH_PARTS = ("home", "station", "session", "session with 3,000 readings", "message log")


def _parts(page: Page, content: str) -> Iterator[Page]:
    """What the page fetches by itself, or when something is opened."""
    seen = set()
    for found in _FETCHED.findall(content):
        address = html.unescape(found)
        kind = re.sub(r"\d+", "N", address.partition("?")[0])
        if kind not in seen:
            seen.add(kind)
            yield Page(f"{page.name}: {kind.removeprefix('/admin/')}", address)


def _named(client: Any) -> Iterator[Page]:
    from django.contrib import admin
    from django.urls import reverse

    yield Page("home", reverse("admin:index"))
    for model in sorted(admin.site._registry, key=lambda each: each._meta.label):
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield Page(f"list of {model._meta.verbose_name_plural}", address, is_list=True)
    yield from _narrowed()
    yield from _single()
    yield Page("report of last month", _REPORT)
    for words in ("CP-01", "TAG0001", "#1500", "reset CP-01", "driver-1"):
        yield Page(f"Ctrl-K {words}", f"/admin/search/?s={words.replace('#', '%23')}")
    for path in ("stations", "sessions", "commands", "rfid", "review-cases", "reservations"):
        yield Page(f"/api/{path}", f"/api/{path}")


_REPORT = "/admin/billing/reportexport/report/?period=lastMonth"


def _narrowed() -> Iterator[Page]:
    """Lists by their tabs, filters and searches."""
    station = _rows()["station"].pk
    for model, queries in {
        "stations/chargingstation": ("tab=offline", "tab=faulted", "q=CP-01", "q=Vendor", "p=2"),
        "stations/chargingsession": (
            *("range=24h", "range=30d", "q=CP-0022", "q=TAG000123", "q=1500", "p=5"),
            *("needs_review=1", "status__exact=Active", f"station__id__exact={station}"),
        ),
        "stations/metervalue": ("q=CP-0022/1", "session=1500"),
        "stations/statuschange": ("q=CP-0022/1", "station=CP-0022", "range=24h"),
        "stations/command": ("q=CP-0022", "range=24h", "status__exact=Waiting"),
        "stations/reservation": ("q=CP-0022", "q=TAG000123", "status__exact=Accepted"),
        "stations/reviewcase": ("state=all", "kind__exact=UnknownCard", "q=CP-0022"),
        "rfid/rfidcard": ("tab=active", "tab=blocked", "tab=expiring", "q=TAG0001", "p=3"),
        "ocpp_gateway/ocppmessage": (
            *("range=7d", "range=all", "action=StartTransaction", "action=Heartbeat"),
            *("outcome=error", "direction__exact=Sent", "q=CP-0022", "q=message-500"),
            *(f"station__id__exact={station}", f"station__id__exact={station}&text=message-9"),
            *(f"station__id__exact={station}&range=7d&text=nowhere",),
        ),
        "billing/sessionbill": ("q=1500",),
        "billing/invoice": ("q=INV-15",),
        "auditlog/logentry": ("q=CP",),
    }.items():
        for query in queries:
            yield Page(f"{model} ?{query}", f"/admin/{model}/?{query}", is_list=True)


def _single() -> Iterator[Page]:
    """The pages of single rows."""
    for name, row in _rows().items():
        opts = row._meta
        yield Page(name, f"/admin/{opts.app_label}/{opts.model_name}/{row.pk}/change/")
    busy = _rows()["session"].pk
    for part in ("head", "story", "chart", "readings"):
        yield Page(f"session: {part}", f"/admin/stations/chargingsession/{busy}/{part}/")


def _rows() -> dict[str, Any]:
    """What stands for the others of its kind; all of it at the operator's site where it can be."""
    from billing.models import Account, Invoice, SessionBill
    from rfid.models import RfidCard
    from stations import models

    at_site = {"station__site": models.Site.objects.order_by("pk")[1].pk}
    sessions = models.ChargingSession.objects
    return {
        "station": models.ChargingStation.objects.filter(site=at_site["station__site"])[1],
        "site": models.Site.objects.order_by("pk")[1],
        "session": sessions.filter(status="Active", **at_site)[0],
        "session that ended": sessions.filter(status="Completed", **at_site)[50],
        "session with 3,000 readings": models.MeterValue.objects.order_by("-pk")[0].session,
        "card": RfidCard.objects.get(id_tag="TAG000050"),
        "command": models.Command.objects.filter(**at_site)[0],
        "review case": models.ReviewCase.objects.filter(**at_site, state="Open")[0],
        "bill": SessionBill.objects.all()[0],
        "invoice": Invoice.objects.all()[0],
        "wallet": Account.objects.filter(kind="Wallet")[0],
    }


if __name__ == "__main__":
    sys.exit(main())
