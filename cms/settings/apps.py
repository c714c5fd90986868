"""Drivers' apps: their socket (as the Charging WebSocket API has it), maps, CORS; the self-test."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from cms.settings.env import env

HEARTBEAT_INTERVAL: int = env("HEARTBEAT_INTERVAL")
SESSION_TIMEOUT: int = env("SESSION_TIMEOUT")
CONNECTION_TIMEOUT: int = env("CONNECTION_TIMEOUT")
MAX_CONNECTIONS: int = env("MAX_CONNECTIONS")
FRONTEND_URL: list[str] = env("FRONTEND_URL")
MAPS_PUBLIC: bool = env("MAPS_PUBLIC")
APP_CONNECTS_PER_MINUTE: int = env("APP_CONNECTS_PER_MINUTE")
APP_LOGINS_PER_MINUTE: int = env("APP_LOGINS_PER_MINUTE")
APP_MESSAGES_PER_MINUTE: int = env("APP_MESSAGES_PER_MINUTE")
REGISTRATION: str = env("REGISTRATION")
if REGISTRATION == "verified" and not env("EMAIL_URL"):
    raise ImproperlyConfigured("REGISTRATION is verified, so EMAIL_URL should be set, too.")
RESERVATION_MINUTES: int = env("RESERVATION_MINUTES")

RUN_OCPP_TEST: bool = env("RUN_OCPP_TEST")
OCPP_TEST_INTERVAL_MULTIPLIER: float = env("OCPP_TEST_INTERVAL_MULTIPLIER")

# Which web apps may read answers. Tokens go in a header, so no cookie ever needs to come along:
# a page elsewhere never acts as whoever is logged in to the admin.
CORS_ALLOWED_ORIGINS: list[str] = sorted({*env("CORS_ALLOWED_ORIGINS"), *FRONTEND_URL})
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"^/(api|graphql|health)(/|$)"
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "idempotency-key", "x-api-key"),
]
CORS_EXPOSE_HEADERS = ["Link", "Location", "Retry-After"]
