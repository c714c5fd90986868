"""Seen: stations that never answer a ping (EVduty), or send one as an empty frame."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from cms import server
from tests.gateway.talk import Talk
from tests.stations import given


class Daphne:
    """Stands for cms.daphne_server, which would install Twisted's reactor."""

    secure_endpoint = None

    @staticmethod
    def Server(**options: Any) -> None:  # noqa: N802 - its name there
        """A server that says what it is started with."""
        raise Caught(options)


class Caught(Exception):
    """What a server was to be started with."""


def started_with(monkeypatch: pytest.MonkeyPatch, where: str, run: Any) -> dict[str, Any]:
    """The options a server is started with."""

    def catch(*_: Any, **options: Any) -> None:
        raise Caught(options)

    monkeypatch.setattr(where, catch)
    with pytest.raises(Caught) as caught:
        run()
    options: dict[str, Any] = caught.value.args[0]
    return options


def test_uvicorn_pings_and_waits_for_no_pong(monkeypatch):
    options = started_with(
        monkeypatch, "uvicorn.Config", lambda: server._run_uvicorn(None, "127.0.0.1", 0, [])
    )
    assert 20 <= options["ws_ping_interval"] <= 60
    assert options["ws_ping_timeout"] is None


def test_daphne_pings_and_waits_for_no_pong(monkeypatch):
    monkeypatch.setitem(sys.modules, "cms.daphne_server", Daphne)
    with pytest.raises(Caught) as caught:
        server._run_daphne(None, "127.0.0.1", 0)
    options = caught.value.args[0]
    assert 20 <= options["ping_interval"] <= 60
    assert (options["ping_timeout"], options["websocket_timeout"]) == (
        0,
        -1,
    )  # 0: it waits for none


@pytest.mark.django_db
@pytest.mark.parametrize("frame", ["", " ", "\n"])
def test_an_empty_frame_is_a_sign_of_life_without_an_answer(frame):
    talk = Talk(given.a_station())
    assert talk.hear(frame) is None
    assert talk.ask("Heartbeat")
