"""/health tells whether this process can serve."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/health/"])
def test_it_is_healthy_while_the_database_answers(client: Client, settings, path):
    response = client.get(path)
    assert response.status_code == 200
    told = response.json()
    assert told["status"] == "healthy"
    assert told["version"] == settings.VERSION
    assert told["uptime"] >= 0
    assert told["timestamp"].endswith("Z")
    assert told["checks"] == {"database": "ok"}
    assert told["websocket"] == dict.fromkeys(
        ("totalConnections", "authenticatedConnections", "totalUsers", "gatewayConnections"), 0
    )
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_it_is_a_503_while_the_database_does_not_answer(client: Client, monkeypatch, caplog):
    def broken(*args):
        raise DatabaseError("secret host refused")

    monkeypatch.setattr(connection, "cursor", broken)
    response = client.get("/health")
    assert response.status_code == 503
    assert response.json()["status"] == "unhealthy"
    assert response.json()["checks"] == {"database": "failed"}
    assert "secret" not in response.content.decode()
    assert "secret host refused" in caplog.text
