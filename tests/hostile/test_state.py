"""State: answers nobody asked for, ids used twice, calls without end, sockets in a storm."""

from __future__ import annotations

import json

from tests.hostile.payloads import NOON, VALID
from tests.hostile.peer import Closed, Peer, frame
from tests.hostile.target import probed
from tests.rows import one

START = VALID["StartTransaction"]
SESSIONS = (
    "SELECT count(*) FROM stations_chargingsession t JOIN stations_chargingstation s"
    " ON s.id = t.station_id WHERE upper(s.cp_id) = upper(?)"
)


def called(number: int, action: str, payload: object) -> bytes:
    """A call on the wire."""
    return frame(json.dumps([2, str(number), action, payload]).encode())


def test_eight_hundred_answers_nobody_asked_for_are_ignored(target):
    kinds = ('[3,"%d",{}]', '[4,"%d","InternalError","",{}]', '[4,"%d","x",""]', '[3,"%d",null]')
    with target.peer() as peer:
        # Within the burst everybody has, so that nothing is slowed.
        for _ in range(2):
            peer.send(b"".join(frame((kinds[n % 4] % n).encode()) for n in range(400)))
            target.meanwhile()
        assert probed(peer) == []


def test_a_hundred_and_fifty_starts_at_once_are_answered_in_order_and_others_meanwhile(target):
    path = target.new_path()
    with target.plain().upgrade(path) as peer:
        starts = [{**START, "connectorId": 1 + n % 3, "meterStart": n} for n in range(150)]
        calls = [called(n, "StartTransaction", start) for n, start in enumerate(starts)]
        peer.send(b"".join(calls))
        target.meanwhile()
        answers = [peer.hear() for _ in calls]
        assert [answer[:2] for answer in answers] == [[3, str(n)] for n in range(150)]
        numbers = {answer[2]["transactionId"] for answer in answers}
        assert len(numbers) == 150
        assert probed(peer) == []
    assert one(target.server.environment, SESSIONS, path.rpartition("/")[2]) == 150


def test_one_id_for_different_calls_gets_an_answer_each(target):
    with target.peer() as peer:
        for n in range(20):
            peer.call("same", "StartTransaction", {**START, "meterStart": n})
            peer.call("same", "Heartbeat")
            peer.call("same", "Nonsense")
        got = [peer.hear() for _ in range(60)]
        assert [answer[0] for answer in got] == [3, 3, 4] * 20
        assert len({answer[2]["transactionId"] for answer in got[::3]}) == 20
        assert probed(peer) == []


def test_four_hundred_stops_of_sessions_nobody_knows_are_answered(target):
    stop = {"meterStop": 1, "timestamp": NOON}
    with target.peer() as peer:
        peer.send(
            b"".join(
                called(n, "StopTransaction", {**stop, "transactionId": 1000 + n % 50})
                for n in range(400)
            )
        )
        target.meanwhile()
        assert [peer.hear()[:2] for _ in range(400)] == [[3, str(n)] for n in range(400)]


def test_a_station_that_stops_anothers_session_only_gets_an_orphan(target):
    path = target.new_path()
    with target.plain().upgrade(path) as victim, target.peer() as thief:
        victim.call("start", "StartTransaction", START)
        number = victim.hear()[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 5, "timestamp": NOON}
        thief.call("stop", "StopTransaction", stop)
        assert thief.hear() == [3, "stop", {}]
    query = "SELECT status FROM stations_chargingsession WHERE transaction_id = ?"
    assert one(target.server.environment, query, number) == "Active"


def test_of_twenty_sockets_of_one_station_the_newest_stays(target):
    path = target.new_path()
    sockets = [target.plain().upgrade(path) for _ in range(20)]
    target.meanwhile()
    assert {closing(peer) for peer in sockets[:-1]} == {4001}
    assert probed(sockets[-1]) == []
    sockets[-1].reset()


def test_a_flood_over_ten_sockets_holds_up_nobody(target):
    flood = b"".join(
        called(n, "StatusNotification", VALID["StatusNotification"]) for n in range(30)
    )
    peers = [target.peer() for _ in range(10)]
    for peer in peers:
        peer.send(flood)
    target.meanwhile()
    for peer in peers:
        assert [peer.hear()[:2] for _ in range(30)] == [[3, str(n)] for n in range(30)]
        peer.reset()


def test_a_station_that_goes_in_the_middle_of_a_flood_leaves_what_it_said(target):
    path = target.new_path()
    peer = target.plain().upgrade(path)
    starts = (called(n, "StartTransaction", {**START, "meterStart": n}) for n in range(60))
    peer.send(b"".join(starts))
    assert peer.hear()[1] == "0"
    peer.reset()
    with target.plain().upgrade(path) as again:
        again.call("1", "StartTransaction", {**START, "meterStart": 0})
        assert again.hear()[0] == 3


def closing(peer: Peer) -> int | None:
    """The code a socket was closed with."""
    closed: Closed = peer.goodbye()
    peer.reset()
    return closed.code
