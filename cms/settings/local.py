"""The embedded default: one machine, one process, nothing to configure."""

from __future__ import annotations

import os
import secrets
import tempfile

from cms.settings.base import *  # noqa: F403
from cms.settings.base import DATA_DIR, SECRET_KEY


def _kept_secret() -> str:
    """The secret of this installation: made once, kept in the data folder."""
    file = DATA_DIR / "secret_key"
    if not file.exists():
        # Complete before it has its name: a start that is cut short must leave nothing half made.
        number, made = tempfile.mkstemp(dir=DATA_DIR)  # readable by the owner only
        with os.fdopen(number, "w") as output:
            output.write(secrets.token_urlsafe(50))
        os.replace(made, file)
    return file.read_text().strip()


if not SECRET_KEY:
    SECRET_KEY = _kept_secret()
# No build step on one machine: static files are found in the packages themselves.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None
