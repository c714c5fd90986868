"""People over GraphQL: the README's documents, logging in, and whose account is whose."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from cms.accounts.models import User
from tests.graphql.asked import (
    administrator,
    answer,
    app_of,
    data,
    operator,
    program,
    refusal,
    stranger,
)
from tests.graphql.documents import UPDATE_ADDRESS, UPDATE_USER

pytestmark = pytest.mark.django_db
ME = "{ me { id username name zip postalCode } }"
LOGIN = "mutation m($input: LoginInput!) { login(input: $input) { accessToken } }"
CREATE = "mutation m($input: CreateOneUserInput!) { createOneUser(input: $input) { id phone } }"
ADDRESS = {
    "country": "USA",
    "state": "Florida",
    "address": "address",
    "unit": "unit",
    "city": "city",
    "zip": 234234,
}


@pytest.fixture(autouse=True)
def fresh_throttle() -> None:
    """No test pays for the logins of another."""
    cache.clear()


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", password="correct horse")


def test_name_and_e_mail_are_changed_as_the_readme_does(ann):
    update = {"name": "Steve Steve", "email": "steve@steve.com"}
    said = data(app_of(ann), UPDATE_USER, input={"id": ann.pk, "update": update})
    assert said == {"id": ann.pk, **update}
    ann.refresh_from_db()
    assert (ann.first_name, ann.last_name, ann.email) == ("Steve", "Steve", "steve@steve.com")


def test_the_address_is_filled_in_as_the_readme_does(ann):
    said = data(app_of(ann), UPDATE_ADDRESS, input={"id": str(ann.pk), "update": ADDRESS})
    assert said == {"id": ann.pk, **ADDRESS}
    assert User.objects.get(pk=ann.pk).postal_code == "234234"


def test_what_is_not_said_stays_and_null_empties_it(ann):
    data(app_of(ann), UPDATE_ADDRESS, input={"id": ann.pk, "update": ADDRESS})
    data(app_of(ann), UPDATE_ADDRESS, input={"id": ann.pk, "update": {"unit": None, "zip": None}})
    ann.refresh_from_db()
    assert (ann.city, ann.unit, ann.postal_code) == ("city", "", "")


@pytest.mark.parametrize(
    ("code", "zip_"), [("20457", 20457), ("SW1A 1AA", None), ("", None), ("99999999999", None)]
)
def test_a_postal_code_that_is_no_number_is_told_as_a_text_only(ann, code, zip_):
    User.objects.update(postal_code=code)
    assert data(app_of(ann), ME) == {
        "id": ann.pk,
        "username": "ann",
        "name": "",
        "zip": zip_,
        "postalCode": code,
    }


def test_an_e_mail_of_somebody_else_is_a_conflict(ann):
    User.objects.create_user("ben", email="ben@example.com")
    update = {"email": "BEN@example.com"}
    code, fields = refusal(app_of(ann), UPDATE_USER, input={"id": ann.pk, "update": update})
    assert (code, list(fields)) == ("CONFLICT", ["input.update.email"])


@pytest.mark.parametrize(
    ("update", "field"),
    [
        ({"email": "nowhere"}, "input.update.email"),
        ({"phone": "call me"}, "input.update.phone"),
        ({"city": "c" * 101}, "input.update.city"),
        ({"zip": 1, "postalCode": "2"}, "input.update.zip"),
    ],
)
def test_what_cannot_be_names_its_field(ann, update, field):
    code, fields = refusal(app_of(ann), UPDATE_USER, input={"id": ann.pk, "update": update})
    assert (code, list(fields)) == ("BAD_USER_INPUT", [field])


def test_one_changes_oneself_and_others_with_the_permission_only(ann):
    change = {"input": {"id": ann.pk, "update": {"name": "Other"}}}
    ben = User.objects.create_user("ben")
    assert refusal(stranger(), UPDATE_USER, **change)[0] == "UNAUTHENTICATED"
    assert refusal(app_of(ben), UPDATE_USER, **change)[0] == "FORBIDDEN"
    assert refusal(operator("view_user", name="a"), UPDATE_USER, **change)[0] == "FORBIDDEN"
    assert refusal(program("read"), UPDATE_USER, **change)[0] == "FORBIDDEN"
    assert data(operator("change_user", name="b"), UPDATE_USER, **change)["name"] == "Other"
    assert data(program("write"), UPDATE_USER, **change)["name"] == "Other"


def test_nobody_reaches_the_account_of_who_works_here(ann):
    boss = User.objects.create_superuser("boss")
    change = {"input": {"id": boss.pk, "update": {"email": "mine@example.com"}}}
    for caller in (operator("change_user"), program("write"), administrator()):
        assert refusal(caller, UPDATE_USER, **change)[0] == "FORBIDDEN"


def test_nobody_has_an_account_that_is_not_there(ann):
    change = {"input": {"id": ann.pk + 1000, "update": {}}}
    assert refusal(administrator(), UPDATE_USER, **change)[0] == "NOT_FOUND"


def test_an_account_is_made_by_its_telephone_number(ann):
    made = data(administrator(), CREATE, input={"user": {"phone": "+123456789"}})
    user = User.objects.get(pk=made["id"])
    assert made["phone"] == user.phone == user.username == "+123456789"
    assert not user.has_usable_password()
    assert not user.is_staff
    assert refusal(administrator("b"), CREATE, input={"user": {}})[0] == "BAD_USER_INPUT"
    said = refusal(administrator("c"), CREATE, input={"user": {"phone": "+123456789"}})
    assert said[0] == "CONFLICT"
    for caller in (app_of(ann), program("read"), operator("view_user")):
        assert refusal(caller, CREATE, input={"user": {"phone": "+1234567"}})[0] == "FORBIDDEN"


def test_a_login_gives_a_token_that_says_who_one_is(ann):
    said = {"username": "ann", "password": "correct horse"}
    token = data(stranger(), LOGIN, input=said)["accessToken"]
    app = stranger()
    app.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert data(app, ME)["username"] == "ann"


def test_a_wrong_password_gives_nothing_and_too_many_nothing_for_a_while(ann, settings):
    wrong = {"username": "ann", "password": "wrong horse"}
    assert refusal(stranger(), LOGIN, input=wrong)[0] == "UNAUTHENTICATED"
    for _ in range(settings.AXES_FAILURE_LIMIT):
        code = refusal(stranger(), LOGIN, input=wrong)[0]
    assert code == "TOO_MANY_REQUESTS"


def test_nobody_is_nobody_and_a_password_is_never_told(ann):
    assert refusal(stranger(), ME)[0] == "UNAUTHENTICATED"
    said = answer(app_of(ann), '{ __type(name: "User") { fields { name } } }')
    names = {field["name"] for field in said["data"]["__type"]["fields"]}
    assert "zip" in names
    assert not any("password" in name.lower() for name in names)
