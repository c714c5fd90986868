"""docker/: what can be known of the image and the composition without an engine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from cms.settings.env import VARIABLES
from tests.source import ROOT

pytestmark = pytest.mark.once
DOCKER = ROOT / "docker"
HEALTH_CHECK = [sys.executable, str(DOCKER / "healthcheck.py")]
OURS = {"migrate", "web", "gateway", "worker", "beat"}
# Read by compose or by another image, never by Voltdesk itself.
OF_COMPOSE = {"POSTGRES_PASSWORD", "VOLTDESK_IMAGE", "GATEWAY_PORTS"}


def tool(name: str, *arguments: str | Path) -> None:
    """Run a tool of the development set; fails with its own words."""
    command = [Path(sys.executable).with_name(name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of the composition, with its anchors resolved."""
    composition = yaml.safe_load((DOCKER / "compose.yml").read_text())
    found: dict[str, Any] = composition["services"]
    return found


def test_the_composition_follows_the_compose_schema():
    schema = ("--builtin-schema", "vendor.compose-spec")
    tool("check-jsonschema", *schema, DOCKER / "compose.yml")


def test_the_dockerfile_follows_good_practice():
    tool("hadolint", "--failure-threshold", "style", DOCKER / "Dockerfile")


def test_every_variable_given_to_our_containers_is_one_we_read(services):
    given = {name for service in OURS for name in services[service]["environment"]}
    assert given <= set(VARIABLES)


def test_every_variable_asked_of_the_operator_is_known():
    text = (DOCKER / "compose.yml").read_text()
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    assert asked <= set(VARIABLES) | OF_COMPOSE


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_PASSWORD"])
def test_nothing_starts_without_what_only_the_operator_knows(name):
    text = (DOCKER / "compose.yml").read_text()
    assert re.search(rf"\${{{name}:\?", text)
    assert not re.search(rf"\${{{name}(:-|}})", text)


def test_every_process_is_a_service_of_its_own(services):
    assert {name: services[name]["command"] for name in OURS} == {name: [name] for name in OURS}


def test_there_is_exactly_one_beat(services):
    beats = [name for name, service in services.items() if "beat" in service.get("command", [])]
    assert beats == ["beat"]
    assert services["beat"]["deploy"]["replicas"] == 1


def test_the_gateway_has_time_and_room_for_its_sockets(services):
    assert services["gateway"]["stop_grace_period"] == "45s"
    assert services["gateway"]["ulimits"]["nofile"] >= 65536


@pytest.mark.parametrize("name", sorted(OURS - {"migrate"}))
def test_every_process_waits_for_the_migrations(services, name):
    conditions = {on: what["condition"] for on, what in services[name]["depends_on"].items()}
    assert conditions == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


@pytest.mark.parametrize("name", [*sorted(OURS), "postgres", "redis"])
def test_no_container_may_become_more_than_it_is(services, name):
    service = services[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service.get("read_only") or name == "postgres"


def test_only_web_and_gateway_are_published_and_only_to_this_machine(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert set(published) == {"web", "gateway"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_the_image_runs_as_a_numbered_user():
    assert re.search(r"^USER 10001:10001$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("web", "python manage.py serve --only web"),
        ("gateway", "python manage.py serve --only gateway"),
        ("worker", "celery -A cms worker"),
        ("beat", "celery -A cms beat"),
        ("migrate", "python manage.py migrate --noinput"),
        ("create_api_key", "python manage.py create_api_key"),
    ],
)
def test_the_entry_point_starts_each_role(tmp_path, role, command):
    for program in ("python", "celery"):
        (tmp_path / program).write_text(f'#!/bin/sh\necho {program} "$@"\n')
        (tmp_path / program).chmod(0o755)
    done = subprocess.run(
        [DOCKER / "entrypoint", role, "--extra"],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(command)
    assert done.stdout.rstrip().endswith("--extra")


@pytest.mark.parametrize(("status", "exit_status"), [(200, 0), (503, 1)])
def test_the_health_check_is_the_servers_own_answer(status, exit_status):
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked_rightly = (self.path, self.headers["Host"]) == ("/health", "cpms.example.com")
            self.send_response(status if asked_rightly else 418)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        port = str(server.server_port)
        environment = {"PORT": port, "ALLOWED_HOSTS": "cpms.example.com, other.example.com"}
        assert subprocess.run(HEALTH_CHECK, env=environment).returncode == exit_status


def test_the_health_check_fails_when_nobody_answers():
    with socket.socket() as bound_but_not_listening:
        bound_but_not_listening.bind(("127.0.0.1", 0))
        port = str(bound_but_not_listening.getsockname()[1])
        assert subprocess.run(HEALTH_CHECK, env={"PORT": port}).returncode == 1


def test_the_image_contains_every_package_and_none_of_the_tests():
    kept = {
        line.removeprefix("!").split("/")[0]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert {"manage.py", "cms", "stations", "billing", "rfid", "ocpp_gateway", "templates"} <= kept
    assert not {"tests", "data", ".env", ".git"} & kept
