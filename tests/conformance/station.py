"""A charge point that follows a script: each method is a step of a test case, in its words.

It is websockets and the schemas of the PyPI package ``ocpp``, nothing of ours. What it hears goes
to the judge first; the script then says what it expects and what the station answers.
"""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
import uuid
from base64 import b64encode
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.conformance.judge import Judge, check

PATIENCE_S = 20.0
Payload = dict[str, Any]


class Call(NamedTuple):
    """What the system asks."""

    unique_id: str
    action: str
    payload: Payload


class Refused(Exception):
    """The system answered a call with a CALLERROR."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class Left(Exception):
    """The socket closed while the station waited for something."""


def ago(minutes: float = 0) -> str:
    """So many minutes before now, as stations write it."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%f")[
        :-3
    ] + "Z"


def basic(user: str, password: str | bytes) -> dict[str, str]:
    """The header of HTTP Basic authentication; a password may be any bytes."""
    secret = password.encode() if isinstance(password, str) else password
    return {"Authorization": "Basic " + b64encode(user.encode() + b":" + secret).decode()}


class Station:
    """One charge point at ``address``, with one connector unless a case says otherwise."""

    def __init__(self, address: str, cp_id: str) -> None:
        self.address, self.cp_id = address, cp_id
        self.judge = Judge()
        self.transaction_id = 0  # of the latest StartTransaction
        self.close_code: int | None = None
        self._socket: ClientConnection | None = None
        self._open: Call | None = None
        self._frozen = False
        self._listener: threading.Thread | None = None

    # The socket

    def connects(self, *, password: str | bytes = "", tls: ssl.SSLContext | None = None) -> None:
        """Open the socket; a new judge watches it."""
        self.judge, self.close_code, self._open, self._frozen = Judge(), None, None, False
        self._fault: BaseException | None = None
        self._waiting: dict[str, Future[Payload]] = {}
        self._calls: queue.Queue[Call | None] = queue.Queue()
        self.heard: list[str] = []  # in order: the actions it was asked, and "answer"
        self._socket = connect(
            f"{self.address}/{self.cp_id}",
            subprotocols=[Subprotocol("ocpp1.6")],
            additional_headers=basic(self.cp_id, password) if password else {},
            ssl=tls,
            proxy=None,
            ping_interval=None,
            open_timeout=PATIENCE_S,
            legacy=True,
        )
        assert self._socket.subprotocol == "ocpp1.6"
        self._listener = threading.Thread(target=self._listen, args=[self._socket], daemon=True)
        self._listener.start()

    def leaves(self) -> None:
        """Close the socket as a station does that goes; whatever the judge found is raised."""
        if self._socket is not None:
            if self._frozen:
                self._socket.protocol_mutex.release()
            self._socket.close()
            assert self._listener
            self._listener.join(PATIENCE_S)
            self._socket = None
            self._raise_fault()

    def vanishes(self) -> None:
        """Lose the connection as a cable that is cut does: no farewell."""
        assert self._socket
        assert self._listener
        self._socket.socket.shutdown(socket.SHUT_RDWR)
        self._listener.join(PATIENCE_S)
        self._socket = None

    def freezes(self) -> None:
        """Neither say nor answer anything more, not even a ping; the TCP connection stays."""
        assert self._socket
        self._socket.protocol_mutex.acquire()  # what the client would do with what it reads
        self._frozen = True

    def is_closed(self, code: int) -> None:
        """The system closes the socket with this code."""
        assert self._listener
        self._listener.join(PATIENCE_S)
        assert self.close_code == code

    @property
    def unexpected(self) -> list[Call]:
        """What the system asked and no step of the script expected."""
        return [call for call in self._calls.queue if call] if self._listener else []

    # What the station asks

    def asks(self, action: str, **payload: Any) -> Payload:
        """Ask, and give the payload of the answer. Raises Refused for a CALLERROR."""
        return self.begins(action, payload).result(PATIENCE_S)

    def begins(self, action: str, payload: Payload, unique_id: str = "") -> Future[Payload]:
        """Ask without waiting for the answer: ``result()`` has it."""
        call = Call(unique_id or str(uuid.uuid4()), action, payload)
        future: Future[Payload] = Future()
        self._waiting[call.unique_id] = future
        self.says([2, *call])
        return future

    def says(self, frame: Any) -> None:
        """Put a frame on the wire, right or wrong; text goes as it is."""
        self._raise_fault()
        assert self._socket, "not connected"
        text = frame if isinstance(frame, str) else json.dumps(frame)
        self.judge.sent(text)
        self._socket.send(text)

    def boots(
        self, connectors: int = 1, status: str = "Accepted", *, firmware: str = "1.0"
    ) -> Payload:
        """BootNotification, then the station and its connectors: Available, for two hours now.

        So long that whatever a case lets happen offline comes after it.
        """
        answer = self.asks(
            "BootNotification",
            chargePointVendor="Examiner",
            chargePointModel="Scripted",
            chargePointSerialNumber=self.cp_id,
            firmwareVersion=firmware,
        )
        assert answer["status"] == status
        assert answer["interval"] > 0
        told = datetime.fromisoformat(answer["currentTime"])
        assert abs(told - datetime.now(UTC)) < timedelta(seconds=PATIENCE_S)
        for number in range(connectors + 1) if status == "Accepted" else ():
            self.reports("Available", number, timestamp=ago(120))
        return answer

    def reports(self, status: str, connector: int = 1, error: str = "NoError", **more: Any) -> None:
        """StatusNotification; the answer is empty."""
        report = {"connectorId": connector, "status": status, "errorCode": error}
        more.setdefault("timestamp", ago())
        assert self.asks("StatusNotification", **report, **more) == {}

    def authorizes(self, id_tag: str) -> str:
        """Authorize; gives the status of the card."""
        return str(self.asks("Authorize", idTag=id_tag)["idTagInfo"]["status"])

    def starts(
        self, id_tag: str, connector: int = 1, *, at: str = "", meter: int = 1000, **more: Any
    ) -> str:
        """StartTransaction; gives the status of the card, ``transaction_id`` has the number."""
        start = {"connectorId": connector, "idTag": id_tag, "meterStart": meter, **more}
        answer = self.asks("StartTransaction", **start, timestamp=at or ago())
        self.transaction_id = answer["transactionId"]
        assert 0 < self.transaction_id < 2**31
        return str(answer["idTagInfo"]["status"])

    def meters(self, wh: int, connector: int = 1, *, at: str = "", **more: Any) -> None:
        """MeterValues of the session: its energy register."""
        element = {"timestamp": at or ago(), "sampledValue": [{"value": str(wh)}]}
        more.setdefault("transactionId", self.transaction_id)
        assert self.asks("MeterValues", connectorId=connector, meterValue=[element], **more) == {}

    def stops(self, reason: str = "", *, at: str = "", meter: int = 4000, **more: Any) -> Payload:
        """StopTransaction of the session; gives the answer."""
        more.setdefault("transactionId", self.transaction_id)
        if reason:
            more["reason"] = reason
        return self.asks("StopTransaction", meterStop=meter, timestamp=at or ago(), **more)

    # What the system asks

    def expects(self, action: str, **members: Any) -> Payload:
        """The system's next call is this one, with these members; gives its whole payload."""
        call = self._next_call(action)
        assert call.action == action, call
        assert {name: call.payload.get(name) for name in members} == members, call
        self._open = call
        return call.payload

    def answers(self, **payload: Any) -> None:
        """Answer what was expected last; the answer itself keeps to the schema."""
        assert self._open, "nothing was asked"
        check(f"{self._open.action}Response", payload)
        self.says([3, self._open.unique_id, payload])
        self._open = None

    def answers_raw(self, *rest: Any, kind: int = 3) -> None:
        """Answer what was expected last with anything, such as a CALLERROR (kind 4)."""
        assert self._open, "nothing was asked"
        self.says([kind, self._open.unique_id, *rest])
        self._open = None

    def stays_silent(self) -> Call:
        """Never answer what was expected last; gives it, to be answered too late."""
        assert self._open, "nothing was asked"
        call, self._open = self._open, None
        self.judge.forgives(call.unique_id)
        return call

    def answers_late(self, call: Call, **payload: Any) -> None:
        """Answer ``call`` after the system has given up waiting."""
        self.says([3, call.unique_id, payload])

    def _next_call(self, wanted: str) -> Call:
        self._raise_fault()
        try:
            call = self._calls.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"{wanted} was never asked") from None
        self._raise_fault()
        if call is None:
            raise Left(f"the socket closed ({self.close_code}) before {wanted} was asked")
        return call

    # The other thread

    def _listen(self, connection: ClientConnection) -> None:
        try:
            while True:
                text = connection.recv(decode=True)
                self.judge.received(text)
                self._hear(*json.loads(text))
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else 1006
        except BaseException as fault:  # the judge's: raised where the script waits
            self._fault = fault
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._fault or Left(f"closed with {self.close_code}"))
        self._calls.put(None)

    def _hear(self, kind: int, unique_id: str, *rest: Any) -> None:
        self.heard.append(rest[0] if kind == 2 else "answer")
        if kind == 2:
            self._calls.put(Call(unique_id, *rest))
        elif kind == 3:
            self._waiting[unique_id].set_result(rest[0])
        else:
            self._waiting[unique_id].set_exception(Refused(rest[0], rest[1]))

    def _raise_fault(self) -> None:
        if self._listener and self._fault is not None:
            raise self._fault
