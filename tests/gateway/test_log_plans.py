"""The message log on PostgreSQL: whatever it is narrowed by, no table is read from end to end."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.accounts.models import User
from cms.shared import clock
from ocpp_gateway import days
from ocpp_gateway.models import OcppMessage
from stations.models import ChargingStation

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.production,  # it asks for PostgreSQL's plans
]
TABLE = OcppMessage._meta.db_table
SCANNED = re.compile(r"Seq Scan on (\S+)")
# As it is said: mostly readings and heartbeats; errors, silence, slowness and commands are rare.
ROWS = f"""
INSERT INTO {TABLE} (station_id, direction, message_id, action, request, response, error_code,
  at, latency_ms)
SELECT (%s::bigint[])[1 + n %% 40],
  CASE WHEN n %% 500 = 0 THEN 'Sent' ELSE 'Received' END, 'message-' || n,
  CASE WHEN n %% 1000 = 0 THEN 'Reset'
    ELSE (ARRAY['MeterValues', 'Heartbeat', 'StatusNotification'])[1 + n %% 3] END,
  '[2,"message-' || n || '","MeterValues",{{"connectorId":1,"transactionId":' || n / 100 || '}}]',
  CASE WHEN n %% 2000 = 0 THEN '' ELSE '[3,"message-' || n || '",{{}}]' END,
  CASE WHEN n %% 3000 = 1 THEN 'InternalError' ELSE '' END,
  now() - (%s - n) * interval '3 days' / %s, CASE WHEN n %% 2500 = 3 THEN 6000 ELSE 5 END
FROM generate_series(1, %s) AS n
"""
QUERIES = [
    {},
    {"range": "7d"},
    {"range": "all"},
    {"direction__exact": "Sent"},
    {"action": "Reset"},
    {"action": "Heartbeat"},
    {"outcome": "error"},
    {"outcome": "none"},
    {"outcome": "slow"},
    {"outcome": "stray"},
    {"outcome": "error", "range": "all"},
    {"q": "message-77"},
    {"q": "PLAN-1"},
    {"q": "PLAN-17"},
    {"station__id__exact": "first"},
    {"station__id__exact": "first", "action": "Reset", "range": "all"},
    {"station__id__exact": "first", "text": "nowhere said"},
    {"since": "2020-01-01 00:00", "until": "2020-01-02 00:00"},
]


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """A log of three days, each in its partition, gone afterwards; gives their names."""
    now = clock.now()
    with django_db_blocker.unblock():
        days.make((now - timedelta(days=3)).date(), now.date())
        stations = [ChargingStation(cp_id=f"PLAN-{number}") for number in range(40)]
        made = ChargingStation.objects.bulk_create(stations)
        fill(30_000, [row.pk for row in made])
        yield tables_with_rows()
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {TABLE}")
        days.forget(now)
        ChargingStation.objects.filter(cp_id__startswith="PLAN-").delete()


def fill(number, stations):
    """Write so many exchanges, and let the planner know, of the stations it joins them with, too.

    Otherwise it may plan with the two stations that an earlier test left in its statistics.
    """
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [stations, number, number, number])
        cursor.execute(f"ANALYZE {TABLE}, {ChargingStation._meta.db_table}")


def tables_with_rows():
    """The days that have many: PostgreSQL rightly reads a small table from end to end."""
    with connection.cursor() as cursor:
        counted = f"SELECT tableoid::regclass::text FROM {TABLE} GROUP BY 1 HAVING count(*) >= 5000"
        cursor.execute(counted)
        found = {name for (name,) in cursor.fetchall()}
    assert len(found) > 2  # two whole days, and the half of the first or of the last one
    return found


def plans(client, address, query):
    """How PostgreSQL answers each query of the page about the log."""
    first = ChargingStation.objects.filter(cp_id="PLAN-0").values_list("pk", flat=True)
    query = {key: first.get() if value == "first" else value for key, value in query.items()}
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, query).status_code == 200
    asked = [one["sql"] for one in queries if f'FROM "{TABLE}"' in one["sql"]]
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute("EXPLAIN " + sql.replace("%", "%%"))
            yield sql, "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture
def client(client, filled):
    """A superuser's browser."""
    client.force_login(User.objects.create_superuser("root", "root@example.com", "secret"))
    return client


@pytest.mark.parametrize("query", QUERIES, ids=str)
@pytest.mark.parametrize("page", [{}, {"before": 10_000}, {"after": 100}], ids=str)
def test_no_question_reads_a_whole_day(query, page, client, filled):
    """``page``: so many rows before the newest one."""
    address = reverse("admin:ocpp_gateway_ocppmessage_rows")
    newest = OcppMessage.objects.order_by("-pk").values_list("pk", flat=True)[0]
    there = {name: str(newest - rows) for name, rows in page.items()}
    found = list(plans(client, address, {**query, **there}))
    assert found
    for sql, plan in found:
        read = {name for name in SCANNED.findall(plan) if name.startswith(TABLE)}
        assert not read & filled, f"{sql}\n{plan}"


@pytest.mark.parametrize("range_", ["24h", "all"])
@pytest.mark.parametrize("query", [{}, {"station__id__exact": "first"}], ids=str)
def test_days_before_those_that_are_asked_for_are_not_looked_at(query, range_, client):
    past = f"{TABLE}_{clock.now() - timedelta(days=2):%Y%m%d}"
    address = reverse("admin:ocpp_gateway_ocppmessage_rows")
    found = [plan for _, plan in plans(client, address, {**query, "range": range_})]
    assert any(past in plan for plan in found) is (range_ == "all"), found
