"""What changed, for whoever shows it: names, gathered for a moment, never contents.

A name is a kind and a number, such as ``station:3``. Who hears it looks for itself, with its own
rights, language and time zone. Told through the doorbell: it may be lost, rows are not.
"""

from __future__ import annotations

import threading

from django.db import transaction

from cms.shared import live

GROUP = "live"
_PAUSE_S = 0.2  # what changes meanwhile is told once
_MOST = 500  # names in one message
_lock = threading.Lock()
_gathered: set[str] = set()


def changed(kind: str, *numbers: int) -> None:
    """Say that these things of a kind changed, once the current transaction is committed."""
    if numbers:
        transaction.on_commit(lambda: _gather(kind, numbers), robust=True)


def tell() -> None:
    """Tell what was gathered, now."""
    with _lock:
        names = sorted(_gathered)
        _gathered.clear()
    for first in range(0, len(names), _MOST):
        live.ring(GROUP, {"type": "live.changed", "names": names[first : first + _MOST]})


def _gather(kind: str, numbers: tuple[int, ...]) -> None:
    with _lock:
        is_first = not _gathered
        _gathered.update(f"{kind}:{number}" for number in numbers)
    if is_first:
        timer = threading.Timer(_PAUSE_S, tell)
        timer.daemon = True
        timer.start()
