"""What is of somebody is found along an index on PostgreSQL, however much others have."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.accounts.models import User
from rfid.models import RfidCard
from stations.models import ChargingSession, ChargingStation, Reservation
from tests.admin.test_newest_plans import looked_at
from tests.benchmarks.series import rows
from tests.drivers.conftest import logged_in

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.production,  # it asks for PostgreSQL's plans
]
ROWS, MOST = 20_000, 500
AWAY = 10**9  # beyond the numbers rows get by themselves


@pytest.fixture
def crowd(ann, harbour):
    """Others have many; Ann has a session and a reservation among them."""
    card, outlet = RfidCard.objects.get(), harbour.connectors.first()
    tag = "CASE n WHEN 9 THEN 'ANN-1' ELSE 'T' || n END"
    there = {"station_id": str(harbour.pk), "connector_id": str(outlet.pk)}
    whose = f"CASE n WHEN 9 THEN {card.pk} ELSE {AWAY} + n END"
    rows(RfidCard, ROWS, id=f"{AWAY} + n", id_tag="'T' || n")
    times = {"requested_at": "now()", "expires_at": "now()", "status": "'Expired'"}
    rows(Reservation, ROWS, id_tag=tag, **times, **there)
    ended = {"status": "'Completed'", "authorization": "''", "started_at": "now()"}
    rows(ChargingSession, ROWS, id_tag=tag, card_id=whose, **ended, **there)
    rows(User, ROWS, id=f"{AWAY} + n", username="'u' || n", email="'u' || n || '@example.com'")
    named = {"cp_id": "'P' || n", "serial_number": "'S' || n"}
    rows(ChargingStation, ROWS, id=f"{AWAY} + n", **named)
    with connection.cursor() as cursor:
        for model in (RfidCard, Reservation, ChargingSession, User, ChargingStation):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


@pytest.mark.parametrize(
    "path",
    [
        "me/cards",
        "me/reservations",
        "me/reservations?open=false",
        "me/sessions",
        "me/sessions?open=false&sort=energy",
        "users?email=U7@example.com",
        "sessions?userId={ann}",
        "reservations?userId={ann}",
        "stations?serialNumber=S7",
    ],
)
def test_a_list_of_what_is_somebodys_looks_at_few_rows(ann, crowd, path):
    User.objects.filter(pk=ann.pk).update(is_staff=True, is_superuser=True)
    app = logged_in(ann)
    with CaptureQueriesContext(connection) as queries:
        answer = app.get(f"/api/{path.format(ann=ann.pk)}")
    assert len(answer.json()) == 1, answer.content
    asked = [one["sql"] for one in queries if one["sql"].startswith("SELECT")]
    with connection.cursor() as cursor:
        for sql in asked:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace("%", "%%"))
            (plan,) = cursor.fetchone()
            found = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
            assert sum(looked_at(found)) < MOST, sql
