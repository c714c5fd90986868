"""People as operators administer them over REST: with the admin's rights, and never beyond."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from rest_framework.test import APIClient

from cms.accounts.models import User
from stations.models import Site
from tests.api.conftest import caller
from tests.drivers.conftest import logged_in

EVE = {"name": "Eve Moss", "email": "eve@example.com", "password": "battery staple 7"}
ALL = ("view_user", "add_user", "change_user")


def an_operator(name="olga", may=ALL):
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=may))
    return user


@pytest.fixture
def olga(db):
    return an_operator()


@pytest.fixture
def office(olga):
    return logged_in(olga)


@pytest.fixture
def boss(db):
    return logged_in(User.objects.create_superuser("boss", password="x"))


def path(user, more=""):
    return f"/api/users/{user.pk}{more}"


def test_an_operator_makes_an_account_that_logs_in(office):
    made = office.post("/api/users", {**EVE, "city": "Bonn"})
    assert made.status_code == 201
    eve = User.objects.get(username="eve@example.com")
    assert office.get(path(eve)).json() == made.json()
    assert "password" not in made.json()
    assert (made.json()["isStaff"], made.json()["groups"]) == (False, [])
    login = {"username": "eve@example.com", "password": EVE["password"]}
    assert APIClient().post("/api/auth/token", login, format="json").status_code == 200


def test_without_a_password_nobody_logs_in(office):
    office.post("/api/users", {"username": "eve"})
    assert not User.objects.get(username="eve").has_usable_password()


@pytest.mark.parametrize(
    ("said", "status", "field"),
    [
        ({**EVE, "username": "ann"}, 409, "username"),
        ({**EVE, "email": "ANN@example.com", "username": "a"}, 409, "email"),
        ({**EVE, "password": "password"}, 400, "password"),
        ({"name": "Nobody"}, 400, "email"),
        ({"username": "no spaces", "email": ""}, 400, "username"),
        ({**EVE, "groups": ["Nowhere"]}, 400, "groups"),
    ],
)
def test_what_cannot_be_is_said_of_its_field(office, ann, said, status, field):
    User.objects.filter(pk=ann.pk).update(email="ann@example.com")
    answer = office.post("/api/users", said)
    assert (answer.status_code, [*answer.json()["fields"]]) == (status, [field])
    assert not User.objects.filter(email=EVE["email"]).exists()


def test_an_operator_changes_what_is_known_of_a_driver(office, ann):
    changed = office.patch(path(ann), {"name": "Ann Berg", "zip": "53111"})
    assert changed.status_code == 200
    ann.refresh_from_db()
    assert (ann.name, ann.postal_code, ann.username) == ("Ann Berg", "53111", "ann")


def test_an_account_is_shut_and_opened_again(office, ann):
    hers = logged_in(ann)
    assert office.post(path(ann, "/deactivate")).json()["isActive"] is False
    assert hers.get("/api/me").status_code == 401
    assert office.patch(path(ann), {"isActive": True}).json()["isActive"] is True
    assert hers.get("/api/me").status_code == 200


def test_nobody_shuts_their_own_account(office, olga):
    assert office.post(path(olga, "/deactivate")).status_code == 409
    assert office.patch(path(olga), {"isActive": False}).status_code == 409


def test_people_are_found_by_their_e_mail_whatever_its_letters(office, ann, bob):
    User.objects.filter(pk=ann.pk).update(email="Ann@example.com")
    found = office.get("/api/users?email=ann@EXAMPLE.com&isStaff=false").json()
    assert [each["id"] for each in found] == [ann.pk]
    assert [each["username"] for each in office.get("/api/users?username=bob").json()] == ["bob"]


@pytest.mark.parametrize(
    ("may", "method", "more"),
    [
        (("add_user", "change_user"), "get", ""),
        (("view_user", "add_user"), "patch", ""),
        (("view_user", "add_user"), "post", "/deactivate"),
    ],
)
def test_each_right_opens_only_its_own(ann, may, method, more):
    lacking = logged_in(an_operator(may=may))
    refused = getattr(lacking, method)(path(ann, more), {})
    assert refused.status_code == 403
    assert "You lack the permission accounts." in refused.json()["error"]


def test_drivers_and_strangers_administer_nobody(app, bob):
    for client, status in ((app, 403), (APIClient(), 401)):
        assert client.get("/api/users").status_code == status
        assert client.patch(path(bob), {"name": "X"}, format="json").status_code == status


@pytest.mark.parametrize("debug", [True, False])
def test_not_even_development_shows_people_to_strangers(db, settings, debug):
    settings.DEBUG = debug
    assert APIClient().get("/api/users").status_code == 401


@pytest.mark.parametrize("power", [{"isStaff": True}, {"isSuperuser": True}, {"groups": []}])
def test_nobody_but_a_superuser_hands_out_power(office, boss, ann, power):
    assert office.patch(path(ann), power).status_code == 403
    assert office.post("/api/users", {**EVE, **power}).status_code == 403
    assert not User.objects.filter(email=EVE["email"]).exists()
    assert boss.patch(path(ann), power).status_code == 200


def test_a_superuser_makes_an_operator(boss):
    Group.objects.get_or_create(name="Operator")
    made = boss.post("/api/users", {**EVE, "isStaff": True, "groups": ["Operator"]})
    assert (made.status_code, made.json()["groups"]) == (201, ["Operator"])
    assert User.objects.get(email=EVE["email"]).is_staff


def test_a_superuser_is_changed_by_superusers_only(office, boss):
    root = User.objects.get(username="boss")
    assert office.patch(path(root), {"name": "Gone"}).status_code == 403
    assert office.post(path(root, "/deactivate")).status_code == 403
    assert boss.patch(path(root), {"name": "The Boss"}).status_code == 200


def test_nobody_gains_a_colleagues_rights_by_a_new_password(office, boss):
    colleague = an_operator("carl", ())
    assert office.patch(path(colleague), {"name": "Carl"}).status_code == 200
    assert office.patch(path(colleague), {"password": "battery staple 7"}).status_code == 403
    assert boss.patch(path(colleague), {"password": "battery staple 7"}).status_code == 200


def test_who_works_for_some_sites_changes_no_colleague(olga, ann):
    olga.sites.set([Site.objects.create(name="South")])
    limited = logged_in(olga)
    assert limited.patch(path(an_operator("carl", ())), {"name": "Carl"}).status_code == 403
    assert limited.patch(path(ann), {"name": "Ann"}).status_code == 200


def test_a_key_needs_its_scope_and_the_right_of_its_user(olga, ann, bob):
    body = {"name": "By a program"}
    assert caller(olga, "read").patch(path(bob), body, format="json").status_code == 403
    assert caller(ann, "read", "write").patch(path(bob), body, format="json").status_code == 403
    assert caller(olga, "write").patch(path(bob), body, format="json").status_code == 200


def test_a_key_of_a_superuser_hands_out_no_power(boss, bob):
    key = caller(User.objects.get(username="boss"), "read", "write")
    assert key.patch(path(bob), {"isStaff": True}, format="json").status_code == 403
    colleague = an_operator("carl", ())
    assert key.patch(path(colleague), {"name": "Carl"}, format="json").status_code == 403


def test_a_page_of_people_costs_the_same_however_many_there_are(boss, django_assert_num_queries):
    for number in range(5):
        User.objects.create_user(f"driver{number}")
    with django_assert_num_queries(3):  # who asks, the people, their groups
        assert len(boss.get("/api/users").json()) == 6
