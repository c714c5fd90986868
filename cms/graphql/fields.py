"""Fields that ask the database, in a request's thread as well as on a socket."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from strawberry.utils.inspect import in_async_context


def asking(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """``resolver`` as it is over HTTP; in another thread where a socket's loop must not wait."""

    @functools.wraps(resolver)
    def either(*args: Any, **kwargs: Any) -> Any:
        if in_async_context():
            return database_sync_to_async(resolver)(*args, **kwargs)
        return resolver(*args, **kwargs)

    return either
