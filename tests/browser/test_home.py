"""The home page of an empty system: from the first run to the first charge, without a reload."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.conftest import new_environment
from tests.processes import Server, start_server
from tests.stack.station import PlainStation

_A_LOOK_MS = 90_000  # the roll-ups are made every 20 seconds, the cards fetched as often


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: nobody else's stations are there."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    with new_environment(folder) as environment, start_server(environment) as running:
        yield running


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_first_run(stranger, server, look):
    anna = stranger(color_scheme=look)
    anna.logs_in("admin", server.password)
    anna.page.get_by_label("What is it called?").wait_for()
    assert axe.violations(anna.page) == []


def test_from_an_empty_system_to_the_first_charge(stranger, server):
    anna = stranger()
    anna.logs_in("admin", server.password)
    page, guide = anna.page, anna.page.locator("#home-first")
    expect(guide).to_contain_text("No station yet")
    page.get_by_label("What is it called?").fill("CP-FIRST")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#home-waiting")).to_contain_text("Waiting for its BootNotification")
    expect(page.locator("#home-waiting [data-live-state]")).to_have_text("Live")
    assert axe.violations(page) == []
    url, _, cp_id = page.locator("#first-address").inner_text().rpartition("/")
    password = page.locator("#first-password").inner_text()
    page.evaluate("window.sameAsBefore = true")
    with PlainStation(url, cp_id, key=password) as station:
        expect(page.locator("#home-waiting")).to_contain_text("CP-FIRST is here")
        expect(page.locator("#home-card-online")).to_contain_text("1 / 1")
        expect(page.locator("#home-card-charging strong")).to_contain_text("0")
        session = begin(station)
        expect(page.locator("#home-card-charging strong")).to_contain_text("1")
        expect(page.locator("#home-ticker")).to_contain_text("Session began")
        meter(station, session, 1500)
        energy = page.locator("#home-card-energy")
        expect(energy).to_contain_text("1.500", timeout=_A_LOOK_MS)
    expect(page.locator("#home-ticker")).to_contain_text("Station offline")
    assert page.evaluate("window.sameAsBefore")


def begin(station: PlainStation) -> int:
    """Somebody charges at its connector; gives the session."""
    said = {"connectorId": 1, "status": "Charging", "errorCode": "NoError"}
    station.call("StatusNotification", said)
    start = {"connectorId": 1, "idTag": "NOBODYS", "meterStart": 0, "timestamp": now()}
    return int(station.call("StartTransaction", start)["transactionId"])


def meter(station: PlainStation, session: int, energy_wh: int) -> None:
    """What its meter shows."""
    sampled = [{"timestamp": now(), "sampledValue": [{"value": str(energy_wh)}]}]
    said = {"connectorId": 1, "transactionId": session, "meterValue": sampled}
    station.call("MeterValues", said)


def now() -> str:
    """The station's time."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
