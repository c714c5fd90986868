"""Who may not go on while their apps are connected: accounts shut, passwords changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Protocol

from channels.db import database_sync_to_async

from cms.accounts.models import User
from cms.accounts.tokens import Presented, is_sealed
from cms.drivers.envelope import NOT_AUTHENTICATED, Refused

logger = logging.getLogger(__name__)
LOOK_S = 30.0  # so long what they watch may go on; what they ask for is refused at once


class Shut(Protocol):
    """An app's socket."""

    @property
    def seal(self) -> str | None:
        """Of the password its token was given for."""

    def shut(self) -> None:
        """Tell it nothing any more, and close it."""


def person(who: Presented) -> User:
    """Whose app asks for something. Raises Refused where their token opens nothing by now."""
    user = User.objects.filter(pk=who.user_id, is_active=True).first()
    if user is None or not is_sealed(who.seal, user):
        raise Refused(NOT_AUTHENTICATED, "Client not authenticated")
    return user


async def look_on(sockets: Mapping[int, Collection[Shut]]) -> None:
    """Shut the sockets (by the number of their user) of who left, until this is cancelled."""
    while True:
        await asyncio.sleep(LOOK_S)
        asked = set(sockets)
        try:
            there = await database_sync_to_async(_there)(asked)
        except Exception as error:  # the database is away: nobody leaves for it
            logger.warning("Nobody knows which drivers left: %s", error)
            continue
        for user_id in asked:
            for socket in [*sockets.get(user_id, ())]:
                if not _may_stay(socket, there.get(user_id)):
                    socket.shut()


def _may_stay(socket: Shut, user: User | None) -> bool:
    return user is not None and is_sealed(socket.seal, user)


def _there(user_ids: Collection[int]) -> dict[int, User]:
    rows = User.objects.filter(pk__in=user_ids, is_active=True).only("password")
    return {user.pk: user for user in rows}
