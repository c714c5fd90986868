"""Oneself over REST: what is known of a driver, their password, and what a key may not."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from cms.accounts.models import User
from tests.api.conftest import caller
from tests.drivers.conftest import logged_in

pytestmark = pytest.mark.usefixtures("fresh_throttle")
MOVED = {
    **{"name": "Ann Berg", "email": "ann@example.com", "phone": "+1 305 555 0100"},
    **{"country": "USA", "state": "Florida", "address": "1 Ocean Drive", "unit": "12"},
    **{"city": "Miami", "zip": "33139"},
}
HERS, NEXT = "correct horse 7", "battery staple 8"


@pytest.fixture
def known(ann):
    ann.set_password(HERS)
    ann.save()
    return ann


def log_in(password):
    return APIClient().post(
        "/api/auth/token", {"username": "ann", "password": password}, format="json"
    )


def test_a_driver_sees_and_changes_what_is_known_of_them(app, ann):
    changed = app.patch("/api/me", MOVED)
    assert (changed.status_code, changed.json()) == (200, app.get("/api/me").json())
    shown = changed.json()
    assert {name: shown[name] for name in MOVED} == MOVED
    assert (shown["id"], shown["username"]) == (ann.pk, "ann")


def test_what_is_not_named_stays_as_it_is(app):
    app.patch("/api/me", MOVED)
    assert app.patch("/api/me", {"unit": ""}).json()["city"] == "Miami"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "ann"),
        ("phone", "call me"),
        ("zip", "9" * 21),
        ("city", "Mia\nmi"),
        ("isStaff", 1),
    ],
)
def test_what_cannot_be_is_said_of_its_field(app, name, value):
    answer = app.patch("/api/me", {**MOVED, name: value})
    assert answer.status_code == 400
    assert [*answer.json()["fields"]] == [name]


def test_the_e_mail_of_another_account_is_a_conflict(app, bob):
    User.objects.filter(pk=bob.pk).update(email="bob@example.com")
    assert app.patch("/api/me", {"email": "Bob@example.com"}).status_code == 409


def test_a_new_password_ends_every_refresh_token(known):
    before, app = log_in(HERS).json(), logged_in(known)
    changed = app.post("/api/me/password", {"current": HERS, "new": NEXT})
    assert changed.status_code == 204
    renewed = APIClient().post("/api/auth/refresh", {"refresh": before["refresh"]}, format="json")
    assert renewed.status_code == 401
    assert (log_in(HERS).status_code, log_in(NEXT).status_code) == (401, 200)


def test_a_password_is_changed_only_by_who_knows_it(known):
    answer = logged_in(known).post("/api/me/password", {"current": "x", "new": NEXT})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_password")
    assert log_in(HERS).status_code == 200


def test_a_password_that_is_guessed_is_refused(known):
    answer = logged_in(known).post("/api/me/password", {"current": HERS, "new": "password"})
    assert (answer.status_code, [*answer.json()["fields"]]) == (400, ["new"])


def test_who_guesses_the_password_is_stopped_as_at_the_login(known, settings):
    settings.AXES_FAILURE_LIMIT = 3
    app = logged_in(known)
    for _ in range(3):
        app.post("/api/me/password", {"current": "x", "new": NEXT})
    refused = app.post("/api/me/password", {"current": HERS, "new": NEXT})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["me", "me/cards", "me/favourites"])
def test_a_stranger_and_a_key_have_nothing_of_their_own(ann, path):
    assert APIClient().get(f"/api/{path}").status_code == 401
    refused = caller(ann, "read", "write", "control", "money").get(f"/api/{path}")
    assert refused.status_code == 403
    assert "API key" in refused.json()["error"]


def test_who_was_shut_out_is_nobody_any_more(app, ann):
    User.objects.update(is_active=False)
    assert app.get("/api/me").status_code == 401


def test_oneself_costs_one_query_besides_the_login(app, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        app.get("/api/me")
