"""Logging through a queue: a line is handed over in microseconds and written by another thread."""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import queue
import sys
from typing import Any

import structlog

_LIMIT = 20_000  # lines waiting; beyond it lines are dropped rather than a frame held up
_COMMON: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso"),
]
_QUIET = (
    "celery",
    "daphne",
    "twisted",
    "asyncio",
    "urllib3",
    "django.channels.server",
    "uvicorn",
    "stripe",
)


class _DroppingQueueHandler(logging.handlers.QueueHandler):
    """Drops lines when the queue is full; a log must never stop the system."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # formatting happens on the other side; nothing leaves the process

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            pass


def configure(config: dict[str, Any]) -> None:
    """Set up logging: ``level``, and ``format`` console (coloured on a terminal) or json."""
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(_formatter(config["format"]))
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(_LIMIT)
    listener = logging.handlers.QueueListener(waiting, output)
    root = logging.getLogger()
    root.handlers = [_DroppingQueueHandler(waiting)]
    root.setLevel(config["level"])
    for name in _QUIET:
        logging.getLogger(name).setLevel("WARNING")
    listener.start()
    atexit.register(listener.stop)


def _formatter(style: str) -> logging.Formatter:
    if style == "json":
        chain: list[Any] = [structlog.processors.format_exc_info]
        renderer: Any = structlog.processors.JSONRenderer()
    else:
        chain = []
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The pretty one shows local variables, and with them secrets.
            exception_formatter=structlog.dev.plain_traceback,
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_COMMON,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *chain, renderer],
    )
