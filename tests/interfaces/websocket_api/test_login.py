"""Who an app is of, and frames that are none."""

from __future__ import annotations

import re

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.interfaces.websocket_api.app import App

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_a_login_is_answered_as_documented(server, ann):
    with App(server) as app:
        answer = app.ask("auth_request", {"token": ann[1], "userId": ann[0]})
    assert answer["id"] == "msg-001-response"
    assert answer["type"] == "auth_response"
    assert STAMP.fullmatch(answer["timestamp"])
    data = answer["data"]
    assert data.pop("sessionId").startswith("ws_")
    assert STAMP.fullmatch(data.pop("expiresAt"))
    assert data == {"success": True, "userId": ann[0], "message": "Authentication successful"}


@pytest.mark.parametrize(
    ("data", "message"),
    [({}, "Missing token"), ({"token": "x.y.z"}, "Invalid token"), ({"token": 5}, "Invalid token")],
)
def test_a_login_that_fails_says_why_and_the_socket_stays_usable(server, ann, data, message):
    with App(server) as app:
        answer = app.ask("auth_request", data)
        assert answer["data"] == {"success": False, "message": message}
        assert app.log_in(ann[1])["success"] is True


def test_a_token_is_of_the_user_who_is_named(server, ann, bob):
    with App(server) as app:
        answer = app.ask("auth_request", {"token": ann[1], "userId": bob[0]})
    assert answer["data"]["success"] is False


def test_a_token_may_come_with_the_handshake(server, ann):
    with App(server, query=f"?token={ann[1]}") as app:
        assert app.hear("auth_response")["data"]["success"] is True
    with App(server, Authorization=f"Bearer {ann[1]}") as app:
        assert app.hear("auth_response")["data"]["success"] is True


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("xx", "INVALID_MESSAGE_FORMAT"),
        ('{"id": "1"}', "INVALID_MESSAGE_FORMAT"),
        ('{"id": "1", "type": "foo"}', "UNKNOWN_MESSAGE_TYPE"),
    ],
)
def test_nonsense_has_its_code_and_the_socket_stays_open(app, sent, code):
    app.socket.send(sent)
    frame = app.hear("error")
    assert frame["error"]["code"] == code
    assert STAMP.fullmatch(frame["timestamp"])
    assert app.ask("heartbeat")["type"] == "heartbeat"


def test_a_heartbeat_has_no_data(app):
    answer = app.ask("heartbeat", None, "heartbeat-001")
    assert set(answer) == {"id", "type", "timestamp", "replyTo"}


def test_a_page_of_another_origin_is_refused(server):
    with pytest.raises(InvalidStatus) as refused, App(server, Origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    with App(server, Origin="https://app.example.com"):
        pass


def test_a_frame_that_is_too_long_ends_the_socket(app):
    app.socket.send("x" * 20_000)
    with pytest.raises(ConnectionClosed) as closed:
        app.hear("nothing")
    assert closed.value.rcvd.code == 1009
