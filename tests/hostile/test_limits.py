"""Limits: who wants too much is slowed, refused with 429 or 503, or closed; the admin shows it."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
from collections.abc import Iterator

import pytest

from tests.gateway.conftest import serving
from tests.hostile.conftest import KINDS
from tests.hostile.peer import CONTINUATION, PING, SERVED, Closed, Peer, frame, handshake
from tests.hostile.target import Target, ended, probed
from tests.processes import eventually, manage
from tests.rows import rows

BURST, A_MINUTE, FAILURES, PER_ADDRESS, SOCKETS = 20, 8, 3, 20, 30
SMALL = {
    "OCPP_FRAMES_PER_SECOND": "100",
    "OCPP_FRAME_BURST": str(BURST),
    "OCPP_CONNECTS_PER_MINUTE": str(A_MINUTE),
    "OCPP_FAILURES_PER_MINUTE": str(FAILURES),
    "OCPP_MAX_SOCKETS_PER_ADDRESS": str(PER_ADDRESS),
    "OCPP_MAX_SOCKETS": str(SOCKETS),
    "OCPP_HANDSHAKE_SECONDS": "1",
    "OCPP_DEAD_SECONDS": "1",
    "OCPP_PING_SECONDS": "1",
    "BEHIND_PROXY": "true",  # so that a test may come from any address
}
RIGHT = "correct horse battery"
BEAT = frame(b'[2,"id","Heartbeat",{}]')
MADE = """
from stations.services import keys, stations
keys.set_key(station=stations.create(cp_id="{}"), key="{}")
"""


@pytest.fixture(scope="module", params=KINDS)
def strict(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server whose limits are small."""
    folder = tmp_path_factory.mktemp("limits")
    with serving(folder, ASGI_SERVER=request.param, **SMALL) as server:
        yield Target(request.param, server)


@pytest.fixture(autouse=True)
def _unharmed(strict: Target) -> Iterator[None]:
    yield
    strict.unharmed()


def knock(strict: Target, path: str, address: str, key: str | None = None) -> tuple[Peer, int]:
    """A handshake from somewhere, and its status."""
    peer = strict.plain()
    changed: dict[str, str | None] = {"X_Forwarded_For": address}
    if key is not None:
        token = base64.b64encode(f"{path.rpartition('/')[2]}:{key}".encode()).decode()
        changed["Authorization"] = f"Basic {token}"
    peer.send(handshake(path, **changed))
    return peer, peer.answer().status


def refused(strict: Target, subject: str, reason: str) -> bool:
    """Whether an operator sees it in the review queue."""
    query = (
        "SELECT reason FROM stations_reviewcase WHERE kind = 'RejectedConnection' AND subject = ?"
    )
    return eventually(lambda: (reason,) in rows(strict.server.environment, query, subject.upper()))


def test_who_does_not_finish_a_handshake_in_time_is_hung_up_on(strict):
    halves = [
        b"",
        b"GET /ocpp/x HTTP/1.1\r\n",
        handshake("/ocpp/x")[:-2],
        handshake("/", "X: 1")[:-30],
    ]
    with contextlib.ExitStack() as opened:
        waiting = [opened.enter_context(strict.plain()) for _ in halves]
        for peer, said in zip(waiting, halves, strict=True):
            peer.send(said)
        assert [peer.answer().status for peer in waiting] == [408] * len(halves)


def test_who_does_not_finish_a_second_request_in_time_is_hung_up_on(strict):
    with strict.plain() as peer:
        peer.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.answer().status == 200
        peer.send(b"GET /hea")
        assert peer.answer().status == 408


def test_a_station_that_waits_for_its_answers_is_only_slowed(strict):
    with strict.peer() as peer:
        for n in range(4 * BURST):
            peer.call(str(n))
            assert peer.hear()[:2] == [3, str(n)]


