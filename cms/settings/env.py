"""Every environment variable Voltdesk reads: its kind, its default, what a right value is like."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from cms.settings.kinds import (
    amount,
    currency,
    decimal,
    flag,
    networks,
    one_of,
    origins,
    text,
    tile_address,
    url,
    web_address,
    whole,
    words,
)
from cms.settings.reading import Environment, Variable

BASE_DIR = Path(__file__).resolve().parent.parent.parent

_DATABASE_URL = "sqlite:///path/to/file or postgresql://user:password@host:5432/name"
_REDIS_URL = "redis://host:6379/0, or empty for the in-memory engine"
_BYTES = "a whole number of bytes, 1024 or more"
_SECONDS = "a whole number of seconds from {} to {}"

VARIABLES: dict[str, Variable] = {
    # Where and how
    "SECRET_KEY": Variable(text, "", "a random text of at least 50 characters"),
    "SECRET_KEY_FALLBACKS": Variable(words, [], "former values of SECRET_KEY, by commas"),
    "DEBUG": Variable(flag, False, "true or false"),
    "DATA_DIR": Variable(text, str(BASE_DIR / "data"), "a folder Voltdesk may write to"),
    "HOST": Variable(text, "0.0.0.0", "an address to listen on, such as 0.0.0.0 or 127.0.0.1"),
    "PORT": Variable(whole(1, 65535), 3000, "a whole number from 1 to 65535"),
    "ASGI_SERVER": Variable(one_of("daphne", "uvicorn"), "daphne", "daphne or uvicorn"),
    "ALLOWED_HOSTS": Variable(words, ["*"], "host names separated by commas"),
    "CSRF_TRUSTED_ORIGINS": Variable(words, [], "origins such as https://cpms.example.com"),
    "BEHIND_PROXY": Variable(
        flag, False, "true where a proxy ends TLS and sets X-Forwarded-Proto and -For, else false"
    ),
    "TRUSTED_PROXIES": Variable(
        networks,
        ["127.0.0.0/8", "::1/128"],
        "addresses or networks of the proxies, separated by commas, such as 10.0.0.0/8",
    ),
    "PROXY_CERTIFICATE_HEADER": Variable(
        text, "X-SSL-Client-Cert", "the header with the client certificate, URL-escaped PEM"
    ),
    "PROXY_VERIFY_HEADER": Variable(
        text, "X-SSL-Client-Verify", "the header that says SUCCESS where it was verified"
    ),
    # TLS at the server itself
    "TLS_PORT": Variable(whole(0, 65535), 0, "a whole number from 1 to 65535; 0: no TLS here"),
    "TLS_CERTIFICATE": Variable(text, "", "a PEM file: the certificate and its intermediates"),
    "TLS_KEY": Variable(text, "", "a PEM file: the private key of TLS_CERTIFICATE"),
    "TLS_CLIENT_CA": Variable(text, "", "a PEM file: who signs stations' certificates, or empty"),
    "STATION_CERTIFICATE_DAYS": Variable(
        whole(1, 3650), 365, "a whole number of days from 1 to 3650"
    ),
    "STATION_CERTIFICATE_RENEW_DAYS": Variable(
        whole(1, 3650), 30, "a whole number of days from 1 to 3650"
    ),
    "SECURITY_EVENT_RETENTION_DAYS": Variable(
        whole(1, 3650), 365, "a whole number of days from 1 to 3650"
    ),
    # Files of stations
    "PUBLIC_URL": Variable(
        web_address,
        "",
        "the address at which stations reach this system over HTTP, such as "
        "https://cpms.example.com, or empty to derive it",
    ),
    "MEDIA_ROOT": Variable(text, "", "a folder Voltdesk may write to, or empty for DATA_DIR/media"),
    "UPLOAD_MAX_BYTES": Variable(
        whole(1024, 2**40), 200 * 2**20, "a whole number of bytes, >= 1024"
    ),
    "FIRMWARE_MAX_BYTES": Variable(
        whole(1024, 2**40), 512 * 2**20, "a whole number of bytes, >= 1024"
    ),
    "TRANSFER_HOURS": Variable(whole(1, 8760), 24, "a whole number of hours from 1 to 8760"),
    "FILE_RETENTION_DAYS": Variable(whole(1, 3650), 90, "a whole number of days from 1 to 3650"),
    # Engines
    "DATABASE_URL": Variable(
        url("sqlite", "postgres", "postgresql", "file"), "", f"{_DATABASE_URL}, or empty"
    ),
    "DATABASE_POOL_SIZE": Variable(whole(2, 500), 20, "a whole number from 2 to 500"),
    "REDIS_URL": Variable(url("redis", "rediss", "unix"), "", _REDIS_URL),
    "CELERY_BROKER_URL": Variable(
        url("redis", "rediss", "redis\\+socket", "amqp", "amqps"),
        "",
        "redis://host:6379/1 or amqp://user:password@host:5672//, or empty to run tasks in here",
    ),
    # First start
    "ADMIN_USERNAME": Variable(text, "admin", "the name of the first admin user"),
    "ADMIN_PASSWORD": Variable(text, "", "its password; empty: one is made and printed once"),
    # Logins
    "LOGIN_FAILURES": Variable(whole(3, 1000), 10, "a whole number from 3 to 1000"),
    "LOGIN_LOCK_MINUTES": Variable(whole(1, 1440), 15, "a whole number of minutes, 1 to 1440"),
    "AUDIT_RETENTION_DAYS": Variable(
        whole(30, 36500), 3650, "a whole number of days from 30 to 36500"
    ),
    "OTP_REQUIRED_ROLES": Variable(
        words, [], "roles (groups) separated by commas, such as superuser,Finance, or empty"
    ),
    # Looks
    "ENVIRONMENT_NAME": Variable(text, "", "a word such as Staging, shown on every page, or empty"),
    "TIME_ZONE": Variable(text, "UTC", "a time zone such as Europe/Berlin"),
    "MAP_TILE_URL": Variable(
        tile_address, "", "a URL such as https://tile.example.com/{z}/{x}/{y}.png, or empty"
    ),
    "LOG_LEVEL": Variable(
        one_of("debug", "info", "warning", "error"), "info", "debug, info, warning or error"
    ),
    "LOG_FORMAT": Variable(one_of("console", "json"), "console", "console or json"),
    # API
    "JWT_ACCESS_MINUTES": Variable(whole(1, 1440), 30, "a whole number of minutes, 1 to 1440"),
    "JWT_REFRESH_DAYS": Variable(whole(1, 365), 14, "a whole number of days, 1 to 365"),
    # Money
    "BILLING_CURRENCY": Variable(currency, "EUR", "an ISO 4217 code such as EUR"),
    "BILLING_PREPAID_HOLD": Variable(
        amount, Decimal(5), "an amount such as 5.00: what prepaid needs to begin, and is set aside"
    ),
    "BILLING_SETTLE_SECONDS": Variable(whole(0, 86400), 120, _SECONDS.format(0, 86400)),
    "BILLING_STOP_AT_PERCENT": Variable(whole(1, 100), 95, "a whole number from 1 to 100"),
    "STRIPE_SECRET_KEY": Variable(text, "", "a secret or restricted key of Stripe, sk_… or rk_…"),
    "STRIPE_WEBHOOK_SECRET": Variable(text, "", "the signing secret of the webhook, whsec_…"),
    "STRIPE_API_BASE": Variable(
        web_address, "https://api.stripe.com", "an address such as https://api.stripe.com"
    ),
    "STRIPE_TIMEOUT_SECONDS": Variable(whole(1, 120), 20, _SECONDS.format(1, 120)),
    "PAYMENT_EXPIRY_MINUTES": Variable(
        whole(5, 1440), 60, "a whole number of minutes from 5 to 1440"
    ),
    "EXPORT_DAYS": Variable(whole(1, 365), 7, "a whole number of days from 1 to 365"),
    # E-mail
    "EMAIL_URL": Variable(
        url("smtp", "smtp\\+tls", "smtp\\+ssl", "consolemail"),
        "",
        "smtp+tls://user:password@host:587, or empty: no mail is sent",
    ),
    "EMAIL_FROM": Variable(text, "voltdesk@localhost", "an address such as cpms@example.com"),
    "RESET_LINK_MINUTES": Variable(whole(5, 1440), 60, "a whole number of minutes, 5 to 1440"),
    "DRIVER_APP_URL": Variable(
        web_address, "", "the address of the drivers' app such as https://app.example.com, or empty"
    ),
    # OCPP
    "OCPP_HEARTBEAT_INTERVAL": Variable(whole(10, 86400), 60, _SECONDS.format(10, 86400)),
    "OCPP_UNKNOWN_STATIONS": Variable(
        one_of("accept", "pending", "reject"), "accept", "accept, pending or reject"
    ),
    "OCPP_ALLOW_UNAUTHENTICATED": Variable(
        flag, True, "true: a station without a key may connect (security profile 0), else false"
    ),
    "OCPP_STATION_RESERVATIONS": Variable(
        flag, True, "true: answer ReserveNow and CancelReservation sent by a station, else false"
    ),
    "OCPP_COMMAND_TIMEOUT": Variable(whole(1, 600), 30, _SECONDS.format(1, 600)),
    "OCPP_SETTLE_SECONDS": Variable(
        decimal(0, 60), 0.2, "seconds between a station's first answer and our first call, 0 to 60"
    ),
    "OCPP_QUIET_SECONDS": Variable(
        decimal(0, 600), 5.0, "seconds after which a station that says nothing may be asked, 0-600"
    ),
    "OCPP_READ_CONFIGURATION": Variable(
        flag, True, "true: read a station's configuration after it booted, else false"
    ),
    "OCPP_READ_CONFIGURATION_HOURS": Variable(
        whole(1, 8760), 24, "a whole number of hours from 1 to 8760"
    ),
    "LIVEMETRICS_DB_UPDATE_INTERVAL": Variable(
        whole(0, 3600000), 30000, "a whole number of milliseconds from 0 to 3600000"
    ),
    "OCPP_MESSAGE_RETENTION_DAYS": Variable(whole(1, 3650), 30, "a whole number of days, 1-3650"),
    "OCPP_SILENT_SESSION_HOURS": Variable(whole(1, 8760), 24, "a whole number of hours, 1 to 8760"),
    "OCPP_WORKERS": Variable(
        whole(0, 64), 0, "database threads for station calls, 1 to 64; 0: chosen by the engine"
    ),
    "OCPP_MAX_FRAME_BYTES": Variable(
        whole(1024, 16777216), 262144, "a whole number of bytes from 1024 to 16777216"
    ),
    "OCPP_MAX_PENDING_CALLS": Variable(whole(1, 10000), 64, "a whole number from 1 to 10000"),
    "OCPP_FRAMES_PER_SECOND": Variable(
        whole(1, 1_000_000), 100, "a whole number from 1 to 1000000"
    ),
    "OCPP_FRAME_BURST": Variable(whole(1, 1_000_000), 1000, "a whole number from 1 to 1000000"),
    "OCPP_MAX_SOCKETS": Variable(whole(1, 1_000_000), 10_000, "a whole number from 1 to 1000000"),
    "OCPP_MAX_SOCKETS_PER_ADDRESS": Variable(
        whole(1, 1_000_000), 2000, "a whole number from 1 to 1000000"
    ),
    "OCPP_CONNECTS_PER_MINUTE": Variable(
        whole(1, 1_000_000), 60, "a whole number from 1 to 1000000"
    ),
    "OCPP_FAILURES_PER_MINUTE": Variable(
        whole(1, 1_000_000), 20, "a whole number from 1 to 1000000"
    ),
    "OCPP_HANDSHAKE_SECONDS": Variable(whole(1, 600), 10, _SECONDS.format(1, 600)),
    "OCPP_PING_SECONDS": Variable(whole(1, 3600), 30, _SECONDS.format(1, 3600)),
    "OCPP_DEAD_SECONDS": Variable(whole(1, 86400), 120, _SECONDS.format(1, 86400)),
    # Apps: names and milliseconds as the Charging WebSocket API has them
    "HEARTBEAT_INTERVAL": Variable(
        whole(1000, 3_600_000),
        30_000,
        "milliseconds, 1000-3600000 (of stations it is OCPP_HEARTBEAT_INTERVAL, in seconds)",
    ),
    "SESSION_TIMEOUT": Variable(
        whole(1000, 604_800_000), 3_600_000, "milliseconds, 1000-604800000"
    ),
    "CONNECTION_TIMEOUT": Variable(whole(1000, 3_600_000), 30_000, "milliseconds, 1000-3600000"),
    "MAX_CONNECTIONS": Variable(whole(1, 1_000_000), 5000, "a whole number from 1 to 1000000"),
    "FRONTEND_URL": Variable(
        origins, [], "addresses such as https://app.example.com, separated by commas"
    ),
    "MAPS_PUBLIC": Variable(flag, False, "true or false"),
    "CORS_ALLOWED_ORIGINS": Variable(
        origins, [], "origins such as https://app.example.com, separated by commas"
    ),
    "RESERVATION_MINUTES": Variable(whole(1, 10080), 60, "a whole number of minutes, 1 to 10080"),
    "REGISTRATION": Variable(
        one_of("off", "account", "card", "verified"), "off", "off, account, card or verified"
    ),
    "APP_CONNECTS_PER_MINUTE": Variable(
        whole(1, 1_000_000), 60, "a whole number from 1 to 1000000"
    ),
    "APP_LOGINS_PER_MINUTE": Variable(whole(1, 1_000_000), 10, "a whole number from 1 to 1000000"),
    "APP_MESSAGES_PER_MINUTE": Variable(
        whole(1, 1_000_000), 120, "a whole number from 1 to 1000000"
    ),
    # The self-test (docs/running.md)
    "RUN_OCPP_TEST": Variable(
        flag, False, "1 to have each start of the server test itself, or 0", also="RUN_OCCP_TEST"
    ),  # the OCPP Gateway's README has both
    "OCPP_TEST_INTERVAL_MULTIPLIER": Variable(decimal(0.1, 100), 1.0, "a number from 0.1 to 100"),
}

env = Environment(VARIABLES, BASE_DIR / ".env")
