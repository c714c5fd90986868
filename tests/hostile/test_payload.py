"""Payloads: each wrong one is refused with the code of what is wrong, each odd one is served.

Many cases share a socket: that it still works is what the next one shows.
"""

from __future__ import annotations

import json

import pytest

from tests.hostile.framing import SERVED
from tests.hostile.payloads import GROUPS
from tests.hostile.peer import Peer
from tests.hostile.target import probed

LONGEST = 500


def graded(peer: Peer, action: str, payload: object) -> str:
    """What a call got: one answer with its id, ``served`` or the code of a short refusal."""
    peer.call("case", action, payload)
    [answer] = probed(peer)
    assert answer[1] == "case"
    if answer[0] == 3:
        return SERVED
    assert len(json.dumps(answer)) < LONGEST, answer
    return str(answer[2])


@pytest.mark.parametrize("group", GROUPS)
def test_a_payload_gets_what_it_deserves(target, group):
    with target.peer() as peer:
        wrong = {
            name: (got, deserved)
            for name, (action, payload, deserved) in GROUPS[group].items()
            if (got := graded(peer, action, payload)) != deserved
        }
    assert wrong == {}
