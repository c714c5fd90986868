"""Is this process fit to serve? For load balancers, containers and people."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from cms.drivers import counts
from cms.shared import clock

logger = logging.getLogger(__name__)
_started = time.monotonic()


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, 503 while it does not; uptime in seconds."""
    database, sockets = _database_answers()
    return JsonResponse(
        {
            "status": "healthy" if database else "unhealthy",
            "version": settings.VERSION,
            "uptime": round(time.monotonic() - _started, 3),
            "timestamp": clock.text(clock.now()),
            "checks": {"database": "ok" if database else "failed"},
            "websocket": sockets,
        },
        status=200 if database else 503,
    )


def _database_answers() -> tuple[bool, dict[str, int]]:
    """Whether it does, and how many are connected (none, as far as is known, where it does not)."""
    try:
        return True, counts.connections()
    except Error as error:
        logger.warning("The database does not answer: %s", error)
        return False, {}
