"""How many queries each endpoint makes, whatever the number of rows. One is the key's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from rfid.models import CardGroup
from rfid.services import cards
from stations.models import Site
from stations.services import (
    commands,
    configuration,
    connectors,
    reservations,
    sessions,
    stations,
)
from tests.admin.given import security_rows
from tests.api.conftest import NOW, charge


@pytest.fixture
def many(api: APIClient) -> APIClient:
    """Twelve of everything, and a caller whose key was used already."""
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    site = Site.objects.create(name="Harbour")
    at = datetime.now(UTC)
    for number in range(12):
        cards.create(id_tag=f"TAG_{number}", group=group)
        station = stations.create(cp_id=f"CP_{number:03}", site=site)
        stations.connected(station_id=station.pk, connection_id="x", protocol="ocpp1.6", at=at)
        report = connectors.StatusReport(1, "Available", "NoError", NOW)
        connectors.set_status(station_id=station.pk, report=report, at=NOW)
        charge(station, id_tag=f"TAG_{number}", readings=3)
        commands.request(station=station, action="ClearCache", payload={}, at=at)
        reservations.reserve(
            station=station, connector_id=1, id_tag="A", expires_at=at + timedelta(hours=1), at=at
        )
        authorize = {"station_id": station.pk, "id_tag": f"UNKNOWN_{number}", "at": at}
        sessions.authorize(**authorize)
        setting = configuration.Setting("A", "1", False)
        configuration.read(station_id=station.pk, settings=[setting], at=at)
        security_rows(station)
        top_up = {"amount": number + 1, "customerId": "ada"}
        key = {"HTTP_IDEMPOTENCY_KEY": str(number)}
        api.post("/api/wallet/top-up", top_up, format="json", **key)
    api.get("/api/rfid")  # the first use of a key is noted
    return api


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("stations", 3),
        ("stations/CP_003", 3),
        ("stations/connected/list", 2),
        ("stations/CP_003/configuration", 3),
        ("sessions", 2),
        ("sessions?include=meterValues", 3),
        ("sessions?station=CP_003&status=COMPLETED", 3),
        ("sessions/station/CP_003", 3),
        ("sessions/station/CP_003/active", 3),
        ("sessions/1", 3),
        ("sessions/1/meter-values", 3),
        ("rfid", 2),
        ("rfid/TAG_3", 2),
        ("reservations", 2),
        ("commands", 2),
        ("commands?station=CP_003", 3),
        ("review-cases", 2),
        ("security-events", 2),
        ("certificates?station=CP_003", 3),
        ("certificates", 2),
        ("installed-certificates", 2),
        ("profile-upgrades", 2),
        ("wallet", 2),
        ("wallet/postings", 3),
        ("wallet/statement", 7),
        ("review-cases?station=CP_003&kind=UnknownCard", 3),
    ],
)
def test_reading_takes_as_many_queries_whatever_there_is(
    many: APIClient, django_assert_num_queries, path, queries
):
    path = path.replace("sessions/1", f"sessions/{many.get('/api/sessions').json()[0]['id']}")
    with django_assert_num_queries(queries):
        response = many.get(f"/api/{path}")
    assert response.status_code == 200
    assert response.json() or "active" in path


def test_no_list_counts_or_skips_its_rows(many: APIClient, django_assert_num_queries):
    for path in ("stations", "sessions", "rfid", "reservations", "commands", "review-cases"):
        first = many.get(f"/api/{path}?limit=5")
        address = first["Link"].partition("<http://testserver")[2].partition(">")[0]
        with django_assert_num_queries(3 if path == "stations" else 2) as queries:
            many.get(address)
        for query in queries:
            assert "COUNT(" not in query["sql"].upper()
            assert "OFFSET" not in query["sql"].upper()


def test_a_command_takes_few_queries(many: APIClient, django_assert_max_num_queries):
    # the key, the station, is it connected, the row (in its two savepoints)
    with django_assert_max_num_queries(10):
        response = many.post("/api/admin/CP_003/reset?wait=0", {}, format="json")
    assert response.status_code == 202
