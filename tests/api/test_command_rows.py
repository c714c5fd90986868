"""/api/commands: how commands stand, and what became of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rest_framework.test import APIClient

from stations.models import Command
from stations.services import commands, effects
from tests.api.conftest import NOW


def test_a_command_tells_how_it_stands(api: APIClient, user, online):
    api.post("/api/admin/CP_001/reset?wait=0", {}, format="json")
    command = Command.objects.get()
    shown = api.get(f"/api/commands/{command.pk}").json()
    assert shown["id"] == command.pk
    assert shown["stationIdentifier"] == "CP_001"
    assert (shown["action"], shown["payload"]) == ("Reset", {"type": "Soft"})
    assert (shown["status"], shown["answer"], shown["sentAt"]) == ("Waiting", None, None)
    assert shown["requestedBy"] == "ada"
    sent = commands.claim_next(
        station_id=online.pk, connection_id="socket", at=command.requested_at
    )
    assert sent == command
    assert api.get(f"/api/commands/{command.pk}/").json()["status"] == "Sent"
    outcome = commands.Outcome("Answered", {"status": "Accepted"})
    commands.settle(command_id=command.pk, outcome=outcome, at=NOW)
    shown = api.get(f"/api/commands/{command.pk}").json()
    assert (shown["status"], shown["answerStatus"]) == ("Answered", "Accepted")
    assert shown["answer"] == {"status": "Accepted"}


def test_a_command_nobody_asked_for_has_no_asker(api: APIClient, online):
    command = commands.request(station=online, action="ClearCache", payload={}, at=NOW)
    assert api.get(f"/api/commands/{command.pk}").json()["requestedBy"] is None


def test_commands_are_listed_newest_first_and_filtered(api: APIClient, online):
    for path in ("reset", "clear-cache"):
        api.post(f"/api/admin/CP_001/{path}?wait=0", {}, format="json")
    assert [c["action"] for c in api.get("/api/commands").json()] == ["ClearCache", "Reset"]
    for query in ("station=cp_001&action=Reset", "status=Waiting&action=Reset"):
        assert [c["action"] for c in api.get(f"/api/commands?{query}").json()] == ["Reset"]
    assert api.get("/api/commands?status=Answered").json() == []
    for query in ("station=NOBODY", "status=Maybe"):
        assert api.get(f"/api/commands?{query}").status_code == 400


def test_an_unknown_command_row_is_a_404(api: APIClient, db):
    assert api.get("/api/commands/1").json()["error"] == "Command not found"


def test_what_came_of_an_accepted_start_is_part_of_it(api, online, answers):
    answers({"status": "Accepted"})
    started = api.post(f"/api/admin/{online.cp_id}/start-transaction", {"idTag": "A"}, "json")
    [found] = api.get("/api/commands").json()
    assert found["url"] == started["Location"]
    assert found["effect"]["state"] == "Awaited"
    assert found["effect"]["sessionId"] is None
    effects.follow(at=datetime.now(UTC) + timedelta(minutes=10))
    assert api.get(found["url"]).json()["effect"]["state"] == "Missing"


def test_a_command_that_leads_to_nothing_more_says_so(api, online, answers):
    answers({"status": "Accepted"})
    api.post(f"/api/admin/{online.cp_id}/clear-cache", {}, "json")
    assert api.get("/api/commands").json()[0]["effect"] is None
