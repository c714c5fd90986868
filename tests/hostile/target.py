"""A server under attack, with a station that only wants to be served: its bystander.

Every case ends with ``unharmed``: the process lives, the bystander is answered, and the server has
logged no fault of its own. How long the bystander waited is told at the end of the run; no test
depends on it, but for a bound that only a blocked server reaches.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from typing import Any

from tests.hostile.peer import Closed, Peer
from tests.processes import Server

BOUND = 20.0  # seconds; a server that serves takes milliseconds
_FAULT = re.compile(r"^Traceback|\[(error|critical) *\]|Unhandled", re.MULTILINE)
_STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


class Target:
    """One server of one kind."""

    def __init__(self, kind: str, server: Server) -> None:
        self.kind, self.server = kind, server
        self.longest = 0.0  # seconds the bystander had to wait
        self._numbers = itertools.count()
        self._bystander = self.peer()
        self._read = self.server.log.stat().st_size

    def new_path(self) -> str:
        """The path of a station nobody has used."""
        return f"/ocpp/hostile-{os.getpid()}-{next(self._numbers)}"

    def peer(self) -> Peer:
        """A socket of a new station."""
        return self.plain().upgrade(self.new_path())

    def plain(self) -> Peer:
        """A connection that has not said anything."""
        return Peer(self.server.port)

    def meanwhile(self) -> None:
        """The bystander asks for something that is stored, and something that is not."""
        since = time.monotonic()
        self._bystander.call("status", "StatusNotification", _STATUS)
        self._bystander.call("heartbeat")
        assert self._bystander.until("heartbeat") == [[3, "status", {}]]
        self.longest = max(self.longest, time.monotonic() - since)
        assert self.longest < BOUND

    def unharmed(self) -> None:
        """Nothing happened to the process, to others, or to our good name in the log."""
        self.meanwhile()
        assert self.server.alive
        with self.server.log.open("rb") as log:
            log.seek(self._read)
            said = log.read().decode(errors="replace")
        self._read += len(said.encode())
        faults = _FAULT.search(said)
        assert not faults, said[-4000:]


def probed(peer: Peer) -> list[Any]:
    """What the server said so far: the socket answers a Heartbeat behind it. Raises Closed."""
    peer.call("probe")
    return peer.until("probe")


def ended(peer: Peer) -> int | None:
    """The code it was closed with. Raises AssertionError where it is still served."""
    try:
        heard = probed(peer)
    except Closed as closed:
        return closed.code
    except ConnectionError:  # it may have said why before it went
        return peer.goodbye().code
    raise AssertionError(f"still open, said {heard}")
