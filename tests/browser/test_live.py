"""Pages that stay true: what a station says shows without a reload, and once for a burst."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import expect

from tests.rows import one
from tests.stack.station import PlainStation

_NUMBER = "SELECT id FROM stations_chargingstation WHERE cp_id = ?"


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"LIVE-{secrets.token_hex(4)}") as running:
        status(running, "Available")
        yield running


def status(station, word):
    said = {"connectorId": 1, "status": word, "errorCode": "NoError"}
    station.call("StatusNotification", said)


def at_its_page(visitor, server, station):
    """Somebody who looks at the page of a station, which is live."""
    number = one(server.environment, _NUMBER, station.cp_id)
    omar = visitor("operator")
    omar.goes(f"/admin/stations/chargingstation/{number}/change/")
    expect(omar.page.locator("[data-live-state]")).to_have_text("Live")
    return omar


def test_what_a_connector_says_shows_without_a_reload(visitor, server, station):
    omar = at_its_page(visitor, server, station)
    connector = omar.page.locator(".vd-connector")
    expect(connector).to_contain_text("Available")
    omar.page.evaluate("window.sameAsBefore = true")
    status(station, "Preparing")
    expect(connector).to_contain_text("Preparing")
    status(station, "Faulted")
    expect(connector).to_contain_text("Faulted")
    assert omar.page.evaluate("window.sameAsBefore")


def test_a_burst_is_fetched_a_few_times_at_most(visitor, server, station):
    omar = at_its_page(visitor, server, station)
    asked: list[str] = []
    omar.page.on("request", lambda request: asked.append(request.url))
    for number in range(50):
        status(station, "Preparing" if number % 2 else "Available")
    status(station, "Finishing")
    expect(omar.page.locator(".vd-connector")).to_contain_text("Finishing")
    assert (
        1 <= sum(url.endswith("/live/") for url in asked) < 25
    )  # a slow machine needs seconds for them


def test_a_page_whose_line_was_cut_says_so_and_catches_up(visitor, server, station):
    omar = at_its_page(visitor, server, station)
    omar.context.set_offline(True)
    omar.page.evaluate("dispatchEvent(new Event('pagehide'))")  # closes the socket
    expect(omar.page.locator("[data-live-state]")).to_have_text("Reconnecting")
    status(station, "Charging")
    omar.context.set_offline(False)
    expect(omar.page.locator("[data-live-state]")).to_have_text("Live", timeout=60_000)
    expect(omar.page.locator(".vd-connector")).to_contain_text("Charging")
    omar.takes_back()  # of the tries in between


def test_a_page_that_is_loaded_after_its_line_is_open_says_live(visitor, server, station):
    number = one(server.environment, _NUMBER, station.cp_id)
    omar, held = visitor("operator"), []
    omar.page.route("**/slow.png", lambda route: held.append(route))
    omar.page.add_init_script(
        "addEventListener('DOMContentLoaded', () => document.body.append("
        "Object.assign(new Image(), {src: '/static/slow.png'})))"
    )
    page = f"/admin/stations/chargingstation/{number}/change/"
    omar.page.goto(page, wait_until="domcontentloaded")
    expect(omar.page.locator("[data-live-state]")).to_have_text("Live")
    held[0].fulfill(status=204)
    omar.page.wait_for_load_state("load")
    assert omar.page.locator("[data-live-state]").inner_text() == "Live"
