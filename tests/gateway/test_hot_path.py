"""What a station's frame costs the database: the audit trail and the commands add nothing to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.shared import bulk
from cms.shared.bulk import Step
from ocpp_gateway import dispatch
from ocpp_gateway.dispatch import Inbound, Shared
from ocpp_gateway.frames import Call
from ocpp_gateway.v16 import CALLS
from stations.services import commands
from tests.stations import given

AT = datetime(2025, 3, 1, 13, 0, tzinfo=UTC)
WHEN = "2025-03-01T13:00:00Z"
READING = {"timestamp": WHEN, "sampledValue": [{"value": "1500"}]}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": WHEN}
METER: dict[str, Any] = {"connectorId": 1, "meterValue": [READING]}
START = {"connectorId": 2, "idTag": "CARD-1", "meterStart": 0, "timestamp": WHEN}
BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}
# Statements, as many as before there was an audit trail: a change here is a change of the hot path.
# Those of readings are one exchange; the one that counts what is to show saves a look after it.
COSTS = {"Heartbeat": ({}, 0), "MeterValues": (METER, 4), "StatusNotification": (STATUS, 3)}
REST = {"Authorize": {"idTag": "CARD-1"}, "BootNotification": BOOT, "StartTransaction": START}

pytestmark = pytest.mark.django_db


@pytest.fixture
def station():
    """One that charges, and was asked for something that it has not answered."""
    station = given.a_connected_station()
    given.a_card()
    given.report(station, "Available")
    METER["transactionId"] = given.begin(station).transaction_id
    commands.request(station=station, action="ClearCache", payload={}, at=given.after(1))
    return station


@pytest.fixture
def taken(station, monkeypatch):
    """The statements a frame of the station is stored with, those past Django's cursors, too."""
    past: list[str] = []

    def noted(steps: Iterable[Step]) -> list[int]:
        wanted = list(steps)
        past.extend(step.statement for step in wanted if step.rows)
        return run(wanted)

    def statements(action, payload):
        found = dispatch.route(CALLS, Call("1", action, payload))
        assert isinstance(found, tuple), found
        inbound = Inbound(station.pk, station.cp_id, UTC, found[1], AT)
        with CaptureQueriesContext(connection) as queries:
            match found[0]:
                case Shared() as route:
                    route.store(route.translate(inbound), AT)
                case route:
                    route.answer(inbound)
        asked = [query["sql"] for query in queries.captured_queries]
        return past + [sql for sql in asked if "SAVEPOINT" not in sql]

    run = bulk.run
    monkeypatch.setattr(bulk, "run", noted)
    return statements


@pytest.mark.parametrize("action", sorted(COSTS))
def test_a_frame_costs_what_it_always_did(taken, action):
    payload, most = COSTS[action]
    statements = taken(action, payload)
    assert len(statements) == most, "\n".join(statements)


@pytest.mark.parametrize("action", sorted({**COSTS, **REST}))
def test_no_frame_asks_the_audit_trail_or_the_commands(taken, action):
    payload = {**{name: said for name, (said, _) in COSTS.items()}, **REST}[action]
    statements = " ".join(taken(action, payload)).lower()
    for table in ("auditlog", "stations_command", "django_content_type", "accounts_"):
        assert table not in statements
    assert not LogEntry.objects.exists()
