"""The prior gateway's own flow: three cards, CP_TEST_001, a whole session, and reading it back."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from tests.processes import ROOT, Server, eventually, manage, start_server
from tests.web import Api, logged_in, with_api_key, with_token

SAMPLES = 5


class Flow(NamedTuple):
    """The server, and what the client said of its session at the end."""

    server: Server
    client: dict[str, Any]

    @property
    def path(self) -> str:
        """Where REST has the session."""
        return f"sessions/{self.client['transaction_id']}"


@pytest.fixture(scope="module")
def flow(shared_environment):
    with start_server(shared_environment) as server:
        assert manage(shared_environment, "setup_rfid") == "Active: RFID_001, RFID_002, RFID_003\n"
        yield Flow(server, played_by_the_client(server))


def played_by_the_client(server: Server) -> dict[str, Any]:
    """The whole flow, by the client as a process of its own, at the address without /ocpp."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.simulator", "--prior-flow", "--json", "--quiet"),
            *("--url", f"ws://127.0.0.1:{server.port}"),
            *("--interval", "1", "--count", str(SAMPLES)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    client: dict[str, Any] = json.loads(done.stdout)
    return client


@pytest.fixture(params=[with_api_key, with_token], ids=["api-key", "jwt"])
def api(request, flow):
    """REST, for a program with a key and for a person with a token."""
    return request.param(flow.server)


def test_the_client_is_satisfied(flow):
    assert flow.client["card"] == "Accepted"
    assert flow.client["meter_values"] == SAMPLES
    assert flow.client["energy_wh"] > 0
    assert flow.client["drained"] is True


def test_the_session_is_read_back_complete(flow, api):
    answer = api.get(flow.path)
    assert answer.status == 200
    session = answer.body
    assert session["stationIdentifier"] == "CP_TEST_001"
    assert (session["connectorId"], session["ocppIdTag"]) == (1, "RFID_001")
    assert session["sessionStatus"] == "COMPLETED"
    assert session["energyKwh"] == flow.client["energy_wh"] / 1000
    charged = session["stopMeterValue"] - session["startMeterValue"]
    assert charged == flow.client["energy_wh"]
    assert session["needsReview"] is False


def test_every_meter_value_is_read_back_in_order(flow, api):
    shown = api.get(f"{flow.path}/meter-values").body
    assert len(shown) == SAMPLES
    registers = [value["meterValue"] for value in shown]
    assert registers == sorted(registers)
    assert all(value["powerW"] >= 0 and value["voltageV"] == 230 for value in shown)
    assert json.loads(shown[0]["rawJson"])[0]["measurand"] == "Energy.Active.Import.Register"


def test_lists_show_it_at_its_station(flow, api):
    own = api.get("sessions/station/CP_TEST_001").body
    assert [session["id"] for session in own] == [flow.client["transaction_id"]]
    assert [session["id"] for session in api.get("sessions").body] == [own[0]["id"]]


def test_the_station_is_known_and_has_left(flow, api):
    assert eventually(lambda: api.get("stations/CP_TEST_001").body["status"] == "OFFLINE")
    station = api.get("stations/cp_test_001").body
    assert station["ocppIdentifier"] == "CP_TEST_001"
    assert (station["vendor"], station["registration"]) == ("Simulated", "Accepted")
    assert station["connectors"][0]["status"] == "Available"
    assert api.get("stations/connected/list").body == {"connectedStations": []}


def test_the_three_cards_are_there(flow, api):
    tags = [card["tagId"] for card in api.get("rfid").body]
    assert sorted(tags) == ["RFID_001", "RFID_002", "RFID_003"]
    assert api.get("rfid/RFID_001").body["status"] == "Active"


def test_nobody_else_reads_it(flow):
    assert Api(flow.server.http).get(flow.path).status == 401
    assert Api(flow.server.http, "Api-Key no.key").get(flow.path).status == 401
    assert with_api_key(flow.server, "read").post("admin/CP_TEST_001/reset").status == 403


def test_the_admin_shows_the_session_with_its_energy(flow):
    browser = logged_in(flow.server)
    page = browser.open(f"/admin/stations/chargingsession/{flow.client['transaction_id']}/change/")
    assert page.status == 200
    assert f"{flow.client['energy_wh'] / 1000:.3f} kWh" in page.body
    assert "CP_TEST_001" in page.body
    assert "RFID_001" in page.body


def test_the_admin_lists_station_session_and_messages(flow):
    browser = logged_in(flow.server)
    assert "CP_TEST_001" in browser.open("/admin/stations/chargingstation/").body
    assert "••••_001" in browser.open("/admin/stations/chargingsession/").body
    log = browser.open("/admin/ocpp_gateway/ocppmessage/")
    assert log.status == 200
    assert "StartTransaction" in log.body


def test_the_console_shows_every_frame_as_the_prior_gateway_did(flow):
    said = flow.server.said
    for action in ("BootNotification", "StatusNotification", "Authorize", "StartTransaction"):
        assert f'"{action}",' in said
    assert '[CP_TEST_001] Received: [2,"' in said
    assert '[CP_TEST_001] Sending: [3,"' in said
