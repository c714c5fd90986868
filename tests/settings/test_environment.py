"""Every variable is checked: a wrong value names the variable and what it should look like."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from environ import FileAwareEnv
from environ.fileaware_mapping import FileAwareMapping

from cms.settings.databases import database, ensure_folder
from cms.settings.env import VARIABLES
from cms.settings.policies import for_pages, hosts_of_tiles
from cms.settings.reading import Environment

WRONG = {
    "ASGI_SERVER": ["gunicorn"],
    "BEHIND_PROXY": ["perhaps", "2"],
    "CELERY_BROKER_URL": ["localhost", "http://x", "sqs://x"],
    "DATABASE_POOL_SIZE": ["0", "many", "501"],
    "DATABASE_URL": ["mysql://h/d", "localhost", "oracle://x"],
    "DEBUG": ["perhaps", "enable"],
    "EMAIL_URL": ["mail.example.com", "http://x"],
    "RESET_LINK_MINUTES": ["4", "1441", "an hour"],
    "DRIVER_APP_URL": ["app.example.com", "ftp://x", "https://x/?a=1"],
    "EXPORT_DAYS": ["0", "366", "a week"],
    "FILE_RETENTION_DAYS": ["0", "forever"],
    "FIRMWARE_MAX_BYTES": ["0", "1GB"],
    "JWT_ACCESS_MINUTES": ["0", "never", "1.5"],
    "JWT_REFRESH_DAYS": ["0", "366"],
    "BILLING_PREPAID_HOLD": ["-1", "five", "1.23456"],
    "BILLING_SETTLE_SECONDS": ["-1", "86401"],
    "BILLING_STOP_AT_PERCENT": ["0", "101"],
    "LOG_FORMAT": ["xml"],
    "MAPS_PUBLIC": ["maybe"],
    "MAP_TILE_URL": [
        "tile.example.com",
        "ftp://x/{z}/{x}/{y}",
        "https://x/{z}.png",
        "https://x; {z}{x}{y}",
    ],
    "LOG_LEVEL": ["loud"],
    "OCPP_ALLOW_UNAUTHENTICATED": ["maybe"],
    "OCPP_COMMAND_TIMEOUT": ["0", "601", "soon"],
    "OCPP_HEARTBEAT_INTERVAL": ["0", "9", "-60", "60s", "86401", "1e3", "60.5"],
    "OCPP_MAX_FRAME_BYTES": ["1", "1GB"],
    "OCPP_MAX_PENDING_CALLS": ["0", "-1"],
    "OCPP_FRAMES_PER_SECOND": ["0", "1.5"],
    "OCPP_FRAME_BURST": ["0", "1.5"],
    "OCPP_MAX_SOCKETS": ["0", "1.5"],
    "OCPP_MAX_SOCKETS_PER_ADDRESS": ["0", "1.5"],
    "OCPP_CONNECTS_PER_MINUTE": ["0", "1.5"],
    "OCPP_FAILURES_PER_MINUTE": ["0", "1.5"],
    "OCPP_HANDSHAKE_SECONDS": ["0", "1.5"],
    "OCPP_PING_SECONDS": ["0", "1.5"],
    "OCPP_DEAD_SECONDS": ["0", "1.5"],
    "OCPP_MESSAGE_RETENTION_DAYS": ["0", "forever"],
    "HEARTBEAT_INTERVAL": ["60", "999", "30s"],
    "SESSION_TIMEOUT": ["60", "1h"],
    "CONNECTION_TIMEOUT": ["60", "5m"],
    "MAX_CONNECTIONS": ["0", "many"],
    "CORS_ALLOWED_ORIGINS": ["app.example.com", "https://app.example.com/path", "*"],
    "REGISTRATION": ["on", "true"],
    "RESERVATION_MINUTES": ["0", "10081", "an hour"],
    "FRONTEND_URL": ["app.example.com", "https://app.example.com/path", "*"],
    "APP_CONNECTS_PER_MINUTE": ["0", "1.5"],
    "APP_LOGINS_PER_MINUTE": ["0", "1.5"],
    "APP_MESSAGES_PER_MINUTE": ["0", "1.5"],
    "RUN_OCPP_TEST": ["sometimes"],
    "OCPP_TEST_INTERVAL_MULTIPLIER": ["0", "nan", "slow", "101"],
    "OCPP_SILENT_SESSION_HOURS": ["0", "a day"],
    "LIVEMETRICS_DB_UPDATE_INTERVAL": ["-1", "3600001", "30s", "0.5"],
    "OCPP_QUIET_SECONDS": ["-1", "nan", "inf", "601"],
    "OCPP_READ_CONFIGURATION": ["daily"],
    "OCPP_READ_CONFIGURATION_HOURS": ["0", "8761", "a day"],
    "OCPP_SETTLE_SECONDS": ["-0.1", "nan", "61", "a while"],
    "OCPP_STATION_RESERVATIONS": ["sometimes"],
    "OCPP_UNKNOWN_STATIONS": ["ignore"],
    "OCPP_WORKERS": ["-1", "65"],
    "PORT": ["0", "65536", "http", "-3000", "3000.5", "0x10"],
    "PUBLIC_URL": ["cpms.example.com", "ftp://x", "https://", "https://x/?a=1", "http://x y"],
    "REDIS_URL": ["localhost:6379", "http://x"],
    "SECURITY_EVENT_RETENTION_DAYS": ["0", "forever"],
    "STATION_CERTIFICATE_DAYS": ["0", "3651", "a year"],
    "STATION_CERTIFICATE_RENEW_DAYS": ["0", "3651", "a month"],
    "TLS_PORT": ["-1", "65536", "https"],
    "TRANSFER_HOURS": ["0", "a day"],
    "BILLING_CURRENCY": ["euro", "XYZ"],
    "STRIPE_API_BASE": ["api.stripe.com", "ftp://x"],
    "STRIPE_TIMEOUT_SECONDS": ["0", "121", "soon"],
    "PAYMENT_EXPIRY_MINUTES": ["4", "1441", "an hour"],
    "AUDIT_RETENTION_DAYS": ["29", "for ever"],
    "LOGIN_FAILURES": ["2", "never"],
    "LOGIN_LOCK_MINUTES": ["0", "for ever"],
    "TRUSTED_PROXIES": ["nginx", "10.0.0.1/8", "10.0.0.0/33", "*"],
    "UPLOAD_MAX_BYTES": ["0", "-1", "many"],
}
FREE_TEXT = {
    *("ADMIN_PASSWORD", "ADMIN_USERNAME", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"),
    *(
        "DATA_DIR",
        "EMAIL_FROM",
        "ENVIRONMENT_NAME",
        "HOST",
        "MEDIA_ROOT",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "TIME_ZONE",
    ),
    *("OTP_REQUIRED_ROLES",),
    *("PROXY_CERTIFICATE_HEADER", "PROXY_VERIFY_HEADER"),
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
    *("TLS_CERTIFICATE", "TLS_CLIENT_CA", "TLS_KEY"),
}
ALSO = {one.also: name for name, one in VARIABLES.items() if one.also}


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Environment:
    """An environment nothing is set in."""
    for name in [*VARIABLES, *ALSO]:
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(FileAwareEnv, "ENVIRON", FileAwareMapping())  # it remembers files
    return Environment(VARIABLES, tmp_path / ".env")


def test_there_is_a_wrong_value_for_every_variable_that_can_have_one():
    assert set(WRONG) | FREE_TEXT == set(VARIABLES)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_refused_with_its_name_and_what_is_expected(env, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        env(name)
    message = str(refused.value)
    assert name in message
    assert VARIABLES[name].expected in message
    assert repr(value) in message


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_what_is_not_set_has_its_default(env, monkeypatch, name):
    assert env(name) == VARIABLES[name].default
    monkeypatch.setenv(name, "   ")
    assert env(name) == VARIABLES[name].default


@pytest.mark.parametrize("name", sorted(WRONG))
def test_every_default_is_a_right_value(env, monkeypatch, name):
    default = VARIABLES[name].default
    monkeypatch.setenv(name, ",".join(default) if isinstance(default, list) else str(default))
    assert env(name) == default


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("DEBUG", "YES", True),
        ("DEBUG", "off", False),
        ("PORT", " 8080 ", 8080),
        ("OCPP_SETTLE_SECONDS", "0.5", 0.5),
        ("OCPP_UNKNOWN_STATIONS", "Reject", "reject"),
        ("ALLOWED_HOSTS", "a.example, b.example,", ["a.example", "b.example"]),
        ("REDIS_URL", "rediss://h:6379/0", "rediss://h:6379/0"),
        ("DATABASE_URL", "file:./dev.db", "file:./dev.db"),
        ("MAP_TILE_URL", " https://{s}.x.org/{z}/{x}/{y} ", "https://{s}.x.org/{z}/{x}/{y}"),
    ],
)
def test_right_values_are_read(env, monkeypatch, name, value, read):
    monkeypatch.setenv(name, value)
    assert env(name) == read


def test_the_self_test_is_also_spelt_as_in_the_ocpp_gateway_s_readme(env, monkeypatch):
    assert ALSO == {"RUN_OCCP_TEST": "RUN_OCPP_TEST"}
    monkeypatch.setenv("RUN_OCCP_TEST", "1")
    assert env("RUN_OCPP_TEST") is True


def test_of_two_spellings_the_usual_one_counts(env, monkeypatch):
    monkeypatch.setenv("RUN_OCCP_TEST", "1")
    monkeypatch.setenv("RUN_OCPP_TEST", "0")
    assert env("RUN_OCPP_TEST") is False


def test_a_wrong_value_is_named_as_it_was_spelt(env, monkeypatch):
    monkeypatch.setenv("RUN_OCCP_TEST", "sometimes")
    with pytest.raises(ImproperlyConfigured, match="RUN_OCCP_TEST has 'sometimes'"):
        env("RUN_OCPP_TEST")


def test_a_value_may_stand_in_a_file(env, monkeypatch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret))
    assert env("SECRET_KEY") == "from a file"


def test_a_file_that_is_not_there_is_named_with_its_variable(env, monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        env("SECRET_KEY")


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL"])
def test_a_required_value_that_is_missing_is_named(env, name):
    with pytest.raises(ImproperlyConfigured, match=f"{name} is not set") as refused:
        env.required(name)
    assert VARIABLES[name].expected in str(refused.value)


def test_no_secret_is_repeated(env, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://user:S3CRET@host/db")
    with pytest.raises(ImproperlyConfigured) as refused:
        env("DATABASE_URL")
    assert "S3CRET" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgresql://user:S3CRET@host",
        "postgresql://user:S3CRET@host:5432/",
        "postgresql://user:S3CRET@host:port/name",
        "postgresql://user:S3CRET@host:99999/name",
    ],
)
def test_a_database_url_without_a_database_is_refused(url, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refused:
        database(url, data_dir=tmp_path, pool=5)
    assert "postgresql://user:password@host:5432/name" in str(refused.value)
    assert "S3CRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("", "{folder}/voltdesk.sqlite3"),
        ("file:./dev.db", "./dev.db"),
        ("sqlite:////var/x.db", "/var/x.db"),
    ],
)
def test_sqlite_is_set_up_to_keep_what_it_was_told(url, name, tmp_path):
    entry = database(url, data_dir=tmp_path, pool=5)
    assert entry["ENGINE"] == "django.db.backends.sqlite3"
    assert entry["NAME"] == name.format(folder=tmp_path)
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]
    assert "synchronous=FULL" in entry["OPTIONS"]["init_command"]


def test_postgresql_has_a_pool(tmp_path):
    entry = database("postgresql://user:p%40ss@host:5433/name", data_dir=tmp_path, pool=7)
    assert entry["ENGINE"] == "cms.shared.postgresql"
    assert (entry["NAME"], entry["PASSWORD"], entry["PORT"]) == ("name", "p@ss", 5433)
    assert entry["OPTIONS"]["pool"]["max_size"] == 7


def test_a_data_folder_is_made(tmp_path):
    ensure_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_data_folder_that_cannot_be_is_named(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below"):
        with pytest.raises(ImproperlyConfigured, match="DATA_DIR"):
            ensure_folder(folder)


def test_tiles_of_maps_are_all_that_pages_ask_others_for():
    assert hosts_of_tiles("") == []
    assert hosts_of_tiles("http://[::1]:8080/{z}/{x}/{y}") == ["http://[::1]:8080"]
    tiles = hosts_of_tiles("https://{s}.tile.example.com/{z}/{x}/{y}.png")
    assert tiles == ["https://*.tile.example.com"]
    assert for_pages(*tiles)["img-src"] == [*for_pages()["img-src"], *tiles]
