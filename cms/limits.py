"""How long the body of a request may be: Django would keep any, whoever sends it, on the disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

Application = Callable[..., Awaitable[None]]
_USUAL = 10 * 2**20
_FORM = 2**20  # what surrounds the file in a form
# Where operators upload firmware
_FIRMWARE = ("/api/firmware/images", "/admin/stations/firmwareimage/")
_TOO_LARGE = b'{"code":"too_large","error":"The body is too large."}'


def longest(path: str) -> int:
    """How many bytes the body of a request to ``path`` may have."""
    if path.startswith(_FIRMWARE):
        return settings.FIRMWARE_MAX_BYTES + _FORM
    return _USUAL


class _TooLong(Exception):
    pass


class Limited:
    """Answers 413 before an application has to swallow a body nobody would send."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request on, and count its body on the way."""
        limit, heard = longest(scope["path"]), 0

        async def counted() -> dict[str, Any]:
            nonlocal heard
            message: dict[str, Any] = await receive()
            heard += len(message.get("body", b""))
            if heard > limit:
                raise _TooLong
            return message

        try:
            if _declared(scope) > limit:
                raise _TooLong
            await self._application(scope, counted, send)
        except _TooLong:
            await _refuse(send)


def _declared(scope: dict[str, Any]) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() and len(text) < 20 else 0


async def _refuse(send: Any) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(_TOO_LARGE)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})
