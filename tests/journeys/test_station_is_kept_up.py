"""A simulated station brings its logs and installs firmware, over real sockets and real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.processes import Server, start_server
from tests.simulator.charge_point import ChargePoint
from tests.simulator.clock import Clock
from tests.web import Api, with_api_key

FIRMWARE = b"version 7.1.0\n" + b"\x00" * 300_000
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
_LONGEST_S = 60


@pytest.fixture(scope="module")
def server(shared_environment):
    with start_server(shared_environment) as running:
        yield running


@pytest.fixture(scope="module")
def api(server) -> Api:
    return with_api_key(server)


def kept_up(server: Server, cp_id: str, story: Callable[[ChargePoint], Any]) -> None:
    """Play a story with a station that is in a hurry."""

    async def play() -> None:
        clock = Clock(20.0, hurry=100.0)
        async with (
            asyncio.timeout(_LONGEST_S),
            ChargePoint(cp_id, server.ws, clock=clock) as station,
        ):
            await station.ready()
            await story(station)

    asyncio.run(play())


async def ended(api: Api, path: str, cp_id: str) -> dict[str, Any]:
    """The station's newest errand, once it is over."""
    while True:
        [row] = (await asyncio.to_thread(api.get, f"{path}?station={cp_id}&limit=1")).body[:1]
        if row["outcome"] != "Open":
            return dict(row)
        await asyncio.sleep(0.1)


def image(api: Api, version: str, **facts: str) -> int:
    named = {"vendor": "Simulated", "version": version, **facts}
    answer = api.upload("firmware/images", "fw.bin", FIRMWARE, **named)
    assert answer.status == 201, answer
    return int(answer.body["id"])


@pytest.mark.parametrize(
    ("path", "body"),
    [("get-diagnostics", {}), ("get-log", {"logType": "SecurityLog"})],
)
def test_a_station_brings_its_log(server, api, path, body):
    cp_id = f"KEPT-{path}"

    async def story(station: ChargePoint) -> None:
        answer = await asyncio.to_thread(api.post, f"admin/{cp_id}/{path}", body)
        assert answer.status == 200, answer
        row = await ended(api, "logs", cp_id)
        assert row["outcome"] == "Done"
        saved = await asyncio.to_thread(api.raw, row["fileUrl"])
        assert saved.body.startswith(f"log of {cp_id}".encode())

    kept_up(server, cp_id, story)


def test_a_station_installs_a_firmware_and_comes_back_with_it(server, api):
    cp_id = "KEPT-UPDATE"

    async def story(station: ChargePoint) -> None:
        wanted = {"firmware": await asyncio.to_thread(image, api, "7.1.0")}
        await asyncio.to_thread(api.post, f"admin/{cp_id}/update-firmware", wanted)
        row = await ended(api, "firmware/updates", cp_id)
        assert row["outcome"] == "Done"
        assert station.upkeep.installed == FIRMWARE
        told = [report["status"] for report in row["history"]][::-1]
        assert told[:3] == ["Downloading", "Downloaded", "Installing"]
        shown = await asyncio.to_thread(api.get, f"stations/{cp_id}")
        assert shown.body["firmwareVersion"] == "7.1.0"

    kept_up(server, cp_id, story)


@pytest.mark.parametrize(
    ("signature", "status", "outcome"),
    [("AAAA", "", "Done"), ("A", "InvalidSignature", "Failed")],
)
def test_a_signed_update_ends_with_its_signature(server, api, signature, status, outcome):
    cp_id = f"KEPT-SIGNED-{outcome}"

    async def story(station: ChargePoint) -> None:
        facts = {"signature": signature, "signingCertificate": CERTIFICATE}
        wanted = {"firmware": await asyncio.to_thread(image, api, f"7-{outcome}", **facts)}
        await asyncio.to_thread(api.post, f"admin/{cp_id}/signed-update-firmware", wanted)
        row = await ended(api, "firmware/updates", cp_id)
        assert row["outcome"] == outcome
        assert status in ("", row["status"])

    kept_up(server, cp_id, story)


def test_a_place_that_is_not_there_ends_in_failures(server, api):
    cp_id = "KEPT-NOWHERE"

    async def story(station: ChargePoint) -> None:
        nowhere = {"location": "http://127.0.0.1:9/fw.bin"}
        await asyncio.to_thread(api.post, f"admin/{cp_id}/update-firmware", nowhere)
        row = await ended(api, "firmware/updates", cp_id)
        assert (row["status"], row["outcome"]) == ("DownloadFailed", "Failed")
        await asyncio.to_thread(api.post, f"admin/{cp_id}/get-diagnostics", nowhere)
        row = await ended(api, "logs", cp_id)
        assert (row["status"], row["outcome"]) == ("UploadFailed", "Failed")

    kept_up(server, cp_id, story)
