"""Files for people: those of others always saved, never shown; sent as they are read; our PDFs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse

from cms.shared import audit

PDF = "application/pdf"
# What browsers show a PDF with is an object with styles of its own in the page; nothing else is.
_OF_DOCUMENTS = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
_BLOCK = 256 * 1024


class Streamed(StreamingHttpResponse):
    """Text or bytes, piece by piece: the next is made once the one before it is taken.

    Django reads a plain iterator whole into memory under ASGI. Here each piece is made in the
    request's own thread, and between two of them it holds no connection to the database.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces, for ASGI."""
        async for piece in _one_by_one(self):
            yield piece


class _File(FileResponse):
    block_size = _BLOCK

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in _one_by_one(self):
            yield piece


def saved(path: Path, name: str) -> FileResponse:
    """The file at ``path`` as a browser saves it. Raises Http404 where it is gone."""
    try:
        file = path.open("rb")
    except OSError:
        raise Http404("The file is not there any more") from None
    return _sent(file, name, "application/octet-stream")


def taken(path: Path, name: str, content_type: str) -> FileResponse:
    """The same of a file that is made for this one answer: it is gone once it is sent, or not."""
    file = path.open("rb")
    path.unlink()
    return _sent(file, name, content_type)


def _sent(file: BinaryIO, name: str, content_type: str) -> FileResponse:
    response = _File(file, as_attachment=True, filename=name, content_type=content_type)
    # Else it would be compressed on the way: the longest of all work, for what mostly is already.
    response["Content-Encoding"] = "identity"
    _make_harmless(response)
    return response


def streamed(pieces: Iterable[str | bytes], name: str, content_type: str) -> Streamed:
    """What is made while it is sent, as a browser saves it."""
    response = Streamed(_as_in(audit.request_now(), pieces), content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    _make_harmless(response)
    return response


def document(content: bytes, name: str) -> HttpResponse:
    """A PDF that we made, as browsers show it, and save it under ``name``."""
    return HttpResponse(
        content,
        content_type=PDF,
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": _OF_DOCUMENTS,
            "Cache-Control": "private, no-store",
        },
    )


def _as_in(request: Any, pieces: Iterable[str | bytes]) -> Iterator[str | bytes]:
    """The same, each made as within ``request``, which is over when they are asked for: what is

    shown of them depends on who asked.
    """
    left = iter(pieces)
    while True:
        with audit.acting(request):
            piece = next(left, None)
        if piece is None:
            return
        yield piece


def _make_harmless(response: StreamingHttpResponse) -> None:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"


async def _one_by_one(response: StreamingHttpResponse) -> AsyncIterator[bytes]:
    pieces: Iterator[bytes] = iter(response)
    while (piece := await sync_to_async(_next)(pieces)) is not None:
        yield piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    try:
        return next(pieces, None)
    finally:
        if not connection.in_atomic_block:
            close_old_connections()
