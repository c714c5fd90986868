"""The operator of the system under test: sends commands, reads what it knows, both over REST."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tests.conformance.station import PATIENCE_S, Payload
from tests.web import Answer, Api


class Operator:
    """Whoever watches over one station of the system under test."""

    def __init__(self, api: Api, cp_id: str) -> None:
        self.api, self.cp_id = api, cp_id
        self._pool = ThreadPoolExecutor(4)
        self._asked: deque[Future[Answer]] = deque()

    def sends(self, command: str, body: Payload | None = None, *, wait: float = 20) -> None:
        """Ask the station for something, and go on: ``is_told`` has the answer."""
        self.begins(f"admin/{self.cp_id}/{command}", body, wait=wait)

    def begins(self, path: str, body: Payload | None = None, *, wait: float = 20) -> None:
        """The same at another path of the API."""
        self._asked.append(self._pool.submit(self.api.post, f"{path}?wait={wait:g}", body))

    def is_told(self, **members: Any) -> Payload:
        """The oldest of what was sent is answered with these members; gives all of them."""
        answer = self._answer()
        assert answer.status == 200, answer
        return _having(answer.body, members)

    def is_refused(self, http: int, **members: Any) -> Payload:
        """The oldest of what was sent ends with this HTTP status; gives the error."""
        answer = self._answer()
        assert answer.status == http, answer
        return _having(answer.body, members)

    def sees(self, path: str, **members: Any) -> Payload:
        """What stands at a path of the API has these members now; gives all of them."""
        answer = self.api.get(path)
        assert answer.status == 200, answer
        return _having(answer.body, members)

    def lists(self, path: str) -> list[Payload]:
        """What a path of the API lists."""
        answer = self.api.get(path)
        assert answer.status == 200, answer
        rows: list[Payload] = answer.body
        return rows

    def sees_session(self, transaction_id: int, **members: Any) -> Payload:
        """A session as it is stored."""
        return self.sees(f"sessions/{transaction_id}", **members)

    def sees_station(self, **members: Any) -> Payload:
        """The station as it is stored."""
        return self.sees(f"stations/{self.cp_id}", **members)

    def sees_connector(self, number: int = 1, **members: Any) -> Payload:
        """A connector as it is stored."""
        [connector] = [
            each for each in self.sees_station()["connectors"] if each["connectorId"] == number
        ]
        return _having(connector, members)

    def issues(self, path: str, body: Payload, status: int = 201) -> Payload:
        """Make something: a card, a station."""
        answer = self.api.post(path, body)
        assert answer.status == status, answer
        made: Payload = answer.body
        return made

    def leaves(self) -> None:
        """Nothing that was sent may be without its answer."""
        self._pool.shutdown()
        assert not self._asked, "a command was sent whose answer nobody looked at"

    def _answer(self) -> Answer:
        return self._asked.popleft().result(2 * PATIENCE_S)


def _having(shown: Payload, members: Payload) -> Payload:
    assert {name: shown.get(name) for name in members} == members, shown
    return shown
