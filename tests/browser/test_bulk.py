"""Many stations reset at once: shown first, followed live, who was away retried."""

from __future__ import annotations

import secrets
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.stack.station import PlainStation

SLOW_MS = 90_000  # a batch goes on by periodic work, on a machine that does other things


@pytest.fixture
def fleet(server):
    """Twelve stations, of which the last is away; gives what they begin with, and the stack."""
    prefix = f"BULK-{secrets.token_hex(3)}"
    with ExitStack() as running:
        for number in range(1, 13):
            name = f"{prefix}-{number:02}"
            station = PlainStation(server.ws, name)
            if number < 12:
                running.enter_context(station)
                said = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
                station.call("StatusNotification", said)
            else:
                with station:
                    pass
        yield prefix


def at_the_list(visitor, prefix, **how) -> Visitor:
    omar: Visitor = visitor("operator", **how)
    omar.goes(f"/admin/stations/chargingstation/?q={prefix}")
    expect(omar.page.locator("[data-live-state]").first).to_have_text("Live")
    expect(omar.page.locator("#vd-live-tab-offline")).to_have_text("1")
    return omar


def tally(omar, name):
    return omar.page.locator(".vd-tallies > div", has_text=name).locator("dd")


def test_twelve_are_reset_one_is_away_and_is_retried(visitor, server, fleet):
    omar = at_the_list(visitor, fleet)
    omar.page.locator("#action-toggle").check()
    omar.page.locator("select[name=action]").select_option(label="Reset…")
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.get_by_role("button", name="Run").click()
    expect(omar.page.locator(".vd-bulk-says")).to_have_text("12 stations, 1 offline")
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.get_by_role("button", name="Reset: 11 stations").dblclick(no_wait_after=True)
    omar.page.evaluate("window.sameAsBefore = true")
    expect(tally(omar, "accepted")).to_have_text("11", timeout=SLOW_MS)
    expect(tally(omar, "offline")).to_have_text("1")
    expect(omar.page.locator("#batch-live")).to_contain_text("It was offline")
    assert omar.page.evaluate("window.sameAsBefore")
    with PlainStation(server.ws, f"{fleet}-12") as back:
        omar.page.get_by_role("link", name="Retry failed (1)").click()
        expect(omar.dialog).to_be_visible()
        omar.finishes("Ask once more")
        expect(tally(omar, "accepted")).to_have_text("1", timeout=SLOW_MS)
        assert [asked.action for asked in back.asked].count("Reset") == 1


def test_a_row_is_expanded_by_keyboard_and_asks_only_then(visitor, fleet):
    omar = at_the_list(visitor, fleet)
    asked: list[str] = []
    omar.page.on("request", lambda request: asked.append(request.url))
    expander = omar.page.get_by_role("button", name=f"Expand row: {fleet}-01")
    assert not any("/connectors/" in url for url in asked)
    expander.focus()
    omar.page.keyboard.press("Enter")
    expect(omar.page.locator(".vd-outlets")).to_contain_text("Available")
    expect(expander).to_have_attribute("aria-expanded", "true")
    assert sum("/connectors/" in url for url in asked) == 1


def test_a_station_that_comes_shows_in_its_row_and_ticks_stay(visitor, server, fleet):
    omar = at_the_list(visitor, fleet)
    last = omar.page.locator("tr", has=omar.page.get_by_text(f"{fleet}-12", exact=True))
    expect(last).to_contain_text("Offline")
    last.locator("input.action-select").check()
    with PlainStation(server.ws, f"{fleet}-12"):
        expect(last).to_contain_text("Online")
        expect(omar.page.locator("#vd-live-tab-online")).to_have_text("12")
        expect(last.locator("input.action-select")).to_be_checked()


def test_a_menu_of_a_row_opens_the_log_by_keyboard(visitor, fleet):
    omar = at_the_list(visitor, fleet)
    row = omar.page.locator("tr", has=omar.page.get_by_text(f"{fleet}-01", exact=True))
    row.get_by_role("button", name="More actions").focus()
    for key in ("Enter", "End"):
        omar.page.keyboard.press(key)
        expect(omar.page.locator("nav a:focus")).to_have_count(1)
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.keyboard.press("Enter")
    assert "/ocppmessage/" in omar.page.url


def test_the_list_fits_a_phone(visitor, fleet):
    omar = at_the_list(visitor, fleet, width=390)
    assert omar.overflow == 0
    card = omar.page.locator("tr.data-row").first.bounding_box()
    assert card
    assert card["height"] < 170
