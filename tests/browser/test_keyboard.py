"""Without a mouse: menus and dialogs open, keep the focus inside, and give it back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor
from tests.processes import Server
from tests.rows import one
from tests.stack.station import PlainStation

_NUMBER = "SELECT id FROM stations_chargingstation WHERE cp_id = ?"


@pytest.fixture
def station(visitor: Callable[..., Visitor], server: Server) -> Iterator[Visitor]:
    """The page of a station that is connected, opened by an operator."""
    with PlainStation(server.ws, f"KEYS-{secrets.token_hex(4)}") as running:
        running.call("Heartbeat")
        number = one(server.environment, _NUMBER, running.cp_id)
        olga = visitor("operator")
        olga.goes(f"/admin/stations/chargingstation/{number}/change/")
        yield olga


def focused(visitor: Visitor) -> Locator:
    """What has the focus."""
    return visitor.page.locator(":focus")


def press(visitor: Visitor, *keys: str) -> None:
    """One key after the other."""
    for key in keys:
        visitor.page.keyboard.press(key)


def test_a_dialog_opens_by_enter_and_gives_the_focus_back_by_escape(station):
    link = station.page.get_by_role("link", name="Remote start").first
    link.focus()
    press(station, "Enter")
    expect(station.dialog.locator(":focus")).to_have_count(1)
    press(station, "Escape")
    expect(station.dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_the_focus_stays_in_the_dialog(station):
    station.opens("Remote start")
    expect(station.dialog.locator(":focus")).to_have_count(1)
    for key in ("Tab", "Shift+Tab"):
        for _ in range(12):
            press(station, key)
            expect(station.dialog.locator(":focus")).to_have_count(1)


def test_a_menu_of_the_page_is_walked_by_arrows(station):
    menu = station.page.get_by_role("button", name="More commands")
    menu.focus()
    press(station, "Enter")
    expect(focused(station)).to_have_accessible_name("Unlock connector…")
    press(station, "ArrowDown", "ArrowDown", "ArrowUp")
    expect(focused(station)).to_have_accessible_name("Reserve…")
    press(station, "Escape")
    expect(menu).to_be_focused()
    expect(station.page.get_by_role("link", name="Reserve…", exact=True)).to_be_hidden()


def test_a_dialog_of_a_menu_gives_the_focus_back_to_the_menu(station):
    menu = station.page.get_by_role("button", name="More commands")
    menu.focus()
    press(station, "Enter")
    expect(focused(station)).to_have_accessible_name("Unlock connector…")
    press(station, "Enter")
    expect(station.dialog).to_be_visible()
    press(station, "Escape")
    expect(station.dialog).to_be_hidden()
    expect(menu).to_be_focused()


def test_one_logs_out_without_a_mouse(stranger, server):
    somebody = stranger()
    somebody.logs_in("admin", server.password)
    user = somebody.page.locator("#nav-sidebar-inner").get_by_role("button", name="admin")
    user.focus()
    press(somebody, "Enter")
    leave = somebody.page.get_by_role("button", name="Log out")
    expect(leave).to_be_visible()
    leave.focus()
    with somebody.page.expect_navigation(wait_until="load"):
        press(somebody, "Enter")
    assert somebody.goes("/admin/").url.endswith("/admin/login/?next=/admin/")
