"""TriggerMessage over REST: the connector belongs to messages of a connector only."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from stations.models import Command
from tests.api.conftest import Answers


@pytest.mark.parametrize("answer", ["Accepted", "Rejected", "NotImplemented"])
def test_the_stations_answer_is_handed_on(api: APIClient, online, answers: Answers, answer):
    answers({"status": answer})
    body = {"requestedMessage": "MeterValues", "connectorId": 1}
    response = api.post("/api/admin/CP_001/trigger-message", body, format="json")
    assert (response.status_code, response.json()) == (200, {"status": answer})


@pytest.mark.parametrize(
    ("path", "message", "connector_id"),
    [
        ("trigger-message", "Heartbeat", 1),
        ("trigger-message", "BootNotification", 0),
        ("trigger-message", "DiagnosticsStatusNotification", 1),
        ("trigger-message", "MeterValues", 0),
        ("trigger-message", "StatusNotification", -1),
        ("extended-trigger-message", "SignChargePointCertificate", 1),
    ],
)
def test_a_connector_that_does_not_fit_is_named(
    api: APIClient, online, path, message, connector_id
):
    body = {"requestedMessage": message, "connectorId": connector_id}
    response = api.post(f"/api/admin/CP_001/{path}", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["connectorId"]
    assert not Command.objects.exists()


def test_the_status_of_the_station_itself_may_be_asked_for(
    api: APIClient, online, answers: Answers
):
    answers({"status": "Accepted"})
    body = {"requestedMessage": "StatusNotification", "connectorId": 0}
    response = api.post("/api/admin/CP_001/trigger-message", body, format="json")
    assert response.status_code == 200
