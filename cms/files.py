"""Files of stations over HTTP: ``/files/<token>``, where they upload logs and download firmware.

ASGI of its own, not a Django view: Django would keep the whole body before anybody asks whether
the token is right, and daphne would send a whole file into its memory. No session, no cookie, no
CSRF: the token is all there is. What is wrong with one is not told: 404, in the same time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import quote

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError

from cms import incoming
from cms.ranges import NotSatisfiable, wanted_range
from cms.shared import clock
from stations.models import Transfer
from stations.services import media, transfers
from stations.services.media import Arrived

logger = logging.getLogger(__name__)
Headers = Iterable[tuple[bytes, bytes]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
PREFIX = f"/{transfers.FILES}/"
_PIECE = 256 * 1024
_LINGER_S, _LINGER_BYTES = 2.0, 4 * 2**20
_SAFE = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


class _Asked(NamedTuple):
    """One request for a file."""

    token: str
    name: str
    method: str
    headers: dict[bytes, bytes]
    receive: incoming.Receive
    send: Send

    def header(self, name: str) -> str:
        return self.headers.get(name.encode(), b"").decode("latin-1")


async def serve(scope: dict[str, Any], receive: incoming.Receive, send: Send) -> None:
    """Take or give the file the token in the path stands for."""
    token, _, name = scope["path"].removeprefix(PREFIX).partition("/")
    asked = _Asked(token, name, scope["method"], dict(scope["headers"]), receive, send)
    work = _METHODS.get(asked.method)
    try:
        if work is None:
            await _answer(asked, 405, [(b"allow", b"GET, HEAD, POST, PUT")], linger=True)
        else:
            await work(asked)
    except (OperationalError, InterfaceError) as error:
        logger.error("A file of a station was neither taken nor given: %s", error)
        await _answer(asked, 503, [(b"retry-after", b"5")], linger=True)
    except OSError as error:  # the disk is full; or nobody listens any more
        logger.error("A file of a station was neither taken nor given: %s", error)
        with suppress(OSError):
            await _answer(asked, 507, linger=True)


async def _take(asked: _Asked) -> None:
    """An upload: PUT or POST, the file itself or a multipart form with it."""
    transfer = await _begun(asked, upload=True)
    if transfer is None:
        return await _answer(asked, 404, linger=True)
    if asked.header("content-range"):  # to store a part as the whole would be wrong (RFC 9110)
        return await _answer(asked, 400, linger=True)
    if _length(asked) > transfer.limit_bytes + incoming.ENVELOPE:
        return await _answer(asked, 413, linger=True)
    kind = asked.header("content-type")
    form = kind if kind.lower().startswith("multipart/form-data") else ""
    try:
        arrived = await incoming.to_disk(
            asked.receive, name=asked.name, limit=transfer.limit_bytes, form=form
        )
    except incoming.TooLong:
        await _answer(asked, 413, linger=True)
    except incoming.Unreadable:
        await _answer(asked, 400)
    except incoming.BrokenOff as broken:
        logger.warning("[%s] Upload broken off after %d bytes", transfer.station, broken.size)
        await _database(transfers.broke_off)(transfer=transfer, transferred_bytes=broken.size)
        await _answer(asked, 408)
    else:
        await _keep(asked, transfer, arrived)


async def _keep(asked: _Asked, transfer: Transfer, arrived: Arrived) -> None:
    if not arrived.size:  # a probe, not a file
        arrived.part.unlink(missing_ok=True)
        return await _answer(asked, 400)
    try:
        first = await _database(transfers.receive)(
            transfer=transfer, arrived=arrived, at=clock.now()
        )
    finally:
        arrived.part.unlink(missing_ok=True)
    await _answer(asked, (201 if asked.method == "PUT" else 200) if first else 404)


async def _give(asked: _Asked) -> None:
    """A download: GET or HEAD, whole or from where an earlier attempt broke off."""
    transfer = await _begun(asked, upload=False)
    image = transfer.image if transfer else None
    if transfer is None or image is None:
        return await _answer(asked, 404, linger=True)
    etag, size = f'"{image.sha256}"', image.size_bytes
    common = [
        *_SAFE,
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", _attachment(image.file_name)),
        (b"accept-ranges", b"bytes"),
        (b"etag", etag.encode()),
    ]
    is_same = asked.header("if-range") in ("", etag)
    try:
        wanted = wanted_range(asked.header("range") if is_same else "", size)
    except NotSatisfiable:
        return await _answer(asked, 416, [(b"content-range", b"bytes */%d" % size)])
    start, stop = wanted or (0, size)
    if wanted:
        common.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, size)))
    headers = [*common, (b"content-length", b"%d" % (stop - start))]
    await asked.send(
        {"type": "http.response.start", "status": 206 if wanted else 200, "headers": headers}
    )
    if asked.method == "HEAD":
        return await asked.send({"type": "http.response.body", "body": b""})
    sent = await _send_file(asked, image.file, start, stop)
    await _database(transfers.fetched)(
        transfer=transfer,
        transferred_bytes=start + sent,
        whole=start + sent == size,
        at=clock.now(),
    )


_METHODS: dict[str, Callable[[_Asked], Awaitable[None]]] = {
    "GET": _give,
    "HEAD": _give,
    "POST": _take,
    "PUT": _take,
}


async def _send_file(asked: _Asked, name: str, start: int, stop: int) -> int:
    """Send bytes ``start`` to ``stop`` of a file; gives how many went before the reader left."""
    gone = asyncio.create_task(_gone(asked.receive))
    sent, left = 0, stop - start
    with await asyncio.to_thread(media.path(name).open, "rb") as file, suppress(OSError):
        file.seek(start)
        while sent < left and not gone.done():
            piece = await asyncio.to_thread(file.read, min(_PIECE, left - sent))
            await asked.send({"type": "http.response.body", "body": piece, "more_body": True})
            sent += len(piece)
        if not gone.done():
            await asked.send({"type": "http.response.body", "body": b""})
    gone.cancel()
    return sent


async def _gone(receive: incoming.Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _begun(asked: _Asked, *, upload: bool) -> Transfer | None:
    begin = _database(transfers.begin)
    found: Transfer | None = await begin(token=asked.token, upload=upload, at=clock.now())
    return found


def _database(work: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """``work`` in a thread whose connection is looked after, many at once."""
    run: Callable[..., Awaitable[Any]] = database_sync_to_async(work, thread_sensitive=False)
    return run


def _length(asked: _Asked) -> int:
    text = asked.header("content-length")
    return int(text) if text.isascii() and text.isdigit() else 0


def _attachment(name: str) -> bytes:
    """Content-Disposition; any browser would save it, whatever it is called (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}".encode()


async def _answer(
    asked: _Asked, status: int, headers: Headers = (), *, linger: bool = False
) -> None:
    """Answer with a word. ``linger``: hear for a moment what who still sends has to say.

    Else the connection would be reset under it, and it would never read the answer.
    """
    body = HTTPStatus(status).phrase.encode()
    head = [*_SAFE, (b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    if linger:
        head.append((b"connection", b"close"))
    start = {"type": "http.response.start", "status": status, "headers": [*head, *headers]}
    await asked.send(start)
    if linger:
        await asked.send({"type": "http.response.body", "body": body, "more_body": True})
        await _hear_out(asked.receive)
        body = b""
    await asked.send({"type": "http.response.body", "body": body})


async def _hear_out(receive: incoming.Receive) -> None:
    heard = 0
    with suppress(TimeoutError, incoming.BrokenOff):
        async with asyncio.timeout(_LINGER_S):
            async for piece in incoming.pieces(receive):
                heard += len(piece)
                if heard > _LINGER_BYTES:
                    return
