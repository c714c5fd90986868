"""Carries histories to a server over sockets that break: each message until it is answered."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed

from tests.gateway.wire import Wire
from tests.processes import Server
from tests.properties.carrier import Message
from tests.properties.oracle import Told
from tests.rows import rows

BROKEN = (ConnectionClosed, OSError, TimeoutError)
_SESSIONS = """
SELECT c.connector_id, s.id_tag, s.started_at, s.meter_start_wh, s.status, s.stopped_at,
  s.meter_stop_wh, s.energy_wh, s."authorization", s.stop_id_tag, s.review_reasons,
  s.last_reading_at, s.transaction_id
FROM stations_chargingsession s JOIN stations_chargingstation station ON station.id = s.station_id
LEFT JOIN stations_connector c ON c.id = s.connector_id WHERE station.cp_id = ?
"""
_READINGS = """
SELECT m.session_id, m.sampled_at, m.energy_wh, m.power_w, c.connector_id
FROM stations_metervalue m JOIN stations_connector c ON c.id = m.connector_id
JOIN stations_chargingstation station ON station.id = c.station_id WHERE station.cp_id = ?
"""


class Carried:
    """A station: what it has to say, in this order, and the socket it says it on."""

    def __init__(self, server: Server, cp_id: str, card: str, told: Sequence[Message]) -> None:
        self.server, self.cp_id, self.card = server, cp_id, card
        self.left = deque(told)
        self.numbers: dict[int | None, int] = {}
        self._sockets: list[Wire] = []
        self._asked = ""

    def tell(self) -> None:
        """Send what is due, on a new socket where there is none."""
        if not self._sockets:
            self.dial()
        message = self.left[0]
        with contextlib.suppress(*BROKEN):
            self._asked = self._sockets[-1].call(message.action, self._payload(message))

    def dial(self) -> None:
        """Open another socket, whatever became of the one before."""
        self._sockets.append(Wire(f"{self.server.ws}/{self.cp_id}"))

    def hear(self) -> None:
        """Wait for the answer; where the connection broke the message is due again."""
        try:
            kind, _, answer = self._sockets[-1].answer_to(self._asked)[:3]
        except BROKEN:
            return self.lose()
        assert kind == 3, answer
        message = self.left.popleft()
        if message.action == "StartTransaction":
            number = answer["transactionId"]
            assert self.numbers.setdefault(message.charge, number) == number
        return None

    def lose(self) -> None:
        """The connections are gone without a goodbye."""
        for socket in self._sockets:
            socket.drop()
        self._sockets.clear()

    def _payload(self, message: Message) -> dict[str, Any]:
        payload = dict(message.payload)
        if "idTag" in payload:
            payload["idTag"] += self.card
        if message.action != "StartTransaction" and message.charge is not None:
            known = self.numbers.get(message.charge)
            payload["transactionId"] = known if message.number is None else message.number
        return payload

    def stored(self) -> list[Told]:
        """Its sessions as the server has stored them."""
        environment = self.server.environment
        readings: dict[int, list[Any]] = {}
        for session, at, energy, power, connector in rows(environment, _READINGS, self.cp_id):
            value = (_moment(at), str(energy), str(power), connector)
            readings.setdefault(session, []).append(value)
        found = rows(environment, _SESSIONS, self.cp_id)
        return sorted(_told(row, self.card, readings.get(row[-1], [])) for row in found)


def _told(row: tuple[Any, ...], card: str, readings: list[Any]) -> Told:
    connector, tag, began, start, status, ended, stop, energy, standing, stop_tag, *rest = row
    reasons, last = rest[:2]
    return Told(
        connector,
        tag.removesuffix(card),
        _moment(began),
        start,
        status,
        _moment(ended) if ended else None,
        stop,
        energy,
        standing,
        stop_tag.removesuffix(card),
        tuple(orjson.loads(reasons) if isinstance(reasons, str) else reasons),
        _moment(last) if last and status != "Completed" else None,
        tuple(sorted(readings)),
    )


def _moment(value: Any) -> datetime:
    """A time as either engine gives it."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def rounds(stations: Sequence[Carried], fates: Sequence[str]) -> Iterator[None]:
    """Everybody's next message each time, and what becomes of it, until all is said.

    Yields when all have sent and nobody has heard an answer: a moment for the server to die.
    """
    number = 0
    while busy := [station for station in stations if station.left]:
        for station in busy:
            station.tell()
        yield
        for station in busy:
            fate = fates[number % len(fates)]
            number += 1
            if fate == "answer lost":
                station.lose()
            elif fate == "second socket":
                station.dial()
            else:
                station.hear()


def cards_of(stations: Sequence[Carried], standings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The cards of these stations as POST /api/rfid takes them; those nobody knows are none."""
    for station in stations:
        for tag, standing in standings.items():
            if standing != "Invalid":
                status = "Blocked" if standing == "Blocked" else "Active"
                yield {"tagId": f"{tag}{station.card}", "status": status}
