"""Celery worker and beat as processes of their own: what is due is done without any request."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from tests.processes import Process, Server, eventually, start
from tests.rows import change, one, stored
from tests.stack.installation import celery, installed
from tests.stack.station import PlainStation
from tests.web import Api, with_api_key

pytestmark = pytest.mark.production
_DUE_S = 30.0  # every task of these runs each ten seconds


class Installation(NamedTuple):
    """Web, gateway, worker and beat."""

    web: Server
    gateway: Server
    worker: Process
    beat: Process
    api: Api


@pytest.fixture(scope="module")
def installation(shared_environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("celery")
    environment = {
        **shared_environment,
        "CELERY_BROKER_URL": shared_environment["REDIS_URL"],
        "OCPP_HEARTBEAT_INTERVAL": "10",
    }
    worker = celery(environment, "worker", "--concurrency", "1", log=folder / "worker.log")
    schedule = str(folder / "schedule")
    beat = celery(environment, "beat", "--schedule", schedule, log=folder / "beat.log")
    with installed(environment, "web", "gateway") as (web, gateway), ExitStack() as running:
        for process in (worker, beat):
            running.enter_context(start(process))
        yield Installation(web, gateway, worker, beat, with_api_key(web))


def status_of(installation: Installation, cp_id: str) -> str:
    """Whether REST calls the station ONLINE or OFFLINE."""
    return str(installation.api.get(f"stations/{cp_id}").body["status"])


def ago(**length: float) -> str:
    """A time in the past, for a column."""
    return stored(datetime.now(UTC) - timedelta(**length))


def test_a_silent_station_goes_offline_and_its_next_word_brings_it_back(installation):
    with PlainStation(installation.gateway.ws, "WORK-SILENT") as station:
        fall_silent(installation, "WORK-SILENT")
        assert eventually(lambda: status_of(installation, "WORK-SILENT") == "OFFLINE", _DUE_S)
        assert installation.api.get("stations/WORK-SILENT").body["isConnected"] is False
        assert eventually(lambda: is_back(installation, station))


def test_any_frame_keeps_a_station_online(installation):
    gateway = installation.gateway.ws
    with PlainStation(gateway, "WORK-MUM"), PlainStation(gateway, "WORK-TALKS") as talks:
        for cp_id in ("WORK-MUM", "WORK-TALKS"):
            fall_silent(installation, cp_id)
        assert eventually(lambda: is_back(installation, talks))
        assert eventually(lambda: status_of(installation, "WORK-MUM") == "OFFLINE", _DUE_S)
        assert status_of(installation, "WORK-TALKS") == "ONLINE"


def test_a_reservation_nobody_used_expires(installation):
    with PlainStation(installation.gateway.ws, "WORK-RESERVE"):
        soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        wanted = {"ocppIdentifier": "WORK-RESERVE", "connectorId": 1, "idTag": "RFID_001"}
        made = installation.api.post("reservations", {**wanted, "expiryDate": soon})
        assert (made.status, made.body["status"]) == (201, "Accepted")
        path = f"reservations/{made.body['id']}"
        assert eventually(lambda: installation.api.get(path).body["status"] == "Expired", _DUE_S)


def test_a_queued_command_expires_when_the_station_does_not_come_in_time(installation):
    with PlainStation(installation.gateway.ws, "WORK-QUEUE"):
        pass
    api = installation.api
    assert eventually(lambda: status_of(installation, "WORK-QUEUE") == "OFFLINE")
    queued = api.post("admin/WORK-QUEUE/reset?queue=1&wait=0", {"type": "Soft"})
    assert queued.status == 202
    path = queued.body["url"].removeprefix("/api/")
    assert eventually(lambda: api.get(path).body["status"] == "Expired", _DUE_S)
    with PlainStation(installation.gateway.ws, "WORK-QUEUE") as late:
        late.call("Heartbeat")
        assert late.asked == []


def test_a_command_whose_gateway_died_times_out(installation):
    environment, api = installation.web.environment, installation.api
    with PlainStation(installation.gateway.ws, "WORK-DIED", mute=True) as station:
        sent = api.post("admin/WORK-DIED/clear-cache?wait=0.5")
        assert (sent.status, sent.body["status"]) == (202, "Sent")
        assert len(station.asked) == 1
        installation.gateway.kill()  # with it goes who would have noticed
    update = "UPDATE stations_command SET answer_before = ? WHERE id = ?"
    assert change(environment, update, ago(seconds=11), sent.body["id"]) == 1
    path = sent.body["url"].removeprefix("/api/")
    assert eventually(lambda: api.get(path).body["status"] == "TimedOut", _DUE_S)
    installation.gateway.start()


def test_worker_and_beat_stop_when_asked(installation):
    for process in (installation.beat, installation.worker):
        assert process.alive, process.said
        process.stop()
        assert process.left_nothing
        assert "Traceback" not in process.said, process.said
        process.start()


def fall_silent(installation: Installation, cp_id: str) -> None:
    """Set back when the station was last heard, once the gateway has written that down."""
    environment = installation.web.environment
    noted = "SELECT last_seen_at > last_boot_at FROM stations_chargingstation WHERE cp_id = ?"
    assert eventually(lambda: one(environment, noted, cp_id))
    update = "UPDATE stations_chargingstation SET last_seen_at = ? WHERE cp_id = ?"
    assert change(environment, update, ago(seconds=31), cp_id) == 1


def is_back(installation: Installation, station: PlainStation) -> bool:
    """Let the station say something; say whether it counts as online, and was heard just now."""
    station.call("DataTransfer", {"vendorId": "Plain"})
    seen = "SELECT last_seen_at > ? FROM stations_chargingstation WHERE cp_id = ?"
    recent = one(installation.web.environment, seen, ago(seconds=10), station.cp_id)
    return bool(recent) and status_of(installation, station.cp_id) == "ONLINE"
