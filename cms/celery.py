"""Celery entry point: ``celery -A cms worker`` and ``celery -A cms beat`` in production."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.local")

app = Celery("voltdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
