"""Drivers who register themselves, where they may; nobody learns who is known here."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from cms.accounts.models import User
from rfid.models import RfidCard

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_throttle")]
EVE = {"name": "Eve Moss", "email": "Eve@Example.com", "password": "battery staple 7"}


@pytest.fixture(autouse=True)
def let_in(settings):
    settings.REGISTRATION = "account"


def register(**more):
    return APIClient().post("/api/auth/register", {**EVE, **more}, format="json")


def log_in(password=EVE["password"]):
    body = {"username": "eve@example.com", "password": password}
    return APIClient().post("/api/auth/token", body, format="json")


def test_who_registers_logs_in_by_their_e_mail():
    assert register(city="Bonn", zip="53111").status_code == 202
    assert log_in().status_code == 200
    eve = User.objects.get()
    assert (eve.name, eve.email, eve.city, eve.postal_code) == (
        *("Eve Moss", "Eve@Example.com"),
        *("Bonn", "53111"),
    )


def test_who_registers_has_no_power_and_no_card():
    register()
    eve = User.objects.get()
    assert (eve.is_staff, eve.is_superuser, eve.get_all_permissions()) == (False, False, set())
    assert not RfidCard.objects.exists()


def test_with_a_card_where_the_operator_wants_it_so(settings):
    settings.REGISTRATION = "card"
    register()
    card = RfidCard.objects.get()
    assert (card.user, card.status, len(card.id_tag)) == (User.objects.get(), "Active", 20)


def test_nobody_registers_where_it_is_off(settings):
    settings.REGISTRATION = "off"
    answer = register()
    assert (answer.status_code, answer.json()["code"]) == (409, "registration_closed")
    assert not User.objects.exists()


def test_an_e_mail_that_is_known_is_answered_alike_and_changes_nothing():
    fresh = register()
    again = register(email="EVE@example.com", password="another one 77", name="Mallory")
    assert (again.status_code, again.content) == (fresh.status_code, fresh.content)
    assert User.objects.get().name == "Eve Moss"
    assert log_in("another one 77").status_code == 401


def test_a_user_name_that_is_an_e_mail_already_is_known_too():
    User.objects.create_user("eve@example.com")
    assert register().status_code == 202
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "password"),
        ("password", "eve@example.com"),
        ("email", "eve"),
        ("email", ""),
        ("name", ""),
        ("phone", "call me"),
        ("isStaff", True),
    ],
)
def test_what_cannot_be_is_said_of_its_field(name, value):
    answer = register(**{name: value})
    assert answer.status_code == 400
    assert [*answer.json()["fields"]] == [name]
    assert not User.objects.exists()


def test_whoever_registers_too_often_waits():
    answers = [register(name="") for _ in range(11)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    assert answers[-1].status_code == 429
