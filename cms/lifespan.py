"""The outermost ASGI layer: notes which event loop serves, and answers the lifespan protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cms.shared import live

Application = Callable[..., Awaitable[None]]


class Serving:
    """Wraps the application of a serving process."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a connection on; from here doorbells rung in other threads find the loop."""
        live.serve_from(asyncio.get_running_loop())
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._application(scope, receive, send)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
