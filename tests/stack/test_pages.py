"""Pages that stay true, over real sockets: staff are told what changed, nobody else anything."""

from __future__ import annotations

import contextlib
import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.processes import start_server
from tests.rows import one
from tests.stack.station import PlainStation
from tests.web import Browser, logged_in

_PASSWORD = "watches-all-day"
_SOON_S, _QUIET_S = 20.0, 3.0
_NUMBER = "SELECT id FROM stations_chargingstation WHERE cp_id = ?"


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def server(shared_environment, request):
    environment = {
        **shared_environment,
        "ASGI_SERVER": request.param,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "ADMIN_PASSWORD": _PASSWORD,
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture(scope="module")
def operator(server):
    return logged_in(server, password=_PASSWORD)


@contextlib.contextmanager
def page(server, browser, *shows, origin=""):
    """A page of whoever sits at ``browser``, which shows these things."""
    url = server.ws.removesuffix("/ocpp") + "/ws/pages"
    headers = {"Cookie": browser.cookies}
    with connect(
        url, additional_headers=headers, origin=origin or server.http, proxy=None
    ) as socket:
        if shows:
            socket.send(json.dumps({"shows": list(shows)}))
        yield socket


def heard(socket, seconds=_SOON_S):
    """What a page is told next."""
    return json.loads(socket.recv(timeout=seconds))["changed"]


def all_heard(socket):
    """Everything it is told until nothing comes for a while."""
    told = []
    with contextlib.suppress(TimeoutError):
        while True:
            told.append(heard(socket, _QUIET_S))
    return told


def status(station, word, connector=1):
    """A connector of the station reports how it is."""
    said = {"connectorId": connector, "status": word, "errorCode": "NoError"}
    station.call("StatusNotification", said)


def test_a_page_is_told_that_its_station_changed(server, operator):
    with PlainStation(server.ws, "LIVE-1") as station:
        number = one(server.environment, _NUMBER, "LIVE-1")
        with page(server, operator, f"station:{number}") as socket:
            all_heard(socket)  # its boot
            status(station, "Charging")
            assert heard(socket) == [f"station:{number}"]


def test_fifty_changes_at_once_are_told_in_few_messages(server, operator):
    with (
        PlainStation(server.ws, "LIVE-2") as station,
        page(server, operator, "station:*") as socket,
    ):
        all_heard(socket)
        for connector in range(1, 51):
            status(station, "Preparing", connector)
        told = all_heard(socket)
        assert 1 <= len(told) < 25  # a slow machine needs seconds for them
        assert {name for names in told for name in names} == {"station:*"}


def test_who_is_not_logged_in_is_turned_away(server):
    with page(server, Browser(server.http)) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=_SOON_S)
        assert closed.value.rcvd.code == 4403


def test_a_page_of_another_site_gets_no_socket(server, operator):
    with (
        pytest.raises(InvalidStatus) as refused,
        page(server, operator, origin="https://elsewhere.example"),
    ):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "shows",
        "[]",
        '{"shows": "station:1"}',
        '{"shows": [1]}',
        '{"shows": ["station:1; drop"]}',
        json.dumps({"shows": ["station:1"] * 501}),
    ],
)
def test_what_is_not_understood_closes_the_socket(server, operator, text):
    with page(server, operator) as socket:
        socket.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=_SOON_S)
        assert closed.value.rcvd.code == 4400


def test_a_page_that_asks_without_end_is_closed(server, operator):
    with page(server, operator) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1000):
                socket.send(json.dumps({"shows": ["station:1"]}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=_SOON_S)
        assert closed.value.rcvd.code == 4429
