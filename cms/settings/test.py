"""Tests: the embedded default or, by the environment, PostgreSQL and Redis; only faster hashing."""

from __future__ import annotations

import os
import tempfile

if not os.environ.get("DATA_DIR"):
    os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="voltdesk-test-")

from cms.settings.base import *  # noqa: F403
from cms.settings.base import CHANNEL_LAYERS, DATA_DIR, DATABASES, REDIS_URL

SECRET_KEY = "for the tests only, and long enough for every check that looks at it"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING_CONFIG = None  # pytest gathers the lines itself
OCPP_SETTLE_SECONDS = 0.0
if REDIS_URL:  # workers of one run must not hear each other
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"voltdesk-test-{os.getpid()}"
if "pool" in DATABASES["default"].get("OPTIONS", {}):
    # Tests open and drop databases; a pool would hold them open.
    del DATABASES["default"]["OPTIONS"]["pool"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in operation: in memory two threads would share one cache and its table locks.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
