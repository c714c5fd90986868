"""daphne with bodies that flow: a large one is passed on as it comes, and sent as it is taken.

daphne keeps a whole body on the disk, then puts all of it into memory at once (and Twisted parses
a form in there once more); and it takes a response as fast as the application makes it, however
slowly the other side reads. Here neither side runs ahead of the other by more than a few pieces.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

from daphne import http_protocol

_SMALL = 64 * 1024  # up to here a body may as well wait until it is complete
_MUCH, _LITTLE = 512 * 1024, 128 * 1024  # unread bytes at which the socket pauses and goes on


class Inbox(asyncio.Queue[dict[str, Any]]):
    """What the application has yet to read of a body. While that is much, the socket waits."""

    def __init__(self, channel: Any) -> None:
        super().__init__()
        self._channel, self._unread, self._pausing = channel, 0, False

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Of daphne's own messages only the end of the connection counts."""
        if message["type"] != "http.request":
            super().put_nowait(message)

    def add(self, piece: bytes, *, more: bool) -> None:
        """A piece of the body arrived."""
        super().put_nowait({"type": "http.request", "body": piece, "more_body": more})
        self._unread += len(piece)
        if self._unread > _MUCH and not self._pausing:
            self._pausing = True
            self._channel._networkProducer.pauseProducing()

    async def get(self) -> dict[str, Any]:
        """The next piece, for the application."""
        message = await super().get()
        self._unread -= len(message.get("body", b""))
        if self._pausing and self._unread < _LITTLE:
            self._pausing = False
            self._channel._networkProducer.resumeProducing()
        return message


class _Pace:
    """Twisted's producer: says whether the other side takes more."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.open.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        self.open.set()

    stopProducing = resumeProducing  # noqa: N815 - who waits shall see that it is over


class Request(http_protocol.WebRequest):
    """A request that begins when its headers are there, where its body is not small."""

    inbox: Inbox | None = None
    _pace: _Pace | None = None
    _parsePOSTFormSubmission = False  # noqa: N815 - Twisted's name; Django reads forms

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """The headers are there. ``length`` None: the body comes in chunks."""
        if length is not None and length <= _SMALL:
            super().gotLength(length)
            return
        channel = self.channel
        self.content = BytesIO()  # what daphne shall think of the body: it is empty
        self.inbox = Inbox(channel)
        # An answer may come before the body has: then there is no telling where the next one starts
        channel.persistent = False
        self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        super().requestReceived(channel._command, channel._path, channel._version)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """A piece of the body."""
        if self.inbox is None:
            super().handleContentChunk(data)
        else:
            self.inbox.add(data, more=True)

    def requestReceived(self, *line: bytes) -> None:  # noqa: N802 - Twisted's name
        """The body is complete."""
        if self.inbox is None:
            super().requestReceived(*line)
        else:
            self.inbox.add(b"", more=False)

    def handle_reply(self, message: dict[str, Any]) -> None:
        """A part of the response; where more follow, their pace is watched."""
        is_part = message["type"] == "http.response.body" and message.get("more_body", False)
        if is_part and self._pace is None and not self.finished and self.channel is not None:
            self._pace = _Pace()
            self.registerProducer(self._pace, True)
        super().handle_reply(message)

    async def drained(self) -> None:
        """Wait until the other side takes more."""
        if self._pace is not None:
            await self._pace.open.wait()

    def finish(self) -> None:
        """The response is complete."""
        if self.producer is not None:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        """The other side has gone."""
        if self._pace is not None:
            self._pace.open.set()
        super().connectionLost(reason)
