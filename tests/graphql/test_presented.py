"""Who a socket is of: what it presents, wherever it stands, as long as it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from cms.accounts import keys
from cms.accounts.models import User
from cms.graphql import presented
from cms.graphql.presented import SocketCaller

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann")


def scope(query: str = "", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), said.encode()) for name, said in headers.items()]
    return {"headers": pairs, "query_string": query.encode()}


def begun(handshake: dict[str, Any], **parameters: Any) -> SocketCaller | None:
    """The caller, or None where they are refused."""
    caller = SocketCaller(connection_params=parameters)
    return caller if presented.begin(caller, handshake) else None


def test_a_token_counts_in_each_of_its_places(ann):
    token = str(AccessToken.for_user(ann))
    bearer = f"Bearer {token}"
    for handshake, parameters in (
        (scope(), {"Authorization": bearer}),
        (scope(), {"authorization": token}),
        (scope(), {"authToken": token}),
        (scope(), {"token": bearer}),
        (scope(authorization=bearer), {}),
        (scope(f"token={token}"), {}),
    ):
        assert begun(handshake, **parameters).user == ann


def test_a_key_counts_with_its_scopes(ann):
    row, key = keys.create(name="test", user=ann, scopes=["read"], at=NOW)
    for handshake, parameters in (
        (scope(), {"Authorization": f"Api-Key {key}"}),
        (scope(x_api_key=key), {}),
    ):
        caller = begun(handshake, **parameters)
        assert (caller.user, caller.auth) == (ann, row)
        assert caller.is_program


def test_what_opens_nothing_is_refused_and_nothing_is_nobody(ann):
    assert begun(scope(), token="nonsense") is None
    assert begun(scope(), token=str(RefreshToken.for_user(ann))) is None
    assert begun(scope(), Authorization="Api-Key nonsense") is None
    assert not begun(scope(cookie="sessionid=x"), other=1).user.is_authenticated


def test_who_left_is_nobody_when_looked_at_again(ann):
    caller = begun(scope(), token=str(AccessToken.for_user(ann)))
    caller.look_again()
    assert not caller.is_over
    User.objects.update(is_active=False)
    caller.look_again()
    assert caller.is_over


def test_a_key_that_was_revoked_opens_nothing_when_looked_at_again(ann):
    row, key = keys.create(name="test", user=ann, scopes=["read"], at=NOW)
    caller = begun(scope(x_api_key=key))
    keys.revoke(row, at=NOW)
    caller.look_again()
    assert caller.is_over


def test_a_socket_ends_with_its_token_and_after_a_session_at_the_latest(ann, settings):
    token = AccessToken.for_user(ann)
    caller = begun(scope(), token=str(token))
    assert presented.ends_at(caller) == datetime.fromtimestamp(token["exp"], UTC)
    settings.SESSION_TIMEOUT = 1000
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert presented.ends_at(begun(scope(), token=str(token))) < soon
    assert presented.ends_at(begun(scope())) < soon
