"""Ctrl-K from anywhere: to the dialog of a command by keyboard alone; ? lists the shortcuts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import axe
from tests.browser.visitor import Visitor


@pytest.fixture
def station(given) -> tuple[str, str]:
    """The page of a station, and what it is called."""
    page = given.a_station()
    return page, given.cp_id_at(page=page)


def types(visitor: Visitor, text: str) -> None:
    """Into the box, which is open; until something is found."""
    expect(box(visitor)).to_be_focused()
    visitor.page.keyboard.type(text, delay=20)
    chosen = visitor.page.locator("#command-results-list li.active a").first
    expect(chosen).to_contain_text(text.split()[-1])


def box(visitor: Visitor) -> Locator:
    """Where one types."""
    return visitor.page.locator("#search-input-command")


def test_ctrl_k_opens_a_dialog_over_the_page_of_its_station_by_keyboard_alone(visitor, station):
    page, name = station
    olga = visitor("operator")
    olga.goes("/admin/")
    olga.page.keyboard.press("Control+k")
    types(olga, f"reset {name}")
    with olga.page.expect_navigation(url=f"**{page}**", wait_until="load"):
        olga.page.keyboard.press("Enter")
    expect(olga.dialog.get_by_role("heading", name="Reset")).to_be_visible()
    expect(olga.dialog.locator(":focus")).to_have_count(1)
    olga.page.keyboard.press("Escape")
    expect(olga.dialog).to_be_hidden()
    expect(olga.page.get_by_role("button", name="More commands")).to_be_focused()
    assert olga.page.url.endswith(page)  # loaded again, it is the page alone


def test_on_the_page_of_the_station_itself_nothing_is_loaded_anew(visitor, station):
    page, name = station
    olga = visitor("operator")
    olga.goes(page)
    olga.page.evaluate("window.sameAsBefore = true")
    olga.page.keyboard.press("Control+k")
    types(olga, f"reset {name}")
    olga.page.keyboard.press("Enter")
    expect(olga.page.locator("#modal-content").get_by_role("heading", name="Reset")).to_be_visible()
    expect(box(olga)).to_be_hidden()
    assert olga.page.evaluate("window.sameAsBefore")


def test_escape_closes_the_box_and_gives_the_focus_back(visitor, station):
    olga = visitor("operator")
    olga.goes(station[0])
    menu = olga.page.get_by_role("button", name="More commands")
    menu.focus()
    olga.page.keyboard.press("Control+k")
    types(olga, station[1])
    olga.page.keyboard.press("Tab")
    expect(box(olga)).to_be_focused()
    olga.page.keyboard.press("Escape")
    expect(box(olga)).to_be_hidden()
    expect(menu).to_be_focused()


def test_a_phone_has_a_button_for_it(visitor, station):
    olga = visitor("operator", width=390, has_touch=True)
    olga.goes("/admin/")
    button = olga.page.get_by_role("button", name="Search", exact=True)
    button.tap()
    types(olga, station[1])
    assert olga.overflow == 0
    assert axe.violations(olga.page) == []
    with olga.page.expect_navigation(url=f"**{station[0]}", wait_until="load"):
        olga.page.locator("#command-results-list li a").first.tap()


def test_a_question_mark_lists_the_shortcuts(admin):
    admin.goes("/admin/")
    admin.page.keyboard.press("?")
    listed = admin.page.get_by_role("dialog", name="Shortcuts")
    expect(listed).to_be_visible()
    expect(listed.get_by_role("button", name="Close")).to_be_focused()
    admin.page.keyboard.press("Escape")
    expect(listed).to_be_hidden()
