"""Local authorization list: its version is read, it is sent whole and in part."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import issued
from tests.conformance.station import ago


@pytest.fixture
def booted(station):
    """The station, booted."""
    station.boots()
    return station


def version(station, operator, number):
    """A GetLocalListVersion, which the station answers with a number."""
    operator.sends("get-local-list-version")
    assert station.expects("GetLocalListVersion") == {}
    station.answers(listVersion=number)
    operator.is_told(listVersion=number)


def known(operator, **members):
    """The list of the station has these members, as it is stored."""
    operator.sees(f"stations/{operator.cp_id}/local-list", **members)


def cards_in(operator):
    """The cards in it."""
    rows = operator.lists(f"stations/{operator.cp_id}/local-list/entries")
    return {row["idTag"].lower(): row["status"] for row in rows}


def entry(id_tag, status="Accepted"):
    """An entry of the list, which always says what the station shall think of the card."""
    return {"idTag": id_tag, "idTagInfo": {"status": status, "expiryDate": ago(-1440)}}


def update(station, operator, kind, number, entries, status):
    """A SendLocalList, which the station answers with a status."""
    sent = {"listVersion": number, "updateType": kind, "localAuthorizationList": entries}
    operator.sends("send-local-list", sent)
    asked = station.expects("SendLocalList", listVersion=number, updateType=kind)
    assert number > 0
    told = {each["idTag"]: each["idTagInfo"]["status"] for each in asked["localAuthorizationList"]}
    assert told == {each["idTag"]: each["idTagInfo"]["status"] for each in entries}
    station.answers(status=status)
    operator.is_told(status=status)


def test_tc_042_1_local_list_version_not_supported(booted, operator):
    version(booted, operator, -1)
    known(operator, state="Unsupported")


def test_tc_042_2_local_list_version_empty(booted, operator):
    version(booted, operator, 0)
    known(operator, state="Known", version=0, size=0)


def test_tc_043_1_send_local_list_not_supported(booted, operator, card):
    update(booted, operator, "Full", 1, [entry(card)], "NotSupported")
    known(operator, state="Unsupported")


def test_tc_043_3_send_local_list_failed(booted, operator, card):
    update(booted, operator, "Full", 1, [entry(card)], "Failed")
    known(operator, version=0)
    update(booted, operator, "Full", 2, [entry(card)], "Accepted")  # one may try again


def test_tc_043_4_send_local_list_full(booted, operator, card, api):
    blocked = issued(api, status="Blocked")
    entries = [entry(card), entry(blocked, "Blocked")]
    update(booted, operator, "Full", 1, entries, "Accepted")
    version(booted, operator, 1)
    known(operator, state="Known", version=1, size=2)
    assert cards_in(operator) == {card.lower(): "Accepted", blocked.lower(): "Blocked"}


def test_tc_043_5_send_local_list_differential(booted, operator, card, api):
    first = issued(api)
    update(booted, operator, "Full", 3, [entry(first)], "Accepted")
    version(booted, operator, 3)
    update(booted, operator, "Differential", 4, [entry(card)], "Accepted")
    known(operator, version=4, size=2)
    assert cards_in(operator) == {first.lower(): "Accepted", card.lower(): "Accepted"}