def test_calls_in_one_go_are_all_answered(strict):
    with strict.peer() as peer:
        peer.send(BEAT * (BURST + BURST // 2))
        assert len(probed(peer)) == BURST + BURST // 2


def test_a_flood_is_closed_with_1008_and_shown(strict):
    path = strict.new_path()
    with strict.plain().upgrade(path) as peer:
        with contextlib.suppress(ConnectionError):
            peer.send(BEAT * 3000)
        assert ended(peer) == 1008
    assert refused(strict, f"{path.rpartition('/')[2]}/1008", "too many messages")


@pytest.mark.parametrize(
    "flood",
    [
        frame(b"", PING) * 20_000,
        frame(b" ", fin=False) + frame(b"", CONTINUATION, fin=False) * 20_000,
    ],
)
def test_a_flood_of_pings_or_pieces_is_closed_with_1008(strict, flood):
    with strict.peer() as peer:
        with contextlib.suppress(ConnectionError):
            peer.send(flood)
        assert peer.goodbye().code == 1008


def test_who_fails_too_often_gets_429_whatever_its_key_and_others_at_its_address_do_not(strict):
    path = strict.new_path()
    name = path.rpartition("/")[2]
    manage(strict.server.environment, "shell", "-c", MADE.format(name, RIGHT))
    got = [knock(strict, path, "192.0.2.1", "wrong")[1] for _ in range(FAILURES + 1)]
    assert got == [401] * FAILURES + [429]
    assert knock(strict, path, "192.0.2.1", RIGHT)[1] == 429
    for address, other in (("192.0.2.1", strict.new_path()), ("192.0.2.2", path)):
        peer, status = knock(strict, other, address, RIGHT)
        assert status == SERVED
        peer.reset()
    assert refused(strict, f"{name}/429", "too many failed attempts, try again in a minute")


def test_a_storm_of_sockets_of_one_station_gets_429_and_others_do_not(strict):
    path = strict.new_path()
    got = []
    for _ in range(A_MINUTE + 3):
        peer, status = knock(strict, path, "192.0.2.3")
        got.append(status)
        peer.reset()
    assert got == [SERVED] * A_MINUTE + [429] * 3
    strict.peer().reset()
    reason = "too many sockets of this station, try again in a minute"
    assert refused(strict, f"{path.rpartition('/')[2]}/429", reason)


def test_a_socket_that_takes_nothing_is_closed(strict):
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # before the window is agreed on
        deaf.settimeout(0.5)
        deaf.connect(("127.0.0.1", strict.server.port))
        deaf.sendall(handshake(strict.new_path()))
        assert deaf.recv(12) == b"HTTP/1.1 101"
        deaf.sendall(frame(b'[2,"%s","Heartbeat",{}]' % (b"x" * 250)) * (BURST - 1))
        hung_up = select.poll()
        hung_up.register(deaf, 0)  # only hang-ups and errors

        def is_gone() -> bool:
            with contextlib.suppress(OSError):
                deaf.send(b"\0")  # the kernel that gave up says so when asked
            return bool(hung_up.poll(0))

        assert eventually(is_gone)


def test_a_socket_that_says_nothing_is_pinged_and_stays(strict):
    with strict.peer() as peer:
        assert [peer.received()[0] for _ in range(2)] == [PING, PING]
        assert probed(peer) == []


def test_frames_of_a_call_that_was_refused_by_its_pace_are_not_half_answered(strict):
    """Exactly one answer each, in order, up to the goodbye."""
    with strict.peer() as peer:
        calls = (frame(b'[2,"%d","Heartbeat",{}]' % n) for n in range(3000))
        with contextlib.suppress(ConnectionError):
            peer.send(b"".join(calls))
        heard: list[str] = []
        with pytest.raises(Closed) as closed:
            heard.extend(iter(lambda: peer.hear()[1], None))
        assert closed.value.code == 1008
        assert heard == [str(n) for n in range(len(heard))]
        assert len(heard) > BURST


def test_more_sockets_than_an_address_or_the_process_may_have_are_refused(strict):
    """The last one: it leaves no room to those after it before all of this is closed."""
    inside: list[Peer] = []

    def status(address: str) -> int:
        """What another station gets that comes from there."""
        peer, got = knock(strict, strict.new_path(), address)
        if got == SERVED:
            inside.append(peer)
        return got

    def until_there_are(count: int, address: str) -> bool:
        """Whether so many get in; sockets of the tests before may still be closing."""
        return eventually(lambda: len(inside) >= count or status(address) == count)

    assert until_there_are(PER_ADDRESS, "192.0.2.4")
    assert status("192.0.2.4") == 429
    assert until_there_are(SOCKETS - 1, "192.0.2.5")  # the bystander is one, too
    assert status("192.0.2.6") == 503
    inside.pop().reset()
    assert until_there_are(SOCKETS - 1, "192.0.2.6")
    for peer in inside:
        peer.reset()
