"""The message log in a browser: followed while a station speaks, paused, opened; its pairs."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.rows import one
from tests.stack.station import PlainStation

_NUMBER = "SELECT id FROM stations_chargingstation WHERE cp_id = ?"


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"LOG-{secrets.token_hex(4)}") as running:
        yield running


@pytest.fixture
def reader(visitor, server, station):
    """Somebody who reads what one station says."""
    number = one(server.environment, _NUMBER, station.cp_id)
    tess = visitor("operator")
    tess.goes(f"/admin/ocpp_gateway/ocppmessage/?station__id__exact={number}")
    return tess


def test_what_a_station_says_comes_in_while_it_is_followed_and_waits_while_one_reads_below(
    reader, station
):
    page = reader.page
    rows, state = page.locator("#log-rows > [data-id]"), page.locator("#log-state")
    expect(rows.filter(has_text="BootNotification")).to_have_count(1)
    page.get_by_role("switch", name="Follow").press("Enter")
    expect(state).to_have_text(re.compile("Following"))
    for _ in range(60):
        station.call("Heartbeat")
    expect(rows.filter(has_text="Heartbeat")).to_have_count(60)
    ids = rows.evaluate_all("rows => rows.map(row => Number(row.dataset.id))")
    assert ids == sorted(set(ids), reverse=True)
    rows.last.scroll_into_view_if_needed()
    expect(state).to_have_text(re.compile("Paused"))
    station.call("DataTransfer", {"vendorId": "later"})
    page.get_by_role("switch", name="Follow").scroll_into_view_if_needed()
    expect(rows.filter(has_text="DataTransfer")).to_have_count(1)
    page.get_by_role("switch", name="Follow").click()
    expect(state).to_have_text("")


def test_a_row_opens_on_both_frames_of_its_exchange(reader, station):
    station.call("Authorize", {"idTag": "04AABBCC"})
    page = reader.page
    row = page.locator("#log-rows > [data-id]", has_text="Authorize")
    page.get_by_role("switch", name="Follow").click()
    expect(row).to_have_count(1)
    opener = row.get_by_role("button")
    opener.focus()
    opener.press("Enter")
    opened = page.locator(".vd-more .vd-payload")
    expect(opened.locator("pre").first).to_contain_text('"idTag": "04AABBCC"')
    expect(opened.locator("pre").last).to_contain_text('"idTagInfo"')
    expect(opened).to_contain_text("As the specification has it.")
    expect(opener).to_have_attribute("aria-expanded", "true")


def test_the_log_fits_a_phone(visitor, station):
    phone = visitor("operator", width=390)
    phone.goes("/admin/ocpp_gateway/ocppmessage/")
    expect(phone.page.locator("#log-rows > [data-id]").first).to_be_visible()
    assert phone.overflow == 0
