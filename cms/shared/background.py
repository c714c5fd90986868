"""Long work in a process that has no workers: in a thread of its own, one of each kind at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)
_running: set[str] = set()
_lock = threading.Lock()


def aside(name: str, work: Callable[[], object]) -> threading.Thread | None:
    """Do ``work`` here; where tasks run in the serving process, beside it, unless it runs already.

    There the thread that runs tasks runs all of them: what takes minutes would hold up the rest.
    """
    if not settings.CELERY_TASK_ALWAYS_EAGER:
        work()
        return None
    with _lock:
        if name in _running:
            return None
        _running.add(name)
    thread = threading.Thread(target=_run, args=(name, work), daemon=True, name=name)
    thread.start()
    return thread


def _run(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        logger.exception("%s failed", name)
    finally:
        connection.close()
        with _lock:
            _running.discard(name)
