"""A process with a wrong setting ends within seconds and says which variable is to blame."""

from __future__ import annotations

import socket

import pytest

from tests import pki
from tests.processes import server_port

pytestmark = pytest.mark.once
LONG = "k" * 25 + "7" * 25


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "eighty", "1 to 65535"),
        ("OCPP_HEARTBEAT_INTERVAL", "0", "10 to 86400"),
        ("OCPP_UNKNOWN_STATIONS", "ignore", "accept, pending or reject"),
        ("DATABASE_URL", "postgresql://user@host", "postgresql://user:password@host:5432/name"),
        ("TIME_ZONE", "Mars/Olympus", "Europe/Berlin"),
        ("CSRF_TRUSTED_ORIGINS", "cpms.example.com", "scheme"),
        ("DATA_DIR", "/proc/nowhere", "a folder"),
        ("SECRET_KEY_FILE", "/nowhere/secret", "SECRET_KEY"),
    ],
)
@pytest.mark.parametrize("command", ["check", "serve"])
def test_it_names_the_variable_and_what_it_should_be(manage, command, name, value, expected):
    done = manage(command, **{name: value})
    assert done.returncode not in (0, None)
    assert name in done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_right_values_pass(manage):
    assert manage("check").returncode == 0


def test_a_port_that_is_taken_is_named(manage):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = manage("serve", PORT=port, HOST="127.0.0.1")
    assert done.returncode != 0
    assert port in done.stderr
    assert "PORT" in done.stderr


@pytest.mark.parametrize("host", ["no-such-host.invalid", "999.1.1.1", "203.0.113.7"])
def test_an_address_that_is_not_this_machines_is_named(manage, host):
    done = manage("serve", HOST=host, PORT="23999")
    assert done.returncode != 0
    assert "HOST" in done.stderr
    assert host in done.stderr
    assert "Traceback" not in done.stderr


PRODUCTION = {
    "settings": "cms.settings.production",
    "SECRET_KEY": LONG,
    "ALLOWED_HOSTS": "cpms.example.com",
    "DATABASE_URL": "postgresql://user:password@127.0.0.1:1/name",
}


def test_production_starts_with_what_it_needs(manage):
    assert manage("check", **PRODUCTION).returncode == 0


@pytest.mark.parametrize(
    ("changed", "blamed"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + LONG}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-" + LONG}, "SECRET_KEY"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "cpms.example.com,*"}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": " , "}, "ALLOWED_HOSTS"),
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
    ],
)
def test_production_refuses_what_is_not_safe(manage, changed, blamed):
    done = manage("check", **PRODUCTION | changed)
    assert done.returncode != 0
    assert blamed in done.stderr
    assert "Traceback" not in done.stderr
    assert LONG not in done.stderr


def test_production_is_strict_with_stations_unless_told_otherwise(manage):
    show = (
        "from django.conf import settings as s;"
        "print(s.OCPP_UNKNOWN_STATIONS, s.OCPP_ALLOW_UNAUTHENTICATED, s.LOGGING['format'])"
    )
    assert manage("shell", "-v0", "-c", show, **PRODUCTION).stdout.strip() == "reject False json"
    told = {"OCPP_UNKNOWN_STATIONS": "pending", "OCPP_ALLOW_UNAUTHENTICATED": "true"}
    assert manage("shell", "-v0", "-c", show, **PRODUCTION | told).stdout.strip() == (
        "pending True json"
    )


def test_the_embedded_default_keeps_a_secret_of_its_own(manage, tmp_path):
    show = "from django.conf import settings; print(settings.SECRET_KEY)"
    first = manage("shell", "-v0", "-c", show).stdout.strip()
    assert len(first) >= 50
    assert manage("shell", "-v0", "-c", show).stdout.strip() == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
@pytest.mark.parametrize("wrong", ["TLS_CERTIFICATE", "TLS_KEY", "TLS_CLIENT_CA"])
def test_a_file_that_tls_cannot_use_is_named(manage, tmp_path, server, wrong):
    root = pki.authority()
    certificate, key = pki.server(root).write(tmp_path, "server")
    ca, other = root.write(tmp_path, "ca")
    files = {"TLS_CERTIFICATE": certificate, "TLS_KEY": key, "TLS_CLIENT_CA": ca}
    ports = {"PORT": str(server_port()), "TLS_PORT": str(server_port()), "HOST": "127.0.0.1"}
    for unusable in (other, str(tmp_path / "nothing")):
        settings = {**files, **ports, wrong: unusable, "ASGI_SERVER": server}
        done = manage("serve", **settings)
        assert done.returncode not in (0, None)
        assert wrong in done.stderr
        assert "Traceback" not in done.stderr


def test_tls_without_its_files_is_refused(manage):
    done = manage("check", TLS_PORT="3443")
    assert "TLS_CERTIFICATE" in done.stderr
