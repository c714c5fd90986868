"""What all ways to run share. Values come from the environment, checked by env.py."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from cms.settings.addresses import public_url
from cms.settings.apps import *  # noqa: F403
from cms.settings.databases import database, ensure_folder
from cms.settings.email import email
from cms.settings.env import BASE_DIR, env
from cms.settings.look import SPECTACULAR_SETTINGS, UNFOLD  # noqa: F401
from cms.settings.people import *  # noqa: F403
from cms.settings.people import (  # noqa: F401
    AUDIT_RETENTION_DAYS,
    AXES_COOLOFF_TIME,
    AXES_FAILURE_LIMIT,
    ENVIRONMENT_NAME,
    OTP_REQUIRED_ROLES,
)
from cms.settings.policies import STRICT, for_pages, hosts_of_tiles
from cms.settings.schedule import SCHEDULE

VERSION = "0.1.0"
DATA_DIR = Path(env("DATA_DIR"))
DEBUG: bool = env("DEBUG")
SECRET_KEY: str = env("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env("SECRET_KEY_FALLBACKS")  # former ones, which still count
ALLOWED_HOSTS: list[str] = env("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS: list[str] = env("CSRF_TRUSTED_ORIGINS")
HOST: str = env("HOST")
PORT: int = env("PORT")
ASGI_SERVER: str = env("ASGI_SERVER")
TLS_PORT: int = env("TLS_PORT")
TLS_CERTIFICATE: str = env("TLS_CERTIFICATE")
TLS_KEY: str = env("TLS_KEY")
TLS_CLIENT_CA: str = env("TLS_CLIENT_CA")
STATION_CERTIFICATE_DAYS: int = env("STATION_CERTIFICATE_DAYS")
STATION_CERTIFICATE_RENEW_DAYS: int = env("STATION_CERTIFICATE_RENEW_DAYS")
SECURITY_EVENT_RETENTION_DAYS: int = env("SECURITY_EVENT_RETENTION_DAYS")
if TLS_PORT and not (TLS_CERTIFICATE and TLS_KEY):
    raise ImproperlyConfigured("TLS_PORT is set, so TLS_CERTIFICATE and TLS_KEY should be, too.")
ADMIN_USERNAME: str = env("ADMIN_USERNAME")
ADMIN_PASSWORD: str = env("ADMIN_PASSWORD")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "cms.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "auditlog",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "django_filters",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "cms.accounts",
    "rfid",
    "stations",
    "billing",
    "ocpp_gateway",
    "cms.apps.CmsConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",  # before whatever may answer by itself
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.csp.ContentSecurityPolicy",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cms.audit.middleware.Acting",
    "cms.accounts.second_factor.SecondFactorWhereRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "cms.urls"
ASGI_APPLICATION = "cms.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Engines: the embedded default is one process on SQLite; the environment says otherwise.
REDIS_URL: str = env("REDIS_URL")
CELERY_BROKER_URL: str = env("CELERY_BROKER_URL")
DATABASES: dict[str, dict[str, Any]] = {
    "default": database(env("DATABASE_URL"), data_dir=DATA_DIR, pool=env("DATABASE_POOL_SIZE"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            # Pub/sub: no capacity that drops a burst, no group expiry (PERFORMANCE.md section 2).
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # Redis's pub/sub knows no databases: two installations on one server must not meet.
            "CONFIG": {"hosts": [REDIS_URL], "prefix": f"voltdesk{urlsplit(REDIS_URL).path}"},
        }
        if REDIS_URL
        else {
            "BACKEND": "channels.layers.InMemoryChannelLayer",
            # Else who listens falls silent after a day: members of a group expire by default.
            "CONFIG": {"group_expiry": 100 * 365 * 86400},
        }
    )
}
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# Celery; all periodic work of the system stands in schedule.py.
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = SCHEDULE

# People
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]  # each named in itself
LOCALE_PATHS = [BASE_DIR / "cms" / "locale"]
FORMAT_MODULE_PATH = ["cms.settings.formats"]
LANGUAGE_COOKIE_AGE = 365 * 86400  # the choice of whoever sits here; else what the browser asks for
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE: str = env("TIME_ZONE")
if TIME_ZONE not in zoneinfo.available_timezones():
    raise ImproperlyConfigured(
        f"TIME_ZONE has {TIME_ZONE!r}, but it should be a time zone such as Europe/Berlin."
    )

# Browser
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = False
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = STRICT
MAP_TILE_URL: str = env("MAP_TILE_URL")
PAGES_CONTENT_SECURITY_POLICY = for_pages(*hosts_of_tiles(MAP_TILE_URL))
BEHIND_PROXY: bool = env("BEHIND_PROXY")
TRUSTED_PROXIES: list[str] = env("TRUSTED_PROXIES")
PROXY_CERTIFICATE_HEADER: str = env("PROXY_CERTIFICATE_HEADER")
PROXY_VERIFY_HEADER: str = env("PROXY_VERIFY_HEADER")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Files that stations bring and fetch, see cms/files.py
MEDIA_ROOT = Path(env("MEDIA_ROOT") or DATA_DIR / "media")
PUBLIC_URL: str = env("PUBLIC_URL") or public_url(
    host=HOST, port=PORT, allowed=ALLOWED_HOSTS, behind_proxy=BEHIND_PROXY
)
UPLOAD_MAX_BYTES: int = env("UPLOAD_MAX_BYTES")
FIRMWARE_MAX_BYTES: int = env("FIRMWARE_MAX_BYTES")
TRANSFER_HOURS: int = env("TRANSFER_HOURS")
FILE_RETENTION_DAYS: int = env("FILE_RETENTION_DAYS")
# Where Django keeps a body it has to keep whole: /tmp may be a small memory disk.
FILE_UPLOAD_TEMP_DIR = MEDIA_ROOT / "incoming"

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "cms.accounts.authentication.ApiKeyAuthentication",
        "cms.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["cms.shared.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["cms.shared.api.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cms.shared.api.OrjsonParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "cms.shared.api.LinkedPages",
    "DEFAULT_SCHEMA_CLASS": "cms.api.schema.Schema",
    "EXCEPTION_HANDLER": "cms.api.errors.handle",
    "DEFAULT_THROTTLE_RATES": {
        "login": "20/min",
        "register": "10/min",
        "mail": "10/min",
        "maps": "60/min",
    },
    # Whose address counts as the caller's: without a proxy nobody may name another one.
    "NUM_PROXIES": 0,  # who called is known already (cms/proxies.py), however many there are
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env("JWT_ACCESS_MINUTES")),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env("JWT_REFRESH_DAYS")),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "USER_ID_CLAIM": "sub",
    "UPDATE_LAST_LOGIN": True,  # a link to a new password ends with a login
}

# Money
BILLING_CURRENCY: str = env("BILLING_CURRENCY")
BILLING_PREPAID_HOLD: Decimal = env("BILLING_PREPAID_HOLD")
BILLING_SETTLE_SECONDS: int = env("BILLING_SETTLE_SECONDS")
BILLING_STOP_AT_PERCENT: int = env("BILLING_STOP_AT_PERCENT")
STRIPE_SECRET_KEY: str = env("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET: str = env("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE: str = env("STRIPE_API_BASE")
STRIPE_TIMEOUT_SECONDS: int = env("STRIPE_TIMEOUT_SECONDS")
PAYMENT_EXPIRY_MINUTES: int = env("PAYMENT_EXPIRY_MINUTES")
EXPORT_DAYS: int = env("EXPORT_DAYS")

# E-mail
EMAIL_URL: str = env("EMAIL_URL")
DEFAULT_FROM_EMAIL: str = env("EMAIL_FROM")
vars().update(email(EMAIL_URL))

# OCPP
OCPP_HEARTBEAT_INTERVAL: int = env("OCPP_HEARTBEAT_INTERVAL")
OCPP_UNKNOWN_STATIONS: str = env("OCPP_UNKNOWN_STATIONS")
OCPP_ALLOW_UNAUTHENTICATED: bool = env("OCPP_ALLOW_UNAUTHENTICATED")
OCPP_STATION_RESERVATIONS: bool = env("OCPP_STATION_RESERVATIONS")
OCPP_COMMAND_TIMEOUT: int = env("OCPP_COMMAND_TIMEOUT")
OCPP_SETTLE_SECONDS: float = env("OCPP_SETTLE_SECONDS")
OCPP_QUIET_SECONDS: float = env("OCPP_QUIET_SECONDS")
OCPP_READ_CONFIGURATION: bool = env("OCPP_READ_CONFIGURATION")
OCPP_READ_CONFIGURATION_HOURS: int = env("OCPP_READ_CONFIGURATION_HOURS")
LIVEMETRICS_DB_UPDATE_INTERVAL: int = env("LIVEMETRICS_DB_UPDATE_INTERVAL")
OCPP_MESSAGE_RETENTION_DAYS: int = env("OCPP_MESSAGE_RETENTION_DAYS")
OCPP_SILENT_SESSION_HOURS: int = env("OCPP_SILENT_SESSION_HOURS")
OCPP_WORKERS: int = env("OCPP_WORKERS")
OCPP_MAX_FRAME_BYTES: int = env("OCPP_MAX_FRAME_BYTES")
OCPP_MAX_PENDING_CALLS: int = env("OCPP_MAX_PENDING_CALLS")
OCPP_FRAMES_PER_SECOND: int = env("OCPP_FRAMES_PER_SECOND")
OCPP_FRAME_BURST: int = env("OCPP_FRAME_BURST")
OCPP_MAX_SOCKETS: int = env("OCPP_MAX_SOCKETS")
OCPP_MAX_SOCKETS_PER_ADDRESS: int = env("OCPP_MAX_SOCKETS_PER_ADDRESS")
OCPP_CONNECTS_PER_MINUTE: int = env("OCPP_CONNECTS_PER_MINUTE")
OCPP_FAILURES_PER_MINUTE: int = env("OCPP_FAILURES_PER_MINUTE")
OCPP_HANDSHAKE_SECONDS: int = env("OCPP_HANDSHAKE_SECONDS")
OCPP_PING_SECONDS: int = env("OCPP_PING_SECONDS")
OCPP_DEAD_SECONDS: int = env("OCPP_DEAD_SECONDS")

# Logging goes through a queue (cms/shared/logs.py): writing a line never holds up a frame.
LOG_LEVEL: str = env("LOG_LEVEL").upper()
LOG_FORMAT: str = env("LOG_FORMAT")
LOGGING_CONFIG = "cms.shared.logs.configure"
LOGGING = {"level": LOG_LEVEL, "format": LOG_FORMAT}
ensure_folder(DATA_DIR)
ensure_folder(FILE_UPLOAD_TEMP_DIR, "MEDIA_ROOT")
