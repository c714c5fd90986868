"""Over a real socket: what was tolerated of a station is in the database when it has gone."""

from __future__ import annotations

import pytest

from tests.gateway.wire import AVAILABLE, NOON, Wire
from tests.processes import eventually
from tests.rows import rows

pytestmark = pytest.mark.stack
_TALLIES = (
    "SELECT t.kind, t.times, t.detail FROM stations_quirktally t JOIN stations_chargingstation s"
    " ON s.id = t.station_id WHERE s.cp_id = ? ORDER BY t.kind"
)


def test_what_was_tolerated_is_counted_and_written_when_the_last_station_goes(server, cp_id):
    with Wire(f"{server.ws}/{cp_id}", subprotocols=("ocpp2.0.1", "OCPP1.6")) as wire:
        wire.boot()
        for _ in range(3):
            assert wire.ask("StatusNotification", AVAILABLE | {"errorCode": "Error"}) == {}
        assert wire.ask("StatusNotification", AVAILABLE | {"timestamp": NOON[:-1]}) == {}
        wire.tell("")
        wire.tell('[3,"4711",{}]')
        wire.meter(1, "5", NOON)
        assert wire.ask("Heartbeat")
    found = [
        ("empty_frame", 1, "empty frame"),
        ("naive_time", 1, NOON[:-1]),
        ("odd_subprotocol", 1, "ocpp2.0.1, OCPP1.6"),
        ("unasked_answer", 1, "an answer to 4711, which is not open"),
        ("unknown_word", 3, "StatusNotification.errorCode: Error"),
    ]
    assert eventually(lambda: rows(server.environment, _TALLIES, cp_id) == found, 10)


def test_a_station_that_does_as_the_specification_says_has_no_tally(server, dial, cp_id):
    with dial() as wire:
        wire.boot()
        wire.ask("StatusNotification", AVAILABLE | {"timestamp": NOON})
    assert rows(server.environment, _TALLIES, cp_id) == []
