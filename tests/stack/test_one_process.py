"""``manage.py serve`` alone: what the first start makes and says, what it serves, how it ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.processes import (
    MANAGE,
    ROOT,
    NotRunning,
    eventually,
    server_port,
    start_server,
)
from tests.rows import change, one, rows, stored
from tests.stack.station import PlainStation
from tests.web import Answer, Api, Browser, logged_in, with_api_key

_OTHER_HOST = re.compile(
    r"""(?:src|href|url|action)\s*[=:(]\s*["']?(?:https?:)?//[^\s"')>]+""", re.I
)
_OTHER_STYLE = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//[^\s"')>]+""", re.I)
_LOADED = re.compile(r"""(?:<script[^>]+src|<link[^>]+href|<img[^>]+src)="([^"]+)\"""")


@pytest.fixture(scope="module")
def server(untouched_environment):
    with start_server(untouched_environment) as running:
        yield running


def serve_briefly(environment: dict[str, str], **settings: str) -> subprocess.CompletedProcess[str]:
    """Start ``manage.py serve`` where it cannot run; it has to end by itself."""
    return subprocess.run(
        [*MANAGE, "serve"],
        cwd=ROOT,
        env={**environment, "HOST": "127.0.0.1", "PORT": str(server_port()), **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )


def loaded_by(page: Answer) -> list[str]:
    """The scripts, styles and pictures a page asks its browser to fetch."""
    return _LOADED.findall(page.body)


def test_it_says_where_everything_is(server):
    assert f"{server.http}/admin/" in server.said
    assert f"{server.http}/api/docs" in server.said
    assert f"{server.ws}/<cpId>" in server.said
    assert "Ctrl-C" in server.said


def test_it_makes_its_tables_and_an_admin_who_can_log_in(server):
    assert "No station yet" in logged_in(server).open("/admin/").body
    assert (
        "[ ]"
        not in subprocess.run(
            [*MANAGE, "showmigrations", "--plan"],
            cwd=ROOT,
            env=server.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )


def test_the_password_is_made_once_and_shown_once(process_environment):
    with start_server(process_environment) as first:
        assert first.said.count("Admin user") == 1
        assert len(first.password) >= 12
    with start_server(process_environment) as second:
        assert "Admin user" not in second.said
        assert one(process_environment, "SELECT count(*) FROM accounts_user") == 1


def test_the_password_of_the_environment_is_taken(process_environment):
    process_environment |= {"ADMIN_USERNAME": "chief", "ADMIN_PASSWORD": "rather long word 7"}
    with start_server(process_environment) as server:
        login = {"username": "chief", "password": "rather long word 7"}
        assert Api(server.http).post("auth/token", login).status == 200


def test_it_says_that_it_is_well(server):
    answer = Browser(server.http).open("/health")
    assert (answer.status, answer.body["status"]) == (200, "healthy")


def test_it_keeps_nothing_outside_its_data_folder(server):
    folder = Path(server.environment["DATA_DIR"])
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (folder / "voltdesk.sqlite3").exists() == (not server.environment["DATABASE_URL"])


@pytest.mark.parametrize("path", ["/admin/login/", "/api/docs"])
def test_pages_bring_all_they_load_from_here(server, path):
    browser = Browser(server.http)
    page = browser.open(path)
    assert page.status == 200
    assert _OTHER_HOST.findall(page.body) == []
    files = loaded_by(page)
    assert files
    for file in files:
        assert file.startswith("/"), file
        fetched = browser.open(file)
        assert fetched.status == 200, file
        assert _OTHER_STYLE.findall(fetched.body) == [], file


def test_the_documentation_asks_nobody_else_to_judge_the_schema(server):
    # Swagger UI's own layout fetches a badge from validator.swagger.io; the plain one does not.
    assert 'layout: "BaseLayout"' in Browser(server.http).open("/api/docs?script=").body


def test_the_pages_of_a_logged_in_admin_name_no_other_host(server):
    browser = logged_in(server)
    for path in ("/admin/", "/admin/stations/chargingstation/", "/admin/rfid/rfidcard/add/"):
        page = browser.open(path)
        assert page.status == 200, path
        assert _OTHER_HOST.findall(page.body) == [], path
        assert [file for file in loaded_by(page) if not file.startswith("/")] == [], path


def test_the_schema_describes_the_paths_of_the_prior_gateway(server):
    schema = Api(server.http).get("schema")
    assert schema.status == 200
    wanted = {"/api/stations/connected/list", "/api/sessions/station/{cpId}", "/api/rfid/{tagId}"}
    wanted |= {"/api/admin/{cpId}/start-transaction", "/api/admin/{cpId}/stop-transaction"}
    assert wanted <= schema.body["paths"].keys()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_within_seconds_and_says_so(process_environment, number):
    with start_server(process_environment) as server:
        began = time.monotonic()
        server.send(number)
        assert server.wait(10) == 0
        assert time.monotonic() - began < 5
        assert server.said.rstrip().endswith("Voltdesk has stopped.")
        assert server.left_nothing


def test_it_stops_with_a_word_to_the_stations_and_takes_them_off_the_list(process_environment):
    with start_server(process_environment) as server:
        with PlainStation(server.ws, "CP-STOP") as station:
            server.send(signal.SIGINT)
            assert station.closed()
            assert station.close_code == 1001
            assert server.wait(10) == 0
        connected = "SELECT count(*) FROM stations_chargingstation WHERE connection_id <> ''"
        assert one(process_environment, connected) == 0
        assert one(process_environment, "SELECT count(*) FROM stations_chargingstation") == 1


def test_it_stops_while_a_caller_waits_for_an_answer(process_environment):
    with start_server(process_environment) as server, ThreadPoolExecutor(1) as caller:
        api = with_api_key(server)
        with PlainStation(server.ws, "CP-MUTE", mute=True) as station:
            waiting = caller.submit(api.post, "admin/CP-MUTE/clear-cache?wait=60")
            assert eventually(lambda: bool(station.asked))
            server.send(signal.SIGTERM)
            assert server.wait(10) == 0
            assert waiting.exception(10) or waiting.result().status >= 200


def test_a_port_in_use_is_named(process_environment):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = serve_briefly(process_environment, PORT=port)
    assert done.returncode != 0
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_folder_it_may_not_write_to_is_named(process_environment, tmp_path):
    (tmp_path / "file").touch()
    places = [tmp_path / "file" / "data"]
    places += [Path("/proc")] if Path("/proc/self").exists() else []  # exists, but is nobody's
    for place in places:
        done = serve_briefly(process_environment, DATA_DIR=str(place))
        assert done.returncode != 0
        assert "DATA_DIR" in done.stderr
        assert str(place) in done.stderr
        assert "Traceback" not in done.stderr


def test_a_value_it_cannot_read_is_named(process_environment):
    done = serve_briefly(process_environment, OCPP_HEARTBEAT_INTERVAL="often")
    assert done.returncode != 0
    assert "OCPP_HEARTBEAT_INTERVAL has 'often'" in done.stderr
    assert "whole number of seconds" in done.stderr


def test_periodic_work_is_done_inside_the_process(server):
    add_overdue_reservation(server.environment)
    statuses = "SELECT status FROM stations_reservation"
    assert eventually(lambda: rows(server.environment, statuses) == [("Expired",)], 20)


def test_a_server_that_could_not_start_says_why(process_environment):
    process_environment["TIME_ZONE"] = "Mars/Olympus"
    why = pytest.raises(NotRunning, match="TIME_ZONE has 'Mars/Olympus'")
    with why, start_server(process_environment):
        pass


def add_overdue_reservation(environment: dict[str, str]) -> None:
    """A reservation that nobody used in time."""
    now = datetime.now(UTC)
    past = stored(now - timedelta(minutes=1))
    change(
        environment,
        "INSERT INTO stations_chargingstation (cp_id, name, registration, time_zone, key_hash,"
        " protocol, vendor, model, serial_number, charge_box_serial_number, firmware_version,"
        " iccid, imsi, meter_type, meter_serial_number, online, connection_id, created_at,"
        " updated_at) VALUES ('CP1', '', 'Accepted', 'UTC', '', '', '', '', '', '', '', '', '',"
        " '', '', ?, '', ?, ?)",
        *(False, past, past),
    )
    change(
        environment,
        "INSERT INTO stations_connector (station_id, connector_id, status, error_code, info,"
        " vendor_id, vendor_error_code, connector_type)"
        " SELECT id, 1, 'Reserved', '', '', '', '', '' FROM stations_chargingstation",
    )
    change(
        environment,
        "INSERT INTO stations_reservation (station_id, connector_id, id_tag, parent_id_tag,"
        " status, status_reason, requested_at, expires_at)"
        " SELECT station_id, id, 'RFID_001', '', 'Accepted', '', ?, ? FROM stations_connector",
        *(past, past),
    )
