"""The socket of an admin page: it says what it shows, and is told when that changed.

Only staff; only names go over it, of what somebody may look at and of the sites they are limited
to. What a page fetches then is an ordinary view, which looks at the rights anew.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from channels.auth import AuthMiddlewareStack
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model

from cms.live import hub
from cms.live.hub import Audible, Watcher
from cms.shared import scoping
from ocpp_gateway.allowance import Allowance
from ocpp_gateway.authentication import Denied
from ocpp_gateway.consumers import deny

PATH = "/ws/pages"
_NAME = re.compile(r"[a-z]{1,20}:(?:[0-9]{1,19}|\*)")
_MOST_NAMES, _LONGEST = 500, 20_000
_MOST_PAGES = 2_000  # of one process
_FRAMES_A_SECOND, _FRAMES_AT_ONCE = 2.0, 20.0
_NOT_STAFF, _TOO_MANY, _NOT_UNDERSTOOD, _FULL = 4403, 4429, 4400, 4503

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class PageConsumer(AsyncConsumer):
    """One page of one person, from its handshake to its end."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve the socket. What is wrong is said by a close code: browsers see no HTTP status."""
        await receive()  # websocket.connect
        if not _is_ours(scope):
            await deny(send, scope, Denied(403, "the page is of another site"))
            return
        await send({"type": "websocket.accept"})
        user = scope["user"]
        code = _refusal(user) or await self._serve(receive, send, user)
        if code:
            await send({"type": "websocket.close", "code": code})

    async def _serve(self, receive: Receive, send: Send, user: Any) -> int:
        """Until the page is gone (0), or is to be closed with a code."""
        audible, kinds = await _audible_to(user), await database_sync_to_async(kinds_of)(user)

        async def tell(names: list[str]) -> None:
            text = json.dumps({"changed": names})
            await send({"type": "websocket.send", "text": text})

        here, watcher = hub.here(), Watcher(tell, audible)
        allowance = Allowance(_FRAMES_A_SECOND, _FRAMES_AT_ONCE, time.monotonic())
        try:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return 0
                if not allowance.try_take(time.monotonic()):
                    return _TOO_MANY
                shows = _shown(message.get("text") or "")
                if shows is None:
                    return _NOT_UNDERSTOOD
                here.watch(watcher, [name for name in shows if name.partition(":")[0] in kinds])
        finally:
            here.forget(watcher)
            watcher.leave()


def _is_ours(scope: dict[str, Any]) -> bool:
    """Whether the page came from here: the cookie comes along from any page there is."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin1")
    host = headers.get(b"host", b"").decode("latin1")
    try:
        return origin in settings.CSRF_TRUSTED_ORIGINS or urlsplit(origin).netloc == host != ""
    except ValueError:  # what no browser sends
        return False


def _refusal(user: Any) -> int:
    """Why somebody is turned away, as a close code; 0: they are not."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return _NOT_STAFF
    return _FULL if len(hub.here()) >= _MOST_PAGES else 0


@database_sync_to_async
def _audible_to(user: Any) -> Audible | None:
    """How names are chosen for who is limited to some sites; None: they hear all of them."""
    if scoping.limit_of(user) is None:
        return None
    people = get_user_model().objects.filter(pk=user.pk, is_active=True, is_staff=True)

    def audible(names: set[str]) -> set[str]:
        now = people.first()  # and what they are limited to by now
        return scoping.audible(now, names) if now else set()

    chosen: Audible = database_sync_to_async(audible)
    return chosen


def kinds_of(user: Any) -> set[str]:
    """The kinds of names somebody may be told: of what they may look at, and of nothing else."""
    return {
        kind
        for kind, model in scoping.kinds().items()
        if model is None or user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    }


def _shown(text: str) -> list[str] | None:
    """What a page says that it shows: ``{"shows": ["station:3", "session:*"]}``; None: nonsense."""
    try:
        shows = orjson.loads(text[:_LONGEST])["shows"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return None
    if not isinstance(shows, list) or len(shows) > _MOST_NAMES:
        return None
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in shows):
        return None
    return shows


application = AuthMiddlewareStack(PageConsumer.as_asgi())
