"""Who may open a socket: policies, keys and their refusals, without a socket."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from ocpp_gateway.authentication import Admission, Denied, admit
from stations.models import ChargingStation
from stations.services import keys, stations

AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
KEY = "correct horse battery staple"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _policy(settings):
    settings.OCPP_UNKNOWN_STATIONS = "reject"
    settings.OCPP_ALLOW_UNAUTHENTICATED = True


@pytest.fixture
def keyed() -> ChargingStation:
    """KEYED, which has a key."""
    station = stations.create(cp_id="KEYED")
    keys.set_key(station=station, key=KEY)
    return station


def basic(user: str, key: str) -> bytes:
    """What Authorization says."""
    return b"Basic " + base64.b64encode(f"{user}:{key}".encode())


def knock(cp_id="KEYED", authorization: bytes | None = None, offered=("ocpp1.6",), path=None):
    """The decision on a handshake."""
    headers = [(b"authorization", authorization)] if authorization is not None else []
    path = path or f"/ocpp/{cp_id}"
    scope = {"path": path, "raw_path": path.encode(), "headers": headers}
    return admit({**scope, "subprotocols": list(offered)}, AT)


def status(*args, **kwargs) -> int:
    """The HTTP status a handshake is refused with; 101: it is not."""
    decision = knock(*args, **kwargs)
    return decision.status if isinstance(decision, Denied) else 101


def test_the_right_key_is_let_in_and_the_socket_is_the_newest(keyed):
    admitted = knock(authorization=basic("KEYED", KEY))
    assert isinstance(admitted, Admission)
    assert admitted.station == keyed
    keyed.refresh_from_db()
    assert keyed.connection_id == admitted.connection_id
    assert keyed.online


@pytest.mark.parametrize(("cp_id", "user"), [("keyed", "KEYED"), ("KEYED", "keyed")])
def test_the_letter_case_of_the_identity_does_not_count(keyed, cp_id, user):
    assert status(cp_id, basic(user, KEY)) == 101


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic " + base64.b64encode(b"\xff\xfe:\xff"),
        b"Basic " + base64.b64encode(b"no colon"),
        b"Bearer " + base64.b64encode(f"KEYED:{KEY}".encode()),
        basic("KEYED", ""),
        basic("KEYED", KEY[:-1]),
        basic("KEYED", KEY + "x"),
        basic("KEYED", KEY.upper()),
        basic("OTHER", KEY),
        basic("", KEY),
        basic("KEYED", "x" * 100_000),
        basic("KEYED", "\x00"),
    ],
)
def test_anything_but_the_right_key_is_refused_with_401(keyed, authorization):
    assert status(authorization=authorization) == 401
    keyed.refresh_from_db()
    assert keyed.connection_id == ""


def test_a_refusal_says_no_secret(keyed, caplog):
    refused = knock(authorization=basic("KEYED", "the wrong one"))
    assert "the wrong one" not in refused.reason + caplog.text
    assert KEY not in refused.reason + caplog.text
    assert "Refused" in caplog.text


def test_a_key_may_hold_a_colon():
    station = stations.create(cp_id="COLON")
    keys.set_key(station=station, key="a:key:with:colons")
    assert status("COLON", basic("COLON", "a:key:with:colons")) == 101


def test_a_key_of_another_station_is_refused(keyed):
    other = stations.create(cp_id="OTHER")
    keys.set_key(station=other, key="another key altogether")
    assert status("KEYED", basic("OTHER", "another key altogether")) == 401
    assert status("KEYED", basic("KEYED", "another key altogether")) == 401


def test_a_station_without_a_key_is_let_in_where_the_settings_allow_it(settings):
    stations.create(cp_id="OPEN")
    assert status("OPEN") == 101
    settings.OCPP_ALLOW_UNAUTHENTICATED = False
    assert status("OPEN") == 401
    assert status("OPEN", basic("OPEN", "")) == 401


@pytest.mark.parametrize("policy", ["reject", "pending", "accept"])
def test_an_unknown_station_without_a_key_is_refused_where_keys_are_asked_for(settings, policy):
    settings.OCPP_ALLOW_UNAUTHENTICATED = False
    settings.OCPP_UNKNOWN_STATIONS = policy
    assert status("NEW", basic("NEW", "whatever it may be")) == 401
    assert not ChargingStation.objects.exists()


def test_an_unknown_station_is_rejected():
    assert status("NEW") == 404
    assert not ChargingStation.objects.exists()


@pytest.mark.parametrize(
    ("policy", "registration"), [("accept", "Accepted"), ("pending", "Pending")]
)
def test_an_unknown_station_is_adopted(settings, policy, registration):
    settings.OCPP_UNKNOWN_STATIONS = policy
    assert status("NEW") == 101
    assert status("new") == 101
    station = ChargingStation.objects.get()
    assert (station.cp_id, station.registration) == ("NEW", registration)


@pytest.mark.parametrize("path", ["/", "/ocpp/", "/admin/x", "/api/stations", "/ocpp/%2e%2e"])
def test_a_path_without_a_station_is_not_found(settings, path):
    settings.OCPP_UNKNOWN_STATIONS = "accept"
    assert status(path=path) == 404


def test_only_a_version_we_do_not_speak_is_refused(keyed):
    assert status(authorization=basic("KEYED", KEY), offered=["ocpp2.0.1"]) == 400


def test_a_path_that_is_not_ascii_is_not_found(settings):
    settings.OCPP_UNKNOWN_STATIONS = "accept"
    scope = {"path": "/ocpp/\ufffd", "raw_path": b"/ocpp/\xff", "headers": []}
    decision = admit(scope, AT)
    assert isinstance(decision, Denied)
    assert decision.status == 404


def test_a_server_without_a_raw_path_decodes_the_path_once(settings):
    settings.OCPP_UNKNOWN_STATIONS = "accept"
    decision = admit({"path": "/ocpp/CP%41 ä", "headers": []}, AT)
    assert isinstance(decision, Admission)
    assert decision.station.cp_id == "CP%41 ä"


def test_no_path_writes_a_line_of_its_own_into_the_log(caplog):
    admit({"path": "/ocpp/\n[CP-2] Accepted", "raw_path": b"/ocpp/%0A", "headers": []}, AT)
    [record] = caplog.records
    assert "\n" not in record.getMessage()
