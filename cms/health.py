"""Is this process fit to serve? For load balancers, containers and people."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from cms.shared import clock

logger = logging.getLogger(__name__)
_started = time.monotonic()


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, 503 while it does not; uptime in seconds."""
    database = _database_answers()
    return JsonResponse(
        {
            "status": "healthy" if database else "unhealthy",
            "version": settings.VERSION,
            "uptime": round(time.monotonic() - _started, 3),
            "timestamp": clock.text(clock.now()),
            "checks": {"database": "ok" if database else "failed"},
        },
        status=200 if database else 503,
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error as error:
        logger.warning("The database does not answer: %s", error)
        return False
    return True
