"""The way the self-test takes: what a server that is broken makes of it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager

import pytest
from websockets.sync.server import serve
from websockets.typing import Subprotocol

from cms.selftest.sockets import Failed, Station
from cms.selftest.walk import Result, summary


@contextmanager
def a_server(*answers, after: float = 0.0):
    """Somebody else's: says these frames to every call, with its number, ``after`` so long."""

    def handler(socket):
        for text in socket:
            number = json.loads(text)[1]
            time.sleep(after)
            for answer in answers:
                frame = [number if part == "number" else part for part in answer]
                socket.send(json.dumps(frame))

    with serve(handler, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def boot(url, seconds=20.0):
    """A station that boots there."""
    station = Station(url, "SELFTEST", "key", seconds)
    try:
        return station.call("BootNotification", {})
    finally:
        station.close()


def test_an_answer_is_what_was_answered():
    with a_server(
        [2, "1", "Reset", {"type": "Soft"}], [3, "number", {"status": "Accepted"}]
    ) as url:
        assert boot(url) == {"status": "Accepted"}


def test_an_answer_that_takes_longer_than_it_may_fails_and_with_twice_the_time_does_not():
    with a_server([3, "number", {}], after=1.4) as url:
        with pytest.raises(Failed, match="no answer to BootNotification within 1 s"):
            boot(url, 1.0)
        assert boot(url, 20.0) == {}


def test_an_error_is_said():
    with (
        a_server([4, "number", "InternalError", "it broke", {}]) as url,
        pytest.raises(Failed, match="BootNotification was answered with InternalError: it broke"),
    ):
        boot(url)


def test_nobody_there_is_said():
    with pytest.raises(Failed, match="lets nobody in"):
        boot("ws://127.0.0.1:1")


def test_all_of_it_is_a_line():
    well, badly = Result("Login", "", 0.1), Result("MeterValues", "it is 1, not 2", 0.1)
    assert summary([well]) == "Self-test: 1 passed (Login), 0 failed"
    said = "Self-test: 1 passed (Login), 1 failed: MeterValues (it is 1, not 2)"
    assert summary([well, badly]) == said
