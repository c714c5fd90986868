"""What may become of a call instead of an answer, and of a station that waits too long."""

from __future__ import annotations

from ocpp_gateway.frames import CallError


class CallFailed(Exception):
    """A call got no CALLRESULT."""


class Unanswered(CallFailed):
    """The socket went away or the time was up: the server may or may not have done it."""


class CallRefused(CallFailed):
    """The server answered with a CALLERROR."""

    def __init__(self, error: CallError):
        super().__init__(f"{error.code} {error.description}".strip())
        self.error = error


class OutOfPatience(ConnectionError):
    """The server has been away, or silent, for longer than the station was told to wait."""
