"""Secrets never reach the message log or the console; nothing on the wire writes lines there."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ocpp_gateway.masking import mask, masked, shown
from ocpp_gateway.notebook import Exchange
from stations.services import transfers

KEY = "0123456789abcdef"


def change(key, value=KEY):
    """A ChangeConfiguration as it goes on the wire."""
    return json.dumps([2, "1", "ChangeConfiguration", {"key": key, "value": value}])


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", "BasicAuthPassword"])
def test_the_value_of_a_password_is_hidden(key):
    assert KEY not in mask(change(key))
    assert json.loads(mask(change(key)))[3] == {"key": key, "value": "***"}


def test_it_is_hidden_whichever_member_comes_first():
    text = f'[2,"1","ChangeConfiguration",{{"value" : "{KEY}" , "key":"AuthorizationKey"}}]'
    assert KEY not in mask(text)


def test_it_is_hidden_in_what_a_station_tells():
    told = [{"key": "AuthorizationKey", "readonly": False, "value": KEY}]
    assert KEY not in mask(json.dumps([3, "1", {"configurationKey": told}]))


@pytest.mark.parametrize("value", ['with "quotes" in it' + KEY, "back\\slash" + KEY, KEY + '\\"'])
def test_it_is_hidden_whatever_is_in_it(value):
    assert KEY not in mask(change("AuthorizationKey", value))


def test_other_settings_are_shown():
    assert mask(change("HeartbeatInterval", "60")) == change("HeartbeatInterval", "60")


def exchange(request, response="", message_id="1"):
    """An exchange for the message log."""
    at = datetime(2025, 3, 1, tzinfo=UTC)
    return Exchange(1, "Sent", message_id, "X", request, response, "", at, None)


def test_both_sides_of_an_exchange_are_masked():
    entry = masked(exchange(change("AuthorizationKey"), change("AuthorizationKey")))
    assert KEY not in entry.request + entry.response


def test_no_nul_reaches_the_table():
    entry = masked(exchange("a\x00b", "c\x00d", "e\x00f"))
    assert (entry.request, entry.response, entry.message_id) == ("ab", "cd", "ef")


@pytest.mark.parametrize("evil", ["\n[CP-2] Received: x", "\x1b[2J", "\r", "\u202e", "\x9b31m"])
def test_nothing_on_the_wire_writes_lines_or_moves_the_cursor(evil):
    line = shown(f'[2,"1","DataTransfer",{evil}]')
    assert line.isprintable()
    assert line.startswith('[2,"1","DataTransfer",')


def test_what_people_write_is_shown_as_it_is():
    assert shown('["Größe ⚡ 充电"]') == '["Größe ⚡ 充电"]'


def test_the_console_shows_the_beginning_of_a_long_frame():
    assert shown("x" * 300_000) == "x" * 4000 + "…"


def test_the_token_of_an_address_is_hidden_however_its_slashes_are_written():
    token = transfers.new_token()
    address = transfers.url(token).replace("/", "\\/")
    assert token not in mask(f'[2,"1","GetDiagnostics",{{"location":"{address}"}}]')
