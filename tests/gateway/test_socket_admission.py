"""The upgrade itself, on both servers: refused with the right status before it, or granted."""

from __future__ import annotations

import base64
import contextlib
import http.client
from collections.abc import Iterator

import pytest

from tests.gateway.conftest import serving
from tests.gateway.wire import BOOT, Wire
from tests.processes import Server, eventually, manage
from tests.rows import one, rows

pytestmark = pytest.mark.stack
KEY = "correct horse battery staple"
# Stations as an operator made them: with a key, without one, and one that is not accepted yet.
MADE = f"""
from stations.services import keys, stations
keys.set_key(station=stations.create(cp_id="KEYED"), key="{KEY}")
stations.create(cp_id="OPEN")
stations.create(cp_id="HELD", registration="Pending")
stations.create(cp_id="BARRED", registration="Rejected")
"""


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def strict(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that rejects unknown stations, under either ASGI server."""
    folder = tmp_path_factory.mktemp("strict")
    how = {"ASGI_SERVER": request.param, "OCPP_UNKNOWN_STATIONS": "reject"}
    with serving(folder, **how, OCPP_MAX_FRAME_BYTES="4096") as running:
        manage(running.environment, "shell", "-c", MADE)
        yield running


def knock(server: Server, path: str, **headers: str) -> http.client.HTTPResponse:
    """The answer to a handshake, as it came."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    basics = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes ok").decode(),
        "Sec-WebSocket-Protocol": "ocpp1.6",
    }
    for name, value in {**basics, **headers}.items():
        if value:
            connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    if answer.status != 101:
        answer.read()
    with contextlib.suppress(OSError):
        connection.close()
    return answer


def operator(server: Server, does: str) -> None:
    """An operator does something, in a process of its own."""
    manage(server.environment, "shell", "-c", f"from stations.services import stations\n{does}")


def basic(user: str, key: str) -> str:
    """What Authorization says."""
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def test_the_right_key_is_let_in(strict):
    with Wire(f"{strict.ws}/KEYED", key=KEY) as wire:
        assert wire.ask("Heartbeat")
        assert wire.socket.subprotocol == "ocpp1.6"


@pytest.mark.parametrize(
    "authorization", ["", basic("KEYED", "wrong"), basic("OPEN", KEY), "Basic x"]
)
def test_a_wrong_key_is_answered_401_before_the_upgrade(strict, authorization):
    answer = knock(strict, "/ocpp/KEYED", Authorization=authorization)
    assert answer.status == 401
    assert answer.getheader("WWW-Authenticate", "").startswith("Basic")


def test_a_wrong_key_shows_nobody_online(strict):
    knock(strict, "/ocpp/KEYED", Authorization=basic("KEYED", "wrong"))
    query = "SELECT online FROM stations_chargingstation WHERE cp_id = 'OPEN'"
    assert not one(strict.environment, query)


@pytest.mark.parametrize(
    "path",
    [
        "/ocpp/UNKNOWN",
        "/UNKNOWN",
        "/",
        "/ocpp/",
        "/admin/KEYED",
        "/api/KEYED",
        "/ocpp/%2e%2e",
        "/ocpp/%00",
        "/ocpp/%FF",
        "/ocpp/" + "x" * 3000,
    ],
)
def test_what_is_no_station_of_ours_is_answered_404(strict, path):
    assert knock(strict, path).status == 404


@pytest.mark.parametrize("offered", ["ocpp2.0.1", "ocpp1.5, ocpp1.2", "mqtt"])
def test_only_versions_we_do_not_speak_are_answered_400(strict, offered):
    assert knock(strict, "/ocpp/OPEN", **{"Sec-WebSocket-Protocol": offered}).status == 400


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("ocpp1.6", "ocpp1.6"),
        ("ocpp0.1, ocpp1.6", "ocpp1.6"),
        ("ocpp2.0.1,ocpp1.6,ocpp1.5", "ocpp1.6"),
        (",ocpp1.6", "ocpp1.6"),
        ("OCPP1.6", "OCPP1.6"),
        ("", None),
    ],
)
def test_the_version_is_named_as_the_station_named_it(strict, offered, answered):
    answer = knock(strict, "/ocpp/OPEN", **{"Sec-WebSocket-Protocol": offered})
    assert answer.status == 101
    assert answer.getheader("Sec-WebSocket-Protocol") == answered


@pytest.mark.parametrize(
    "path", ["/OPEN", "/open", "/ocpp/OPEN/", "/ocpp/x/OPEN?y=z", "/ocpp//OPEN"]
)
def test_the_last_part_of_any_path_names_the_station(strict, path):
    assert knock(strict, path).status == 101


