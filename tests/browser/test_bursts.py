"""Bursts: lists and the home page fetch once for many changes, and the last one always shows."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import expect

from tests.browser import line
from tests.browser.test_home import now
from tests.stack.station import PlainStation

HOME, LIST = "/admin/", "/admin/stations/chargingstation/"
_SOON_MS = 12_000  # well before the page looks by itself


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"BURST-{secrets.token_hex(4)}") as running:
        for connector in (1, 2):
            status(running, "Available", connector)
        yield running


def status(station, word, connector=1):
    said = {"connectorId": connector, "status": word, "errorCode": "NoError"}
    station.call("StatusNotification", said)


def begin(station, connector):
    start = {"connectorId": connector, "idTag": "NOBODYS", "meterStart": 0, "timestamp": now()}
    station.call("StartTransaction", start)


def at(visitor, path):
    """Somebody at a page that is live, and what it is told."""
    omar = visitor("operator")
    line.keep(omar.page)
    told = line.Told(omar.page)
    omar.goes(path)
    expect(omar.page.locator("[data-live-state]").first).to_have_text("Live")
    return omar, told


def test_fifty_changes_cost_the_list_of_stations_one_fetch(visitor, station):
    omar, _ = at(visitor, f"{LIST}?q={station.cp_id}")
    shown = omar.page.locator("#station-rows").get_attribute("data-shows")
    omar.page.wait_for_timeout(2000)  # what its connecting rang
    fetches = line.Fetches(omar.page)
    line.burst(omar.page, *shown.split())
    omar.page.wait_for_timeout(2000)
    assert fetches.of("/rows/") == len(fetches.paths) == 1


def test_fifty_changes_cost_each_part_of_the_home_page_one_fetch(visitor, station):
    omar, _ = at(visitor, HOME)
    omar.page.wait_for_timeout(3000)
    fetches = line.Fetches(omar.page)
    line.burst(omar.page, "home:*")
    omar.page.wait_for_timeout(4000)
    assert (fetches.of("/now/"), fetches.of("/ticker/")) == (1, 1)


def test_what_changes_while_the_list_is_being_fetched_shows(visitor, station):
    omar, told = at(visitor, f"{LIST}?q={station.cp_id}")
    held = line.Held(omar.page, "**/rows/**")
    status(station, "Preparing")
    line.until(omar.page, lambda: held.is_under_way)
    told.by(lambda: status(station, "Faulted"))
    omar.page.wait_for_timeout(500)  # it would be fetched by now
    held.comes()
    pip = omar.page.locator("#result_list tbody").get_by_text("Faulted")
    expect(pip.first).to_be_attached(timeout=_SOON_MS)


def test_what_changes_while_the_home_page_is_being_fetched_shows(visitor, station):
    omar, told = at(visitor, HOME)
    charging = omar.page.locator("#home-card-charging strong")
    before = int(charging.inner_text().split()[0])
    held = line.Held(omar.page, "**/now/**")
    begin(station, 1)
    line.until(omar.page, lambda: held.is_under_way)
    told.by(lambda: begin(station, 2))
    held.comes()
    expect(charging).to_contain_text(str(before + 2), timeout=_SOON_MS)


@pytest.mark.parametrize("how", ["hover", "focus"])
def test_the_ticker_stands_still_while_somebody_looks_and_then_goes_on(visitor, station, how):
    status(station, "Faulted")  # something is told
    omar, told = at(visitor, HOME)
    ticker = omar.page.locator("#home-ticker")
    its = ticker.locator("li", has_text=station.cp_id)
    before = its.count()
    getattr(ticker.locator("ol"), how)()
    told.by(lambda: begin(station, 1))
    omar.page.wait_for_timeout(2500)  # its pause, and more
    assert its.count() == before
    if how == "hover":
        omar.page.mouse.move(0, 0)
    else:
        omar.page.keyboard.press("Shift+Tab")
        omar.page.locator(":focus").evaluate("shown => shown.blur()")
    expect(its.filter(has_text="Session began")).to_have_count(1, timeout=_SOON_MS)
