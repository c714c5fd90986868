"""Celery without a broker: beat in a thread of this process, each task run right there."""

from __future__ import annotations

import threading
from typing import Any

from celery.beat import Scheduler, Service
from django.db import close_old_connections

from cms.celery import app


class _InHere(Scheduler):
    """Keeps the schedule in memory and leaves no connection behind after a task."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        super().apply_entry(entry, producer=producer)
        close_old_connections()


def start_beat() -> None:
    """Run the beat table of the settings until the process ends."""
    app.loader.import_default_modules()  # else beat would send what it cannot find
    service = Service(app, max_interval=1, scheduler_cls=_InHere)
    threading.Thread(target=service.start, daemon=True, name="beat").start()
