"""The page of a station, worked with: started, refused, reset, walked through by keyboard."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.rows import one
from tests.stack.station import PlainStation

_NUMBER = "SELECT id FROM stations_chargingstation WHERE cp_id = ?"


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"PAGE-{secrets.token_hex(4)}") as running:
        said = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        running.call("StatusNotification", said)
        yield running


@pytest.fixture
def omar(visitor, server, station):
    """An operator at the page of the station, which is live."""
    number = one(server.environment, _NUMBER, station.cp_id)
    omar = visitor("operator")
    omar.goes(f"/admin/stations/chargingstation/{number}/change/")
    expect(omar.page.locator("[data-live-state]")).to_have_text("Live")
    omar.page.evaluate("window.sameAsBefore = true")
    return omar


def begins(station, tag):
    """The driver plugs in."""
    now = datetime.now(UTC).isoformat()
    said = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": now}
    return station.call("StartTransaction", said)["transactionId"]


def starts(station):
    return [asked.payload for asked in station.asked if asked.action == "RemoteStartTransaction"]


def test_a_remote_start_is_followed_to_charging_without_a_reload(omar, station, given):
    tag = given.a_labelled_card(label="Van 7")
    dialog = omar.opens("Remote start")
    assert dialog.locator("[name=connector_id]").input_value() == "1"
    omar.fills(id_tag=tag)
    omar.presses("Start")
    expect(dialog).to_contain_text("Waiting for the driver to plug in")
    session = begins(station, tag)
    expect(dialog).to_contain_text(f"Charging: session {session}")
    expect(dialog.get_by_role("link", name=f"session {session}")).to_be_visible()
    expect(omar.page.locator(".vd-connector")).to_contain_text("Van 7")
    assert starts(station) == [{"connectorId": 1, "idTag": tag}]
    assert omar.page.evaluate("window.sameAsBefore")


def test_a_blocked_card_is_refused_beside_its_field_and_nothing_is_sent(omar, station, given):
    tag = given.a_labelled_card(label="Lost", blocked="lost")
    omar.opens("Remote start")
    omar.fills(id_tag=tag)
    omar.presses("Start")
    wrong = omar.dialog.locator(".vd-wrong", has=omar.page.locator("[name=id_tag]"))
    expect(wrong.get_by_role("alert")).to_have_text("The card Lost is blocked. (lost)")
    expect(omar.dialog.locator("[name=id_tag]")).to_be_focused()
    assert starts(station) == []


def test_a_double_click_starts_once(omar, station, given):
    tag = given.a_labelled_card(label="Twice")
    omar.opens("Remote start")
    omar.fills(id_tag=tag)
    omar.dialog.get_by_role("button", name="Start", exact=True).dblclick()
    expect(omar.dialog).to_contain_text("Waiting for the driver to plug in")
    begins(station, tag)
    expect(omar.dialog).to_contain_text("Charging: session")
    assert len(starts(station)) == 1


def test_a_reset_names_the_session_and_hard_needs_the_identity(omar, station, given):
    tag = given.a_labelled_card(label="Under way")
    session = begins(station, tag)
    expect(omar.page.locator(".vd-connector")).to_contain_text(f"#{session}")
    omar.page.get_by_role("button", name="More commands").click()
    dialog = omar.opens("Reset")
    expect(dialog).to_contain_text(f"It ends session #{session}")
    dialog.get_by_label("Hard", exact=False).check()
    omar.presses("Reset")
    expect(dialog.get_by_role("alert")).to_contain_text(f"Type {station.cp_id}")
    dialog.get_by_label("Hard", exact=False).check()
    omar.fills(confirm=station.cp_id)
    omar.presses("Reset")
    expect(dialog).to_contain_text("The station restarts.")
    assert [a.payload for a in station.asked if a.action == "Reset"] == [{"type": "Hard"}]


def test_tabs_are_walked_by_keyboard_and_stand_in_the_address(omar):
    page = omar.page
    page.get_by_role("tab", name="Live").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Sessions")).to_be_focused()
    expect(page.get_by_role("tab", name="Sessions")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel")).to_contain_text("Nobody has charged here yet.")
    expect(page).to_have_url(re.compile(r"\?tab=sessions$"))
    page.keyboard.press("End")
    expect(page.get_by_role("tabpanel")).to_contain_text("What changed")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#chargingstation_form")).to_be_visible()
    omar.goes(page.url)
    expect(page.get_by_role("tab", name="Details")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Details").focus()
    page.keyboard.press("Home")
    expect(page.locator(".vd-connector")).to_be_visible()
    expect(page.locator("#chargingstation_form")).to_be_hidden()


def test_the_menu_of_commands_is_walked_by_keyboard(omar):
    page = omar.page
    button = page.get_by_role("button", name="More commands")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Unlock connector")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Reserve…", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("link", name="Unlock connector")).to_be_hidden()


def test_a_station_that_goes_away_turns_its_buttons_off_and_says_why(omar, station):
    start = omar.page.locator("#do-remote_start")
    expect(start).to_be_enabled()
    station.__exit__()
    expect(omar.page.locator("#why-not")).to_contain_text("It is offline", timeout=60_000)
    expect(start).to_be_disabled()


def test_a_setting_is_changed_in_its_row(omar, station, given):
    given.a_setting(cp_id=station.cp_id, key="HeartbeatInterval", value="300")
    page = omar.page
    page.get_by_role("tab", name="Configuration").click()
    page.get_by_role("button", name="Edit HeartbeatInterval").click()
    field = page.get_by_label("New value of HeartbeatInterval")
    expect(field).to_be_focused()
    field.fill("60")
    page.keyboard.press("Enter")
    expect(page.locator(".vd-settings .vd-progress")).to_contain_text("Accepted")
    page.get_by_role("button", name="Close").click()
    row = page.locator(".vd-settings tr", has_text="HeartbeatInterval")
    expect(row).to_contain_text("60")
    changes = [a.payload for a in station.asked if a.action == "ChangeConfiguration"]
    assert {"key": "HeartbeatInterval", "value": "60"} in changes
