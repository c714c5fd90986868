"""The roof: settings, URLs, ASGI and Celery entry points; composes the apps."""

from __future__ import annotations

from cms.celery import app as celery_app

__all__ = ["celery_app"]
