"""The OCPP-J conversation without I/O: what an incoming frame means, what may be sent.

Both ends use it: the consumer for the system's side, the simulator for the station's. It knows
no socket, no clock and no task. Feed it text, act on the event it returns, send what it gives.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any, NamedTuple

from ocpp_gateway.frames import Call, CallError, CallResult, Malformed, decode, encode

_REMEMBERED_ANSWERS = 4
_REMEMBERED_CALLS = 8  # given up, and may still be answered


class CallReceived(NamedTuple):
    """The other side asks; answer with ``Conversation.answer`` or ``.refuse``."""

    call: Call


class Replayed(NamedTuple):
    """A frame that was answered already, repeated to the letter: send ``text`` again."""

    text: str


class Answered(NamedTuple):
    """The other side answered our open call."""

    call: Call
    payload: dict[str, Any]


class Refused(NamedTuple):
    """The other side answered our open call with an error."""

    call: Call
    error: CallError


class Late(NamedTuple):
    """The other side answered a call of ours that was given up."""

    call: Call
    payload: dict[str, Any]


class Ignored(NamedTuple):
    """Nothing to do: an answer nobody waits for, or text without a usable id."""

    reason: str
    kind: str = ""  # how it is counted, where it is (stations.models.REPAIRS)
    answers: str = ""  # the unique id of the call it would answer


Event = CallReceived | Replayed | Answered | Refused | Late | Malformed | Ignored


class Busy(Exception):
    """A call is open already: OCPP-J 1.6, section 4.1.1 allows one per direction."""


class Conversation:
    """One side's view of one socket. At most one call of ours is open at a time."""

    def __init__(self) -> None:
        self.open_call: Call | None = None
        self._given_up: deque[Call] = deque(maxlen=_REMEMBERED_CALLS)
        # Retries of a whole frame get the very answer they had (same socket, same text only).
        self._answers: OrderedDict[str, tuple[int, str]] = OrderedDict()
        # What is still to be answered, oldest first: stations may use one id for many calls.
        self._asked: dict[str, deque[int]] = {}

    def receive(self, text: str) -> Event:
        """Say what ``text`` means. Never raises."""
        if not text.strip():
            return Ignored("empty frame", "empty_frame")  # some stations ping this way
        frame = decode(text)
        if isinstance(frame, Call):
            return self._call_received(frame, text)
        if isinstance(frame, Malformed):
            return frame if frame.unique_id else Ignored(frame.description)
        return self._answer_received(frame)

    def send(self, call: Call) -> str:
        """Open ``call`` and give the text to send. Raises Busy while another one is open."""
        if self.open_call is not None:
            raise Busy(self.open_call.action)
        self.open_call = call
        return encode(call)

    def give_up(self) -> Call | None:
        """Close our open call without an answer; one that comes later is ``Late``."""
        call, self.open_call = self.open_call, None
        if call is not None:
            self._given_up.append(call)
        return call

    def answer(self, unique_id: str, payload: dict[str, Any], *, again: bool = True) -> str:
        """The text of a CALLRESULT; calls are answered in the order they came.

        ``again``: remember it in case the very same call is repeated. Not for answers that age.
        """
        text = encode(CallResult(unique_id, payload))
        asked = self._next_asked(unique_id)
        if again and asked is not None:
            self._answers[unique_id] = (asked, text)
            if len(self._answers) > _REMEMBERED_ANSWERS:
                self._answers.popitem(last=False)
        return text

    def refuse(self, error: CallError) -> str:
        """The text of a CALLERROR. Not remembered: a retry may well succeed."""
        self._next_asked(error.unique_id)
        return encode(error)

    def _call_received(self, call: Call, text: str) -> Event:
        fingerprint = hash(text)
        known = self._answers.get(call.unique_id)
        if known and known[0] == fingerprint:
            return Replayed(known[1])
        self._asked.setdefault(call.unique_id, deque()).append(fingerprint)
        return CallReceived(call)

    def _next_asked(self, unique_id: str) -> int | None:
        waiting = self._asked.get(unique_id)
        if not waiting:
            return None
        asked = waiting.popleft()
        if not waiting:
            del self._asked[unique_id]
        return asked

    def _answer_received(self, frame: CallResult | CallError) -> Event:
        call = self.open_call
        if call is None or call.unique_id != frame.unique_id:
            return self._late(frame)
        self.open_call = None
        if isinstance(frame, CallResult):
            return Answered(call, frame.payload)
        return Refused(call, frame)

    def _late(self, frame: CallResult | CallError) -> Event:
        for call in self._given_up:
            if call.unique_id == frame.unique_id and isinstance(frame, CallResult):
                self._given_up.remove(call)
                return Late(call, frame.payload)
        reason = f"an answer to {frame.unique_id[:36]}, which is not open"
        return Ignored(reason, "unasked_answer", frame.unique_id)
