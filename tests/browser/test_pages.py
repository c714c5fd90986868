"""Every page of the menu, at a desk and on a phone: nothing goes wrong, nothing is cut off."""

from __future__ import annotations

import pytest

from tests.browser.visitor import Visitor


@pytest.fixture(scope="module", autouse=True)
def something_everywhere(given):
    """Rows for the lists."""
    given.a_page_of_everything()


def wrong(visitor: Visitor, path: str) -> list[str]:
    """What is not as it should be at a page."""
    visitor.goes(path)
    wide = [f"{visitor.overflow} px too wide"] if visitor.overflow else []
    return [*visitor.takes_back(), *wide]


def first_row(visitor: Visitor) -> str:
    """Where the first row of the list on the page leads; nowhere where it is empty."""
    link = visitor.page.locator("#result_list tbody a[href*='/change/']").first
    return str(link.get_attribute("href")).partition("?")[0] if link.count() else ""


@pytest.mark.parametrize("width", [1360, 390])
def test_every_page_of_the_menu_and_a_row_of_every_list_open_and_fit(visitor, width):
    somebody = visitor(width=width)
    somebody.goes("/admin/")
    seen = {}
    for path in somebody.menu.values():
        seen[path] = wrong(somebody, path)
        if row := first_row(somebody):
            seen[row] = wrong(somebody, row)
    assert len(seen) > 50
    assert {path: problems for path, problems in seen.items() if problems} == {}
