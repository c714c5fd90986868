"""Framing: what is no frame is ignored or refused with the right code, and the socket goes on."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.hostile.framing import FRAMES, IDS, IGNORED, SERVED
from tests.hostile.peer import BINARY, frame
from tests.hostile.target import ended, probed

LONGEST = 300  # characters of a refusal: it echoes nothing large


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_gets_what_it_deserves(target, name):
    sent, deserved = FRAMES[name]
    with target.peer() as peer:
        if isinstance(deserved, int):
            with contextlib.suppress(ConnectionError):
                peer.say(sent)
            assert ended(peer) == deserved
            return
        peer.say(sent)
        heard = probed(peer)
    if deserved == IGNORED:
        assert heard == []
        return
    [answer] = heard
    assert answer[:2] == [3 if deserved == SERVED else 4, "id"]
    if deserved != SERVED:
        assert answer[2] == deserved
        assert len(json.dumps(answer)) < LONGEST


def test_an_id_of_any_kind_is_given_back(target):
    with target.peer() as peer:
        for unique_id in IDS:
            peer.call(unique_id)
            assert peer.hear()[:2] == [3, unique_id]


@pytest.mark.parametrize("data", [b"", b"\x00", b'[2,"id","Heartbeat",{}]', b"\xff" * 70_000])
def test_a_binary_message_closes_with_1003(target, data):
    with target.peer() as peer:
        peer.send(frame(data, BINARY))
        assert ended(peer) == 1003


def test_every_frame_that_is_ignored_on_one_socket_after_the_other_calls_are_served(target):
    with target.peer() as peer:
        for sent, deserved in FRAMES.values():
            if deserved == IGNORED:
                peer.say(sent)
        assert probed(peer) == []
