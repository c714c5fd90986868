"""The same work in German, and the first page in whatever language the browser asks for."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import expect

from tests.rows import one
from tests.stack.station import PlainStation

_NUMBER = "SELECT id FROM stations_chargingstation WHERE cp_id = ?"


@pytest.fixture
def station(server):
    with PlainStation(server.ws, f"LAND-{secrets.token_hex(4)}") as running:
        said = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        running.call("StatusNotification", said)
        yield running


def test_an_operator_chooses_german_and_starts_a_charge(visitor, server, station, given):
    otto = visitor("operator")
    otto.goes("/admin/")
    german = otto.page.get_by_role("button", name="Deutsch")
    otto.page.locator("#nav-sidebar").get_by_text("operator", exact=True).last.click()
    with otto.page.expect_navigation(wait_until="load"):
        german.click()
    assert otto.page.locator("html").get_attribute("lang") == "de"
    assert {"Stationen", "Prüfliste", "RFID-Karten"} <= otto.menu.keys()
    number = one(server.environment, _NUMBER, station.cp_id)
    otto.goes(f"/admin/stations/chargingstation/{number}/change/")
    expect(otto.page.locator(".vd-connector").first).to_contain_text("Verfügbar")
    dialog = otto.opens("Fernstart")
    otto.presses("Starten")
    expect(dialog.locator("[role=alert]").first).to_be_visible()
    tag = given.a_labelled_card(label="Wagen 7")
    otto.fills(id_tag=tag)
    otto.presses("Starten")
    expect(dialog).to_contain_text("Wartet, bis der Fahrer einsteckt")


@pytest.mark.parametrize(
    ("locale", "button"), [("de-DE", "Anmelden"), ("fr-FR", "Se connecter"), ("nl-NL", "Log in")]
)
def test_the_login_is_in_the_language_of_the_browser(stranger, locale, button):
    somebody = stranger(locale=locale)
    somebody.goes("/admin/")
    expect(somebody.page.get_by_role("button", name=button)).to_be_visible()
