"""The station's local list: updates, what it refuses, and whom it lets charge while offline."""

from __future__ import annotations

import pytest

from ocpp_gateway.frames import CallResult
from tests.simulator.configuration import Configuration
from tests.simulator.local_list import LocalList
from tests.simulator.staging import played, stage


def item(tag: str, status: str = "Accepted", **more: str) -> dict[str, object]:
    return {"idTag": tag, "idTagInfo": {"status": status, **more}}


@pytest.fixture
def cards() -> LocalList:
    return LocalList(Configuration({"LocalAuthListMaxLength": "3", "SendLocalListMaxLength": "2"}))


def test_a_full_update_replaces_and_a_differential_one_adds_and_removes(cards: LocalList) -> None:
    assert cards.update(4, "Full", [item("A"), item("B")]) == "Accepted"
    assert cards.update(5, "Differential", [{"idTag": "a"}, item("C", "Blocked")]) == "Accepted"
    assert (cards.version, len(cards)) == (5, 2)
    assert cards.find("A") is None
    assert cards.find("c") == {"status": "Blocked"}
    assert cards.update(1, "Full", []) == "Accepted"
    assert len(cards) == 0


def test_an_old_difference_is_refused(cards: LocalList) -> None:
    cards.update(4, "Full", [])
    assert cards.update(4, "Differential", [item("A")]) == "VersionMismatch"


def test_what_it_cannot_hold_fails_and_changes_nothing(cards: LocalList) -> None:
    cards.update(4, "Full", [item("A"), item("B")])
    assert cards.update(5, "Full", [item("A"), item("B"), item("C")]) == "Failed"
    assert cards.update(5, "Differential", [item("C"), item("D")]) == "Failed"
    assert (cards.version, len(cards)) == (4, 2)


@played
async def test_it_answers_for_its_list() -> None:
    async with stage() as (system, station):
        payload = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [item("A")]}
        assert await system.status_of("SendLocalList", payload) == "Accepted"
        answer = await system.ask("GetLocalListVersion", {})
        assert isinstance(answer, CallResult)
        assert answer.payload == {"listVersion": 3}
        station.configuration.set("LocalAuthListEnabled", "false")
        answer = await system.ask("GetLocalListVersion", {})
        assert isinstance(answer, CallResult)
        assert answer.payload == {"listVersion": -1}


@played
async def test_while_offline_the_list_counts_before_the_cache() -> None:
    async with stage() as (_, station):
        past = "2020-01-01T00:00:00Z"
        items = [item("GOOD"), item("BAD", "Blocked"), item("OLD", expiryDate=past)]
        station.local_list.update(1, "Full", items)
        station.link.ready.clear()
        found = [(await station.cards.authorise(tag)).status for tag in ("GOOD", "bad", "OLD")]
        assert found == ["Accepted", "Blocked", "Expired"]


@played
async def test_of_too_many_keys_it_looks_at_the_first() -> None:
    async with stage(settings={"GetConfigurationMaxKeys": "2"}) as (system, _):
        keys = ["HeartbeatInterval", "Colour", "ResetRetries"]
        answer = await system.ask("GetConfiguration", {"key": keys})
        assert isinstance(answer, CallResult)
        assert [entry["key"] for entry in answer.payload["configurationKey"]] == [keys[0]]
        assert answer.payload["unknownKey"] == ["Colour"]
