"""The address itself: how one is known, what is refused, and how it is said."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from cms.accounts.models import User
from tests.graphql.asked import PATH, answer, app_of, refusal, stranger

pytestmark = pytest.mark.django_db
TYPE = "{ __typename }"


def credentials(said: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=said)
    return client


@pytest.mark.parametrize("path", [PATH, f"{PATH}/"])
def test_an_operation_is_carried_out_with_and_without_a_slash(path):
    response = Client(enforce_csrf_checks=True).post(
        path, {"query": TYPE}, content_type="application/json"
    )
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("token", ["Bearer x", "Bearer a.b.c", "Api-Key nonsense"])
def test_what_opens_nothing_is_unauthorized(token):
    said = answer(credentials(token), TYPE)
    assert said["data"] is None
    assert said["errors"][0]["message"] == "Unauthorized"
    assert said["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_refresh_token_and_one_of_somebody_who_left_open_nothing():
    ann = User.objects.create_user("ann")
    assert (
        refusal(credentials(f"Bearer {RefreshToken.for_user(ann)}"), TYPE)[0] == "UNAUTHENTICATED"
    )
    app = app_of(ann)
    User.objects.update(is_active=False)
    assert refusal(app, TYPE)[0] == "UNAUTHENTICATED"


def test_the_cookie_of_a_page_opens_nothing():
    client = APIClient()
    client.force_login(User.objects.create_superuser("root"))
    query = "{ userChargingHistory(input: {}) { count } }"
    assert refusal(client, query)[0] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "BAD_USER_INPUT", "query"),
        ({"query": " "}, "BAD_USER_INPUT", "query"),
        ({"query": TYPE, "variables": []}, "BAD_USER_INPUT", "variables"),
        ({"query": TYPE, "operationName": 1}, "BAD_USER_INPUT", "operationName"),
        ({"query": "query a { __typename }", "operationName": "b"}, "BAD_USER_INPUT", "query"),
        ([{"query": TYPE}], "BAD_REQUEST", None),
    ],
)
def test_what_is_no_operation_is_refused_as_a_request(body, code, field):
    response = stranger().post(PATH, body, format="json")
    assert response.status_code == 400
    extensions = response.json()["errors"][0]["extensions"]
    assert extensions["code"] == code
    assert list(extensions.get("fields", {})) == ([field] if field else [])


def test_what_is_no_json_is_refused():
    response = stranger().post(PATH, "{", content_type="application/json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert stranger().post(PATH, "query=x", content_type="text/plain").status_code == 415


def test_a_document_that_cannot_be_read_says_where():
    said = answer(stranger(), "{ a(")["errors"][0]
    assert said["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}
    assert said["locations"]


def test_a_field_that_is_not_there_is_named_and_others_are_not_given_away():
    said = answer(stranger(), "{ chargingHistorys }")["errors"][0]
    assert said["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert said["message"] == "Cannot query field 'chargingHistorys' on type 'Query'."


def test_our_own_mistake_is_one_sentence_and_no_500(monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("cms.graphql.maps.markers.filtered", broken)
    ann = app_of(User.objects.create_user("ann"))
    ann.raise_request_exception = False
    said = answer(ann, "{ getFilteredMarkers(input: {}) { siteid } }")
    assert said["errors"][0]["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert "secret" not in str(said)


def test_the_page_is_there_in_development_only(settings):
    assert stranger().get(PATH).status_code == 405
    settings.DEBUG = True
    page = stranger().get(PATH)
    assert page.status_code == 200
    assert "<form" in page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "http" not in page.content.decode().replace("http-equiv", "")
