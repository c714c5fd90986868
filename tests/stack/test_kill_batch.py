"""A batch whose process dies in the middle: nobody is asked twice, it ends, the rest is retried."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack

import pytest

from tests.processes import Server, eventually, start_server
from tests.stack.station import Asked, PlainStation
from tests.web import Api, with_api_key

_STATIONS, _MUTE = 30, 3  # more than are asked at a time; some never answer before the end
_ENDS_S = 90.0
_OPEN = {"Waiting", "Asked"}


class Fleet:
    """Stations that come back after the server did; what each was asked in all its lives."""

    def __init__(self, server: Server) -> None:
        self._server, self._lock = server, threading.Lock()
        self.asked: Counter[str] = Counter()
        self.kills_after = 0  # commands; 0: not yet, or not any more
        self._open = ExitStack()

    def comes(self, *, mute: int = 0) -> None:
        """All of them connect; so many do not answer."""
        for number in range(_STATIONS):
            station = _Counted(self, f"KILL-{number:02}", mute=number < mute)
            self._open.enter_context(station)

    def goes(self) -> None:
        """All of them are away."""
        self._open.close()

    def took(self, cp_id: str) -> bool:
        """One more command came; gives whether the server lives to hear the answer."""
        with self._lock:
            self.asked[cp_id] += 1
            if self.asked.total() == self.kills_after:
                self._server.kill()
            return self._server.alive

    @property
    def url(self) -> str:
        """Where they connect."""
        return self._server.ws


class _Counted(PlainStation):
    def __init__(self, fleet: Fleet, cp_id: str, *, mute: bool) -> None:
        self._fleet = fleet
        super().__init__(fleet.url, cp_id, mute=mute)

    def _take(self, asked: Asked) -> None:
        if self._fleet.took(self.cp_id):
            super()._take(asked)


def ended(api: Api, batch: int) -> bool:
    """Whether the batch is over."""
    return bool(api.get(f"batches/{batch}").body["finishedAt"])


def items(api: Api, batch: int, attempt: int = 1) -> dict[str, str]:
    """How each station's part stands; none was tried more often than it says."""
    rows = api.get(f"batches/{batch}/items?limit=100").body
    assert {row["attempts"] for row in rows} <= {0, attempt}
    return {row["stationIdentifier"]: row["state"] for row in rows}


@pytest.mark.parametrize("after", [_MUTE + 1, 24], ids=["at its beginning", "in its second half"])
def test_a_batch_survives_the_process_that_carries_it_out(process_environment, after):
    process_environment |= {"LOG_LEVEL": "warning", "OCPP_COMMAND_TIMEOUT": "4"}
    with start_server(process_environment) as server:
        fleet, api = Fleet(server), with_api_key(server)
        fleet.comes(mute=_MUTE)
        fleet.kills_after = after
        order = {"action": "Reset", "payload": {"type": "Soft"}, "all": True}
        batch = api.post("batches", order).body["id"]
        assert eventually(lambda: not server.alive, 60), fleet.asked
        unanswered = {f"KILL-{number:02}" for number in range(_MUTE)} & {*fleet.asked}
        fleet.goes()
        server.start()
        fleet.comes()

        assert eventually(lambda: ended(api, batch), _ENDS_S), api.get(f"batches/{batch}").body
        states = items(api, batch)
        assert len(states) == _STATIONS
        assert not _OPEN & {*states.values()}
        assert set(fleet.asked.values()) == {1}
        undone = {cp_id for cp_id, state in states.items() if state != "Done"}
        assert unanswered <= undone
        assert {*states} - undone <= {*fleet.asked}

        before = fleet.asked.copy()
        retried = api.post(f"batches/{batch}/retry").body["id"]
        assert eventually(lambda: ended(api, retried), _ENDS_S), api.get(f"batches/{retried}").body
        assert items(api, retried) == dict.fromkeys(sorted(undone), "Done")
        assert fleet.asked - before == Counter(undone)
        fleet.goes()
