"""Production: the same code, but nothing insecure by default."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from cms.settings.base import *  # noqa: F403
from cms.settings.base import ALLOWED_HOSTS, DEBUG, SILENCED_SYSTEM_CHECKS, env

SECRET_KEY: str = env.required("SECRET_KEY")
if len(SECRET_KEY) < 50 or "insecure" in SECRET_KEY.lower() or "change" in SECRET_KEY.lower():
    raise ImproperlyConfigured(
        "SECRET_KEY is a default or too short; it should be a random text of 50 characters or more."
    )
if DEBUG:
    raise ImproperlyConfigured("DEBUG is true, but in production it should be false.")
env.required("ALLOWED_HOSTS")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is empty or has '*', but in production it should be host names separated "
        "by commas."
    )
env.required("DATABASE_URL")

# Stricter than the embedded default unless the environment says otherwise.
OCPP_UNKNOWN_STATIONS: str = env("OCPP_UNKNOWN_STATIONS", default="reject")
OCPP_ALLOW_UNAUTHENTICATED: bool = env("OCPP_ALLOW_UNAUTHENTICATED", default=False)
LOGGING = {"level": env("LOG_LEVEL").upper(), "format": env("LOG_FORMAT", default="json")}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = 31536000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SILENCED_SYSTEM_CHECKS = [
    *SILENCED_SYSTEM_CHECKS,
    "security.W005",  # HSTS of subdomains and its preload list: other hosts of the operator's,
    "security.W021",  # of which we know nothing
    "security.W008",  # redirects to https: the proxy's part; stations may speak plain HTTP to us
]
