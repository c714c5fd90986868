"""The map of sites: what stands there, live, by mouse and by keyboard."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import expect

from tests.browser import axe
from tests.processes import eventually
from tests.stack.station import PlainStation

PLACE = "path.vd-place.leaflet-interactive"


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"MAP-{secrets.token_hex(4)}") as running:
        said = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        running.call("StatusNotification", said)
        yield running


@pytest.fixture
def site(given, station):
    """A site with one station; its name and its page."""
    name = f"Harbour {secrets.token_hex(4)}"
    page = given.a_site(name=name, place=[53.5438, 9.9956], stations=[station.cp_id])
    return name, page


def row_of(somebody, name):
    return somebody.page.locator("#site-map-table tr").filter(has_text=name)


def test_a_site_is_opened_from_the_map(visitor, site):
    name, page = site
    omar = visitor("operator")
    omar.goes("/admin/")
    expect(omar.page.locator("path.vd-country").first).to_be_attached()
    pop_up(omar, name).get_by_role("link", name="Open").click()
    omar.page.wait_for_url(f"**{page}")


def pop_up(somebody, name):
    """Press places until the window of the one that is meant opens: others may be near."""
    opened = somebody.page.locator(".leaflet-popup").filter(has_text=name)
    places = somebody.page.locator(PLACE)
    expect(places.first).to_be_attached()
    for number in range(places.count()):
        places.nth(number).dispatch_event("click")
        if opened.count():
            return opened
    raise AssertionError(f"{name} is not on the map")


def test_the_table_says_the_same_and_changes_with_the_stations(visitor, site, station):
    name, page = site
    omar = visitor("operator")
    omar.goes("/admin/")
    toggle = omar.page.get_by_role("button", name="Show as table")
    toggle.focus()
    omar.page.keyboard.press("Enter")
    expect(row_of(omar, name)).to_contain_text("1 Online")
    omar.page.evaluate("window.sameAsBefore = true")
    said = {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure"}
    station.call("StatusNotification", said)
    expect(row_of(omar, name)).to_contain_text("1 Faulted", timeout=60_000)
    assert omar.page.evaluate("window.sameAsBefore")
    row_of(omar, name).get_by_role("link").focus()
    omar.page.keyboard.press("Enter")
    omar.page.wait_for_url(f"**{page}")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_on_the_map(visitor, site, look):
    omar = visitor("operator", color_scheme=look)
    omar.goes("/admin/")
    pop_up(omar, site[0])
    assert axe.violations(omar.page) == []


def test_the_map_fits_a_phone(visitor, site):
    omar = visitor("operator", width=390)
    omar.goes("/admin/")
    expect(omar.page.locator(PLACE).first).to_be_attached()
    assert omar.overflow == 0


def a_new_site(somebody):
    """The page on which a site is added, its map there."""
    somebody.goes("/admin/stations/site/add/")
    somebody.page.locator("#id_name").fill(f"Market {secrets.token_hex(4)}")
    expect(somebody.page.locator("#site-picker path.vd-country").first).to_be_attached()
    return somebody.page.locator("#site-picker")


def typed_place(somebody):
    """Latitude and longitude as the form has them."""
    return [
        float(somebody.page.locator(f"#id_{name}").input_value())
        for name in ("latitude", "longitude")
    ]


def test_a_site_is_placed_by_a_click(admin):
    picker = a_new_site(admin)
    picker.click(position={"x": 200, "y": 150})
    expect(admin.page.locator(".vd-picking [role=status]")).to_contain_text("The site is at")
    place = typed_place(admin)
    admin.page.locator("[name=_continue]").click()
    expect(admin.page.locator("#site-picker path.vd-place")).to_be_attached()
    assert typed_place(admin) == place
    assert -90 <= place[0] <= 90


def test_a_site_is_placed_by_keyboard_and_by_hand(admin):
    picker = a_new_site(admin)
    picker.focus()
    admin.page.keyboard.press("Enter")
    first = typed_place(admin)
    admin.page.keyboard.press("ArrowRight")

    def is_further_east():
        admin.page.keyboard.press("Enter")
        return typed_place(admin)[1] > first[1]

    assert eventually(is_further_east)
    admin.page.locator("#id_latitude").fill("53.5438")
    admin.page.locator("#id_longitude").fill("9.9956")
    picker.focus()
    admin.page.keyboard.press("Enter")  # the map went to what was typed
    assert typed_place(admin) == pytest.approx([53.5438, 9.9956], abs=0.1)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_sites(visitor, site, look):
    omar = visitor("operator", color_scheme=look)
    omar.goes("/admin/stations/site/")
    assert axe.violations(omar.page) == []
    omar.goes("/admin/stations/reservation/day/")
    assert axe.violations(omar.page) == []
    omar.goes(site[1])
    omar.page.get_by_label("By the week").check()
    expect(omar.page.locator("#site-picker path.vd-place")).to_be_attached()
    assert axe.violations(omar.page) == []
