"""Two sockets for one station: the newest wins, whatever order things happen in."""

from __future__ import annotations

import threading

import pytest
from websockets.exceptions import ConnectionClosed

from tests.processes import eventually
from tests.rows import rows

pytestmark = pytest.mark.stack


def state(server, cp_id):
    """Whether the station is online, and which socket serves it."""
    query = "SELECT online, connection_id FROM stations_chargingstation WHERE cp_id = ?"
    [(online, connection_id)] = rows(server.environment, query, cp_id)
    return bool(online), connection_id


def is_open(wire):
    """Whether the socket still serves."""
    try:
        return wire.ask("Heartbeat") is not None
    except ConnectionClosed:
        return False


def test_a_second_socket_closes_the_first_with_4001(dial):
    first = dial()
    first.boot()
    second = dial()
    assert first.closed_with() == 4001
    assert second.ask("Heartbeat")


def test_the_first_one_closing_does_not_take_the_station_offline(server, dial, cp_id):
    first = dial()
    second = dial()
    second.boot()
    newest = state(server, cp_id)
    assert newest[0]
    assert first.closed_with() == 4001
    first.socket.close()
    assert second.ask("Heartbeat")
    assert state(server, cp_id) == newest


def test_the_newest_one_closing_does(server, dial, cp_id):
    dial()
    second = dial()
    second.boot()
    second.socket.close()
    assert eventually(lambda: state(server, cp_id) == (False, ""))


def test_letter_case_makes_no_second_station(server, dial, cp_id):
    first = dial(cp_id)
    second = dial(cp_id.upper())
    assert first.closed_with() == 4001
    assert second.ask("Heartbeat")
    query = "SELECT count(*) FROM stations_chargingstation WHERE upper(cp_id) = upper(?)"
    assert rows(server.environment, query, cp_id) == [(1,)]


def test_commands_go_to_the_newest(dial, cp_id, api):
    first = dial()
    first.boot()
    second = dial()
    second.boot()
    api.post(f"admin/{cp_id}/clear-cache?wait=0")
    assert second.asked()[1:] == ["ClearCache", {}]
    assert first.closed_with() == 4001


@pytest.mark.parametrize("times", range(3))
def test_of_many_at_once_exactly_one_is_left_and_the_station_is_online(
    server, dial, cp_id, api, times
):
    opened = []
    together = threading.Barrier(8)

    def knock():
        together.wait(10)
        opened.append(dial())

    threads = [threading.Thread(target=knock) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    assert eventually(lambda: [is_open(wire) for wire in opened].count(True) == 1)
    assert state(server, cp_id)[0]
    [left] = [wire for wire in opened if is_open(wire)]
    api.post(f"admin/{cp_id}/clear-cache?wait=0")
    assert left.asked()[1:] == ["ClearCache", {}]


def test_a_station_that_reconnects_again_and_again_stays_online(server, dial, cp_id):
    for _ in range(20):
        wire = dial()
        assert wire.boot() == "Accepted"
    assert eventually(lambda: state(server, cp_id)[0])
    assert wire.ask("Heartbeat")
    assert wire.is_silent(0.5)


def test_other_stations_are_left_alone(dial, cp_id):
    other = dial(f"{cp_id}-other")
    dial()
    dial()
    assert other.ask("Heartbeat")


def test_deleting_a_station_closes_its_socket(dial, cp_id, api):
    wire = dial()
    wire.boot()
    assert api._ask("DELETE", f"stations/{cp_id}").status == 204
    assert wire.closed_with() == 4001
