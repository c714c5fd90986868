"""A site with few rows on PostgreSQL: its lists come without a walk through those of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.accounts.models import SiteLimit, User
from ocpp_gateway.models import OcppMessage
from stations.models import (
    ChargingSession,
    ChargingStation,
    Connector,
    MeterValue,
    Site,
    StatusChange,
)
from tests.benchmarks.series import rows

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.production,  # it asks for PostgreSQL's plans
]
# So many that the planner does not know each by itself, and takes a site for a tenth of all
OWN, STATIONS, ROWS = 20, 200, 20_000
MOST = 1000  # rows that a query of a page may look at
LISTS: list[tuple[type[Any], dict[str, str]]] = [
    (ChargingSession, {}),
    (ChargingSession, {"p": "3"}),
    (OcppMessage, {"range": "all"}),
    (OcppMessage, {"range": "7d"}),
    (OcppMessage, {"range": "all", "before": "19000"}),
    (MeterValue, {}),
    (StatusChange, {}),
]


@pytest.fixture
def operator(db: None) -> Client:
    """An operator of a site with a row at one of its stations; those elsewhere have all others."""
    site = Site.objects.create(name="Here")
    made = ChargingStation.objects.bulk_create(
        ChargingStation(cp_id=f"PLAN-{number}", site=site if number < OWN else None)
        for number in range(OWN + STATIONS)
    )
    outlets = Connector.objects.bulk_create(
        Connector(station=station, connector_id=1) for station in made
    )
    station, outlet = (
        f"CASE n WHEN 9 THEN {own} ELSE ('{{{numbers}}}'::bigint[])[1 + n % {STATIONS}] END"
        for own, numbers in (
            (found[0].pk, ",".join(str(row.pk) for row in found[OWN:])) for found in (made, outlets)
        )
    )
    tag = {"id_tag": "n::text", "status": "'Completed'", "authorization": "''"}
    rows(ChargingSession, ROWS, station_id=station, **tag)
    moment = f"now() - ({ROWS} - n) * interval '1 ms'"
    said = {"direction": "'Received'", "request": "''", "at": moment}
    rows(OcppMessage, ROWS, station_id=station, **said)
    times = {"received_at": "now()", "connector_id": outlet}
    rows(MeterValue, ROWS, **times, sampled_at="now()", raw="''", fingerprint="n")
    rows(StatusChange, ROWS, **times, reported_at="now()", status="''")
    with connection.cursor() as cursor:
        for model, _query in LISTS:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    user = User.objects.create_user("operator", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    SiteLimit.objects.create(user=user, site=site)
    client = Client()
    client.force_login(user)
    return client


def looked_at(plan: dict[str, Any]) -> Iterator[float]:
    """How many rows each step of a plan took from a table or an index, also in vain."""
    if "Relation Name" in plan:
        in_vain = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Join Filter", 0)
        yield (plan["Actual Rows"] + in_vain) * plan["Actual Loops"]
    for part in plan.get("Plans", ()):
        yield from looked_at(part)


@pytest.mark.parametrize(("model", "query"), LISTS, ids=str)
def test_the_list_of_a_site_with_few_rows_looks_at_few(
    model: type[Any], query: dict[str, str], operator: Client
) -> None:
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    with CaptureQueriesContext(connection) as queries:
        changes = operator.get(reverse(f"admin:{name}_changelist"), query).context["cl"]
    assert len(changes.result_list) == (0 if "p" in query else 1)
    asked = [one["sql"] for one in queries if f'FROM "{model._meta.db_table}"' in one["sql"]]
    assert asked
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace("%", "%%"))
            (plan,) = cursor.fetchone()
            found = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
            assert sum(looked_at(found)) < MOST, sql
