"""An operator brings a station up to date, and looks into its log when something went wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.conformance.operator import Operator
from tests.conformance.station import Station
from tests.processes import Server, start_server
from tests.web import Api, logged_in, with_api_key

IMAGE = os.urandom(700_000)
LOG = b"12:00 relay stuck\n" * 5_000


@pytest.fixture(scope="module")
def server(shared_environment) -> Iterator[Server]:
    with start_server(shared_environment) as running:
        yield running


@pytest.fixture(scope="module")
def api(server) -> Api:
    return with_api_key(server)


@pytest.fixture
def station(server, request) -> Iterator[Station]:
    """A station of Examiner's, connected and booted with firmware 1.0."""
    station = Station(server.ws, f"TALE-{request.node.name[5:25]}".upper().replace("_", "-"))
    station.connects()
    station.boots()
    yield station
    station.leaves()


@pytest.fixture
def operator(api, station) -> Iterator[Operator]:
    operator = Operator(api, station.cp_id)
    yield operator
    operator.leaves()


def http(method: str, url: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    """What a station's HTTP client gets: the status and the file."""
    asked = Request(url, body, headers, method=method)
    try:
        with build_opener(ProxyHandler({})).open(asked, timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        return refused.code, refused.read()


def image(api: Api, version: str) -> int:
    """A firmware the operator got from the manufacturer and puts into the library."""
    facts = {"vendor": "Examiner", "model": "Scripted", "version": version}
    added = api.upload("firmware/images", "firmware.bin", IMAGE, **facts)
    assert added.status == 201, added
    return int(added.body["id"])


def tells(station: Station, *statuses: str) -> None:
    for status in statuses:
        assert station.asks("FirmwareStatusNotification", status=status) == {}


def test_a_firmware_is_fetched_in_two_pieces_installed_and_found_to_run(
    station, operator, api, server
):
    operator.sends("update-firmware", {"firmware": image(api, "2.0")})
    asked = station.expects("UpdateFirmware")
    station.answers()
    operator.is_told()
    where = asked["location"]
    assert where.startswith(server.http)  # the operator named no address: it is ours

    tells(station, "Downloading")
    status, first = http("GET", where, Range="bytes=0-299999")  # then the mobile network is gone
    assert (status, len(first)) == (206, 300_000)
    station.leaves()
    station.connects()
    status, rest = http("GET", where, Range="bytes=300000-")
    assert status == 206
    assert first + rest == IMAGE

    tells(station, "Downloaded")
    station.reports("Unavailable")
    tells(station, "Installing")
    [update] = operator.lists(f"firmware/updates?station={station.cp_id}")
    assert (update["outcome"], update["versionBefore"]) == ("Open", "1.0")
    station.leaves()
    station.connects()
    station.boots(firmware="2.0")
    [update] = operator.lists(f"firmware/updates?station={station.cp_id}")
    assert (update["outcome"], update["versionWanted"]) == ("Done", "2.0")  # it runs: that counts
    tells(station, "Installed")
    operator.sees(f"firmware/updates/{update['id']}", outcome="Done", status="Installed")
    operator.sees_station(firmwareVersion="2.0")
    page = logged_in(server).open("/admin/stations/firmwareupdate/")
    assert station.cp_id in page.body


def test_a_station_that_cannot_install_is_asked_for_its_log(station, operator, api, server):
    operator.sends("update-firmware", {"firmware": image(api, "3.0")})
    where = station.expects("UpdateFirmware")["location"]
    station.answers()
    operator.is_told()
    assert http("GET", where) == (200, IMAGE)
    tells(station, "Downloading", "Downloaded", "Installing", "InstallationFailed")
    [update] = operator.lists(f"firmware/updates?station={station.cp_id}")
    assert (update["outcome"], update["status"]) == ("Failed", "InstallationFailed")
    assert update["reason"]

    operator.sends("get-diagnostics")
    where = station.expects("GetDiagnostics")["location"]
    station.answers(fileName="relay.log")
    operator.is_told(fileName="relay.log")
    assert station.asks("DiagnosticsStatusNotification", status="Uploading") == {}
    status, _ = http("PUT", where, LOG)
    assert status in (200, 201)
    assert station.asks("DiagnosticsStatusNotification", status="Uploaded") == {}
    [log] = operator.lists(f"logs?station={station.cp_id}")
    assert (log["outcome"], log["fileName"]) == ("Done", "relay.log")
    assert api.raw(log["fileUrl"]).body == LOG
    assert http("PUT", where, b"somebody else's")[0] == 404  # an address is good once
    assert api.raw(log["fileUrl"]).body == LOG
