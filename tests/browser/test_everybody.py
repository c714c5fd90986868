"""The pages for everybody: axe-core finds nothing serious, light and dark."""

from __future__ import annotations

import pytest

from tests.browser import axe


@pytest.fixture(scope="module")
def pages(given):
    """One page of each kind that people look at all day."""
    return given.a_page_of_everything()


@pytest.fixture(scope="module")
def work(given):
    """Pages of what operators do besides."""
    return given.pages_of_work()


def wrong(somebody, pages):
    """What axe finds on each of them; nothing where nothing is wrong."""
    found = {}
    for path in pages:
        somebody.goes(path)
        found[path] = axe.violations(somebody.page)
    return {path: problems for path, problems in found.items() if problems}


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious(visitor, pages, look):
    assert wrong(visitor(color_scheme=look), pages) == {}


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious_where_operators_work(visitor, work, look):
    assert wrong(visitor(color_scheme=look), work) == {}


@pytest.mark.parametrize("look", ["light", "dark"])
def test_nothing_serious_is_wrong_with_what_a_bulk_command_would_do(visitor, given, work, look):
    omar = visitor("operator", color_scheme=look)
    omar.goes("/admin/stations/chargingstation/")
    omar.page.locator("#action-toggle").check()
    omar.page.locator("select[name=action]").select_option(label="Reset…")
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.get_by_role("button", name="Run").click()
    omar.page.locator(".vd-bulk-says").wait_for()
    assert axe.violations(omar.page) == []


def test_nothing_serious_is_wrong_with_a_dialog(visitor, given):
    anna = visitor("finance")
    anna.goes(given.a_wallet(name="frida"))
    anna.opens("Top up")
    anna.fills(amount="-1")
    anna.presses("Top up")
    anna.dialog.get_by_role("alert").wait_for()
    assert axe.violations(anna.page) == []


def test_an_icon_is_not_read_aloud(admin):
    admin.goes("/admin/")
    entries = admin.page.locator("#nav-sidebar-inner").get_by_role("link", name="Users", exact=True)
    assert entries.count() == 1
