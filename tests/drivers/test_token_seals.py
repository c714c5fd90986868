"""Tokens die with the password they were given for: over REST, on sockets, over GraphQL."""

from __future__ import annotations

import jwt
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from cms.accounts import passwords, tokens
from cms.accounts.models import User
from cms.accounts.tokens import NotValid
from cms.drivers import leaving
from cms.drivers.envelope import Refused
from cms.graphql import presented
from cms.graphql.presented import SocketCaller
from tests.drivers.given import a_driver, soon

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_throttle")]
HERS, NEXT = "correct horse 7", "battery staple 8"


@pytest.fixture
def ann() -> User:
    driver = a_driver()
    driver.set_password(HERS)
    driver.save()
    return driver


def log_in() -> dict[str, str]:
    said = {"username": "ann", "password": HERS}
    tokens: dict[str, str] = APIClient().post("/api/auth/token", said, format="json").json()
    return tokens


def with_token(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def is_known(access: str) -> bool:
    """Whether GraphQL knows whose token it is."""
    said = with_token(access).post("/graphql", {"query": "{ me { id } }"}, format="json").json()
    return "errors" not in said


def opens_a_socket(access: str) -> bool:
    """Whether ``/ws`` and the socket of GraphQL let its owner in: they may never differ."""
    handshake = {"headers": [], "query_string": b""}
    ours = presented.begin(SocketCaller(connection_params={"token": access}), handshake)
    try:
        tokens.presented(access)
    except NotValid:
        assert not ours
        return False
    return ours


def test_a_token_counts_as_long_as_the_password_stays(ann):
    access = log_in()["access"]
    assert with_token(access).get("/api/me").status_code == 200
    assert is_known(access)
    assert opens_a_socket(access)


def test_a_token_of_a_former_password_opens_nothing(ann):
    access = log_in()["access"]
    passwords.assign(user=ann, new=NEXT)
    refused = with_token(access).get("/api/me")
    assert (refused.status_code, refused.json()["code"]) == (401, "password_changed")
    assert not is_known(access)
    assert not opens_a_socket(access)


def test_what_a_refresh_token_gives_is_of_its_password_too(ann):
    refresh = {"refresh": log_in()["refresh"]}
    access = APIClient().post("/api/auth/refresh", refresh, format="json").json()["access"]
    assert opens_a_socket(access)
    passwords.assign(user=ann, new=NEXT)
    assert not opens_a_socket(access)


def test_a_socket_of_graphql_that_is_open_is_over_with_the_password(ann):
    caller = SocketCaller(connection_params={"token": log_in()["access"]})
    presented.begin(caller, {"headers": [], "query_string": b""})
    passwords.assign(user=ann, new=NEXT)
    caller.look_again()
    assert caller.is_over


def test_an_app_that_is_connected_asks_for_nothing_any_more(ann):
    who = tokens.presented(log_in()["access"])
    assert leaving.person(who) == ann
    passwords.assign(user=ann, new=NEXT)
    with pytest.raises(Refused):
        leaving.person(who)


@pytest.mark.parametrize("seal", ["", 0, False, [], "0" * 16, "é"])
def test_a_seal_that_is_another_opens_nothing(ann, seal):
    claims = {"sub": "ann", "exp": soon(), tokens.SEAL: seal}
    assert not opens_a_socket(jwt.encode(claims, settings.SECRET_KEY, "HS256"))


def test_nobody_learns_the_password_hash_by_a_token(ann):
    ann.refresh_from_db()
    claims = jwt.decode(log_in()["access"], options={"verify_signature": False})
    assert claims[tokens.SEAL] not in ann.password
    assert len(claims[tokens.SEAL]) == 16