def test_no_compression_is_agreed_on(strict):
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    answer = knock(strict, "/ocpp/OPEN", **offer)
    assert (answer.status, answer.getheader("Sec-WebSocket-Extensions")) == (101, None)


@pytest.mark.parametrize(("cp_id", "registration"), [("HELD", "Pending"), ("BARRED", "Rejected")])
def test_a_station_that_is_not_accepted_may_only_boot(strict, cp_id, registration):
    with Wire(f"{strict.ws}/{cp_id}") as wire:
        assert wire.ask("Heartbeat") == "SecurityError"
        assert wire.boot() == registration
        start = {
            "connectorId": 1,
            "idTag": "A",
            "meterStart": 0,
            "timestamp": "2025-03-01T12:00:00Z",
        }
        assert wire.ask("StartTransaction", start) == "SecurityError"
        assert wire.ask("Nonsense") == "SecurityError"
    query = (
        "SELECT count(*) FROM stations_chargingsession t JOIN stations_chargingstation s"
        " ON s.id = t.station_id WHERE s.cp_id = ?"
    )
    assert one(strict.environment, query, cp_id) == 0


def test_a_station_that_is_accepted_meanwhile_is_served_after_its_next_boot(strict):
    operator(strict, "stations.create(cp_id='SOON', registration='Pending')")
    with Wire(f"{strict.ws}/SOON") as wire:
        assert wire.boot() == "Pending"
        operator(strict, "stations.change(station=stations.find('SOON'), registration='Accepted')")
        assert wire.boot() == "Accepted"
        assert wire.ask("Heartbeat")


def test_a_binary_frame_closes_with_1003(strict):
    with Wire(f"{strict.ws}/OPEN") as wire:
        wire.tell(b"\x00")
        assert wire.closed_with() == 1003


def test_a_frame_that_is_too_large_closes_with_1009(strict):
    with Wire(f"{strict.ws}/OPEN") as wire:
        wire.tell("x" * 5000)
        assert wire.closed_with() == 1009


def test_text_that_is_no_utf8_closes_with_1007(strict):
    with Wire(f"{strict.ws}/OPEN") as wire:
        wire.socket.send(b"\xff\xfe", text=True)
        assert wire.closed_with() == 1007


def test_a_socket_that_closes_takes_the_station_offline(strict):
    query = "SELECT online, connection_id FROM stations_chargingstation WHERE cp_id = 'OPEN'"
    with Wire(f"{strict.ws}/OPEN") as wire:
        wire.ask("BootNotification", BOOT)
        assert [bool(row[0]) for row in rows(strict.environment, query)] == [True]
    assert eventually(lambda: rows(strict.environment, query)[0][1] == "")


def test_frames_sent_just_before_the_line_is_cut_are_still_stored(strict):
    with Wire(f"{strict.ws}/OPEN") as wire:
        wire.boot()
        for number in range(40):
            at = f"2025-03-02T12:{number:02}:00Z"
            start = {"connectorId": 7, "idTag": "LAST", "meterStart": number, "timestamp": at}
            wire.call("StartTransaction", start)
        assert wire.hear()
        wire.drop()
    query = "SELECT count(*) FROM stations_chargingsession WHERE id_tag = 'LAST'"
    assert eventually(lambda: one(strict.environment, query) == 40)


@pytest.mark.parametrize(
    ("path", "headers", "name", "status"),
    [
        ("/ocpp/KEYED", {"Authorization": basic("KEYED", "wrong")}, "KEYED", 401),
        ("/ocpp/STRANGER", {}, "STRANGER", 404),
        ("/ocpp/BARRED", {}, "BARRED", 0),
        ("/ocpp/OPEN", {"Sec-WebSocket-Protocol": "mqtt"}, "OPEN", 400),
        ("/ocpp/%2e%2e", {}, "/ocpp/..", 404),
    ],
)
def test_who_is_turned_away_is_in_the_review_queue(strict, path, headers, name, status):
    query = (
        "SELECT reason, address FROM stations_reviewcase"
        " WHERE kind = 'RejectedConnection' AND upper(subject) = upper(?)"
    )
    knock(strict, path, **headers)
    subject = f"{name}/{status}"
    assert eventually(lambda: bool(rows(strict.environment, query, subject)))
    [(reason, address)] = rows(strict.environment, query, subject)
    assert reason
    assert address == "127.0.0.1"


def test_an_unknown_card_is_in_the_review_queue(strict):
    with Wire(f"{strict.ws}/OPEN") as wire:
        assert wire.ask("Authorize", {"idTag": "NOBODY"})["idTagInfo"]["status"] == "Invalid"
    query = "SELECT times_seen FROM stations_reviewcase WHERE kind = 'UnknownCard' AND id_tag = ?"
    assert one(strict.environment, query, "NOBODY") == 1
