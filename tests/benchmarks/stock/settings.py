"""The smallest Django settings with which the stock way runs."""

from __future__ import annotations

import os

import environ

SECRET_KEY = "for a benchmark on this machine only"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["daphne", "channels", "tests.benchmarks.stock"]
ASGI_APPLICATION = "tests.benchmarks.stock.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
DATABASES = {
    # Kept open, as a careful team would: with Django's default each message would connect anew.
    "default": {**environ.Env.db_url_config(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": None}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
