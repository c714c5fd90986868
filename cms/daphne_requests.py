"""daphne with requests in time, and bodies that flow: passed on as they come, sent as taken.

daphne keeps a whole body on the disk, then puts all of it into memory at once (and Twisted parses
a form in there once more); and it takes a response as fast as the application makes it, however
slowly the other side reads. Here neither side runs ahead of the other by more than a few pieces.
"""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

from daphne import http_protocol
from django.conf import settings
from twisted.internet.protocol import connectionDone
from twisted.web import http

from cms.mailbox import Mailbox

_SMALL = 64 * 1024  # up to here a body may as well wait until it is complete
_MUCH, _LITTLE = 512 * 1024, 128 * 1024  # unread bytes at which the socket pauses and goes on
_OVERHEAD = 512  # bytes a message costs beside its content: many are empty


class Inbox(Mailbox[dict[str, Any]]):
    """What the application has yet to read of a connection. While that is much, nothing is read."""

    def __init__(self, producer: Any) -> None:
        super().__init__()
        self._producer, self._unread, self._pausing = producer, 0, False

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Something arrived."""
        super().put_nowait(message)
        self._unread += _size(message)
        if self._unread > _MUCH and not self._pausing:
            self._pausing = True
            self._producer.pauseProducing()

    async def get(self) -> dict[str, Any]:
        """The next of it, for the application."""
        message = await super().get()
        self._unread -= _size(message)
        if self._pausing and self._unread < _LITTLE:
            self._pausing = False
            self._producer.resumeProducing()
        return message


class Body(Inbox):
    """The body of a request, piece by piece."""

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Of daphne's own messages only the end of the connection counts."""
        if message["type"] != "http.request":
            super().put_nowait(message)

    def add(self, piece: bytes, *, more: bool) -> None:
        """A piece of the body arrived."""
        Inbox.put_nowait(self, {"type": "http.request", "body": piece, "more_body": more})


def _size(message: dict[str, Any]) -> int:
    content = message.get("body") or message.get("text") or message.get("bytes") or b""
    return len(content) + _OVERHEAD


class Pace:
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

    inbox: Body | None = None
    _pace: Pace | None = None
    _parsePOSTFormSubmission = False  # noqa: N815 - Twisted's name; Django reads forms

    def process(self) -> None:
        """The request is there; one for an upgrade goes on as a socket, with what follows it."""
        # Who calls must not say where the application stands: daphne would believe it.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        transport = self.transport
        super().process()
        if self.transport is None:
            asyncio.get_running_loop().call_soon(_hand_over, self.channel, transport)

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """The headers are there. ``length`` None: the body comes in chunks."""
        if length is not None and length <= _SMALL:
            super().gotLength(length)
            return
        channel = self.channel
        self.content = BytesIO()  # what daphne shall think of the body: it is empty
        self.inbox = Body(channel._networkProducer)
        channel.in_time()
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
            self._pace = Pace()
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


def _hand_over(channel: Any, transport: Any) -> None:
    """Give a socket what came right behind its handshake."""
    early, channel._dataBuffer = b"".join(channel._dataBuffer), []
    if early:
        getattr(transport, "wrappedProtocol", transport.protocol).dataReceived(early)


class Channel(http.HTTPChannel):
    """A connection whose requests have to be there in time: their heads, and small bodies."""

    _deadline: asyncio.TimerHandle | None = None

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """Somebody dialled."""
        super().connectionMade()
        self._expect()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Some bytes, maybe the first of another request."""
        if not self._handlingRequest:
            self._expect()
        super().dataReceived(data)

    def allContentReceived(self) -> None:  # noqa: N802 - Twisted's name
        """A request is complete."""
        self.in_time()
        super().allContentReceived()

    def connectionLost(self, reason: Any = connectionDone) -> None:  # noqa: N802 - Twisted's name
        """The other side has gone."""
        self.in_time()
        super().connectionLost(reason)

    def in_time(self) -> None:
        """What was expected is there."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expect(self) -> None:
        if self._deadline is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(settings.OCPP_HANDSHAKE_SECONDS, self._late)

    def _late(self) -> None:
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
        self.loseConnection()
