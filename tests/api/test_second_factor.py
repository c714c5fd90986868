"""Tokens of users with a second factor: the code is a field of the login."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from rest_framework.test import APIClient

from cms.accounts import codes, keys
from cms.accounts.models import User
from cms.shared import clock

LOGIN = {"username": "ada", "password": "correct horse"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    """No test pays for the logins of another."""
    cache.clear()


@pytest.fixture
def recovery() -> list[str]:
    """The recovery codes of ada, whose app is set up."""
    ada = User.objects.create_user("ada", password="correct horse")
    codes.new_app(ada).save()
    return codes.renew_recovery_codes(ada)


def log_in(**more: str):
    """What the token endpoint answers."""
    return APIClient().post("/api/auth/token", {**LOGIN, **more}, format="json")


def test_a_password_alone_is_not_enough_and_the_answer_names_the_field(recovery):
    said = log_in()
    assert said.status_code == 400
    assert list(said.json()["fields"]) == ["otp"]
    assert "access" not in said.json()


def test_a_wrong_password_says_nothing_of_a_code(recovery):
    said = log_in(password="wrong")
    assert said.status_code == 401
    assert "otp" not in said.content.decode()


def test_a_code_gives_tokens_once(recovery):
    assert "access" in log_in(otp=recovery[0]).json()
    assert log_in(otp=recovery[0]).json()["fields"]["otp"]


def test_wrong_codes_are_too_many_at_last(recovery, settings):
    settings.AXES_FAILURE_LIMIT = 3
    answers = [log_in(otp="123456").status_code for _ in range(4)]
    assert answers == [400, 400, 429, 429]
    assert log_in(otp=recovery[0]).status_code == 429


def test_a_role_that_needs_one_gives_no_tokens_without(settings):
    settings.OTP_REQUIRED_ROLES = ["Finance"]
    user = User.objects.create_user("ada", password="correct horse")
    user.groups.add(Group.objects.get(name="Finance"))
    said = log_in()
    assert said.status_code == 403
    assert said.json()["code"] == "second_factor_missing"


def test_a_key_of_a_program_needs_no_code(recovery):
    user = User.objects.get(username="ada")
    _, key = keys.create(name="App", user=user, scopes=["read"], at=clock.now())
    client = APIClient(headers={"Authorization": f"Api-Key {key}"})
    assert client.get("/api/stations").status_code == 200


def test_a_name_that_is_too_long_is_refused_by_its_field():
    said = log_in(username="x" * 300)
    assert said.status_code == 400
    assert list(said.json()["fields"]) == ["username"]
