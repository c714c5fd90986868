"""The body of an HTTP request on its way to the disk: counted, hashed, never held in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from stations.services import media
from stations.services.media import Arrived

Receive = Callable[[], Awaitable[dict[str, Any]]]
IDLE_S = 120.0  # a station that sends nothing for so long has gone
_PIECE = 256 * 1024
ENVELOPE = 64 * 1024  # what a multipart form may have around its file


class TooLong(Exception):
    """The body is longer than it may be."""


class BrokenOff(Exception):
    """The sender went away, or fell silent, before the end."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Unreadable(Exception):
    """The body is a multipart form without a file, or no form at all."""


async def pieces(receive: Receive) -> AsyncIterator[bytes]:
    """The body as it arrives. Raises BrokenOff."""
    size = 0
    while True:
        try:
            message = await asyncio.wait_for(receive(), IDLE_S)
        except TimeoutError:
            raise BrokenOff(size) from None
        if message["type"] != "http.request":
            raise BrokenOff(size)
        piece = message.get("body", b"")
        size += len(piece)
        yield piece
        if not message.get("more_body"):
            return


async def to_disk(receive: Receive, *, name: str, limit: int, form: str = "") -> Arrived:
    """Write the body to a file of its own, synced and counted; gives what arrived.

    ``form``: the content type of a multipart form, whose first file is meant. Raises TooLong,
    BrokenOff and Unreadable; then nothing is left on the disk.
    """
    part = await asyncio.to_thread(media.new_file)
    try:
        arrived = await _written(receive, part, name, limit + (ENVELOPE if form else 0))
        if form:
            arrived = await asyncio.to_thread(_file_of, arrived, form)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return arrived


async def _written(receive: Receive, part: Path, name: str, limit: int) -> Arrived:
    size, digest, waiting = 0, hashlib.sha256(), bytearray()
    with part.open("xb", buffering=0) as output:

        def write(piece: bytes) -> None:
            output.write(piece)
            digest.update(piece)

        async for piece in pieces(receive):
            size += len(piece)
            if size > limit:
                raise TooLong
            waiting += piece
            if len(waiting) >= _PIECE:  # the event loop never waits for the disk
                await asyncio.to_thread(write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(write, bytes(waiting))
    return Arrived(part, name, size, digest.hexdigest())


class _First(FileUploadHandler):
    """Writes the first file of a form to a place of ours, and passes over everything else."""

    def __init__(self, output: IO[bytes]) -> None:
        super().__init__()
        self._output, self._digest = output, hashlib.sha256()
        self.name, self.size, self._seen = "", 0, 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins."""
        super().new_file(*args, **kwargs)
        self._seen += 1
        if self._seen == 1:
            self.name = self.file_name or ""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """A piece of it."""
        if self._seen == 1:
            self._output.write(raw_data)
            self._digest.update(raw_data)
            self.size += len(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Nothing more to do: it is written."""

    def arrived(self, part: Path) -> Arrived:
        """What came. Raises Unreadable where there was no file."""
        if not self._seen:
            raise Unreadable
        return Arrived(part, self.name, self.size, self._digest.hexdigest())


def _file_of(form: Arrived, content_type: str) -> Arrived:
    """The file in a form that lies on the disk; the form itself is deleted."""
    part = media.new_file()
    try:
        with form.part.open("rb") as body, part.open("xb") as output:
            first = _First(output)
            meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(form.size)}
            MultiPartParser(meta, body, [first]).parse()
        return first.arrived(part)
    except (MultiPartParserError, SuspiciousOperation):
        part.unlink(missing_ok=True)
        raise Unreadable from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    finally:
        form.part.unlink(missing_ok=True)
