"""A command repeated with the same Idempotency-Key is the same command."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from stations.models import Command
from tests.api.conftest import Answers, caller


def test_a_repeated_command_is_not_asked_twice(api: APIClient, online):
    for _ in range(2):
        response = api.post(
            "/api/admin/CP_001/reset?wait=0", {}, format="json", HTTP_IDEMPOTENCY_KEY="a"
        )
        assert response.status_code == 202
    assert Command.objects.count() == 1


def test_a_repeated_command_gets_the_answer_of_the_first(api: APIClient, online, answers: Answers):
    answers({"status": "Accepted"})
    for _ in range(2):
        response = api.post("/api/admin/CP_001/reset", {}, format="json", HTTP_IDEMPOTENCY_KEY="a")
        assert response.json() == {"status": "Accepted"}
    assert Command.objects.count() == 1


def test_a_word_used_for_another_command_is_a_409(api: APIClient, online):
    api.post("/api/admin/CP_001/reset?wait=0", {}, format="json", HTTP_IDEMPOTENCY_KEY="a")
    response = api.post(
        "/api/admin/CP_001/clear-cache?wait=0", {}, format="json", HTTP_IDEMPOTENCY_KEY="a"
    )
    assert response.status_code == 409
    assert "Idempotency-Key" in response.json()["error"]
    assert Command.objects.get().action == "Reset"


def test_a_password_is_sent_but_never_shown(api: APIClient, online, answers: Answers):
    body = {"key": "AuthorizationKey", "value": "0123456789abcdef"}
    path = "/api/admin/CP_001/change-configuration"
    first = api.post(f"{path}?wait=0", body, format="json", HTTP_IDEMPOTENCY_KEY="a")
    assert "0123456789abcdef" not in str(Command.objects.get().payload)
    assert "0123456789abcdef" not in api.get(first["Location"]).content.decode()
    answers({"status": "Accepted"})
    second = api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="a")
    third = api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="a")
    assert second.json() == third.json() == {"status": "Accepted"}
    assert "0123456789abcdef" not in api.get("/api/commands").content.decode()


def test_two_callers_may_use_the_same_word(user, online):
    for _ in range(2):
        caller(user, "control").post(
            "/api/admin/CP_001/reset?wait=0", {}, format="json", HTTP_IDEMPOTENCY_KEY="a"
        )
    assert Command.objects.count() == 2


@pytest.mark.parametrize("word", ["x" * 71, "ä"])
def test_a_bad_word_is_a_400(api: APIClient, online, word):
    response = api.post("/api/admin/CP_001/reset", {}, format="json", HTTP_IDEMPOTENCY_KEY=word)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["Idempotency-Key"]
