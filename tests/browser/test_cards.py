"""Work with cards: enrolled by a tap, imported by the thousand, blocked and acknowledged."""

from __future__ import annotations

import json
import secrets

import pytest
from playwright.sync_api import expect

from tests.rows import one
from tests.stack.station import PlainStation

LIST = "/admin/rfid/rfidcard/"
_CARD = "SELECT id FROM rfid_rfidcard WHERE id_tag = ?"


class Keeping(PlainStation):
    """A station that keeps a local list, as it is told."""

    version = 0

    def _take(self, asked):
        self.asked.append(asked)
        self.version = asked.payload.get("listVersion", self.version)
        is_version = asked.action == "GetLocalListVersion"
        answer = {"listVersion": self.version} if is_version else {"status": "Accepted"}
        self._socket.send(json.dumps([3, asked.message_id, answer]))


@pytest.fixture
def station(server):
    with Keeping(server.ws, f"CARDS-{secrets.token_hex(4)}") as running:
        running.call(
            "StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        )
        yield running


def tap(station, id_tag):
    """Present a card; gives what the station is answered."""
    return station.call("Authorize", {"idTag": id_tag})["idTagInfo"]["status"]


def test_a_card_is_enrolled_by_tapping_it(visitor, station):
    omar, number = visitor("operator"), secrets.token_hex(4).upper()
    omar.goes(LIST)
    omar.opens("Enrol by tapping")
    omar.fills(station=station.cp_id)
    omar.finishes("Wait for the card")
    capture = omar.page.locator("#capture")
    expect(capture).to_contain_text(f"Present the card now at {station.cp_id}")
    expect(omar.page.locator("[data-countdown]")).to_be_visible()
    assert tap(station, number) == "Invalid"
    expect(capture).to_have_attribute("data-state", "Captured")
    expect(capture.locator("strong")).to_have_text(number)
    omar.opens("Adopt the card")
    omar.fills(label="Van 7")
    omar.finishes("Adopt")
    assert "Van 7" in omar.text
    assert tap(station, number) == "Accepted"
    assert omar.overflow == 0


def test_a_thousand_cards_come_in_but_for_three_bad_lines(visitor, tmp_path):
    omar, mark = visitor("operator"), secrets.token_hex(3)
    bad = {17: "", 500: "4.11E+07", 998: "x" * 21}
    lines = [
        f"{bad.get(line, f'04:{mark}:{line:04}')};Card {mark} {line};2031-12-31"
        for line in range(2, 1002)
    ]
    table = tmp_path / "cards.csv"
    table.write_text("\n".join(["Kartennummer;Bezeichnung;Gültig bis", *lines]))
    omar.goes(LIST)
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.get_by_role("link", name="Import…").click()
    omar.page.locator("input[type=file]").set_input_files(table)
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.get_by_role("button", name="Save", exact=True).click()
    assert omar.page.locator("select[name=column_0]").input_value() == "number"
    assert omar.page.locator("select[name=column_2]").input_value() == "valid_until"
    with omar.page.expect_navigation(wait_until="load"):
        omar.page.get_by_role("button", name="Preview").click()
    rows = omar.page.locator("#import-problems tbody tr")
    assert [row.split("\t")[:2] for row in rows.all_inner_texts()] == [
        ["17", "Number"],
        ["500", "Number"],
        ["998", "Number"],
    ]
    omar.opens("Import 997 cards")
    omar.finishes("Import")
    expect(omar.page.locator("#import-new")).to_contain_text("997")
    omar.goes(f"{LIST}?q=Card {mark} 100")
    expect(omar.page.locator("#result_list tbody tr").first).to_contain_text("2031-12-31")


def test_a_blocked_card_shows_its_reason_and_who_has_acknowledged_it(
    visitor, given, server, station
):
    number = secrets.token_hex(4).upper()
    given.a_card(id_tag=number)
    given.a_local_list(cp_id=station.cp_id)
    omar, card = visitor("operator"), one(server.environment, _CARD, number)
    omar.goes(f"{LIST}{card}/change/")
    lists = omar.page.locator("#card-lists")
    expect(lists.locator(".vd-green")).to_be_visible(timeout=60_000)
    omar.opens("Block")
    omar.presses("Block")
    expect(omar.dialog.locator("[role=alert]")).to_contain_text("This field is required")
    omar.fills(reason="lost at the fair")
    omar.finishes("Block")
    assert "lost at the fair" in omar.page.locator("#card-history").inner_text()
    expect(lists.locator(".vd-green")).to_be_visible(timeout=60_000)
    sent = [asked.payload for asked in station.asked if asked.action == "SendLocalList"]
    assert {"idTag": number, "idTagInfo": {"status": "Blocked"}} in [
        entry for payload in sent for entry in payload["localAuthorizationList"]
    ]
