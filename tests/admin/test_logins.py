"""Wrong passwords: after too many of them a name cannot be tried from an address for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from cms.accounts.models import User

LOGIN, HOME = "/admin/login/", "/admin/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ada(settings) -> User:
    """Somebody who may work in the admin, where three wrong passwords are too many."""
    settings.AXES_FAILURE_LIMIT = 3
    return User.objects.create_user("ada", password="correct horse", is_staff=True)


def tries(password: str, *, name: str = "ada", address: str = "192.0.2.1", **headers: str) -> str:
    """What the login page says; nothing when it lets one in."""
    said = {"username": name, "password": password, "next": HOME}
    answer = Client().post(LOGIN, said, REMOTE_ADDR=address, **headers)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_the_page_says_for_how_long_to_wait():
    said = [tries("wrong") for _ in range(4)]
    assert "Please enter the correct username and password" in said[0]
    assert "There were too many wrong logins from here. Try again in 15 minutes." in said[2]
    assert "Try again in 15 minutes" in said[3]


def test_the_right_password_waits_too():
    for _ in range(3):
        tries("wrong")
    assert "too many wrong logins" in tries("correct horse")


def test_it_is_over_after_a_while_however_often_somebody_goes_on_trying():
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for minute in range(15):
            clock.move_to(start + timedelta(minutes=minute))
            tries("wrong")
        clock.move_to(start + timedelta(minutes=17, seconds=1))  # the third was after two
        assert tries("correct horse") == ""


def test_an_attacker_elsewhere_locks_nobody_out():
    for _ in range(5):
        tries("wrong", address="203.0.113.9")
    assert tries("correct horse") == ""


def test_nobody_invents_another_address():
    for number in range(3):
        tries("wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert "too many wrong logins" in tries("correct horse")


def test_an_address_that_tries_many_names_is_stopped(settings):
    said = ""
    for number in range(30):
        said = tries("wrong", name=f"name{number}")
    assert "too many wrong logins" in said
    assert "too many wrong logins" in tries("correct horse")


def test_a_login_forgets_what_was_wrong_before():
    for _ in range(2):
        tries("wrong")
    tries("correct horse")
    assert "Please enter the correct" in tries("wrong")


def test_a_name_nobody_could_have_is_refused_in_words():
    assert "Log in" in tries("wrong", name="x" * 400)
    assert "Log in" in tries("wrong", name="a\0b")
