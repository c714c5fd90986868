"""Local lists: what stations hold is brought in step with the cards, whatever gets in between."""

from __future__ import annotations

import pytest

from cms.shared.errors import DomainError
from rfid.models import CardGroup
from rfid.services import cards, groups
from stations.models import Command, LocalListContent, Site
from stations.services import list_contents, list_targets, local_lists, stations
from stations.services.stations import BootReport
from tests.stations import given
from tests.stations.keeping import Keeper, entries, known, pass_time, tells
from tests.stations.talking import hear

ACCEPTED = {"status": "Accepted"}


@pytest.fixture
def keeper():
    """The list of CP-1, empty at first."""
    return Keeper()


@pytest.fixture
def kept(connected):
    """CP-1, whose list shall hold all cards."""
    local_lists.choose(station=connected, policy="All", groups=[], at=given.NOON)
    return connected


def boot(station, minute):
    stations.boot(station_id=station.pk, report=BootReport("V", "M"), at=given.after(minute))


def test_nothing_is_sent_until_somebody_wants_it(connected, keeper, card):
    pass_time(connected, keeper, minute=0, passes=3)
    assert not Command.objects.exists()


def test_its_version_is_asked_for_before_anything_is_sent(kept, card):
    local_lists.advance(at=given.NOON)
    assert Command.objects.get().action == "GetLocalListVersion"


def test_an_empty_list_gets_what_it_lacks(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    assert keeper.entries == {"CARD-1": ACCEPTED}
    assert known(kept).in_step
    assert known(kept).version == keeper.version > 0


def test_a_list_of_unknown_origin_is_replaced(kept, keeper, card):
    keeper.version, keeper.entries = 7, {"STRANGER": ACCEPTED}
    pass_time(kept, keeper, minute=0)
    assert keeper.entries == {"CARD-1": ACCEPTED}
    assert [update["updateType"] for update in keeper.updates] == ["Full"]
    assert keeper.version == 8


def test_afterwards_only_differences_are_sent(kept, keeper, card):
    given.a_card("CARD-2")
    pass_time(kept, keeper, minute=0)
    cards.delete(card=card)
    given.a_card("CARD-3", valid_until=given.after(600))
    pass_time(kept, keeper, minute=1)
    assert keeper.entries.keys() == {"CARD-2", "CARD-3"}
    last = keeper.updates[-1]
    assert last["updateType"] == "Differential"
    assert last["localAuthorizationList"] == [
        {"idTag": "CARD-1"},
        {
            "idTag": "CARD-3",
            "idTagInfo": {"status": "Accepted", "expiryDate": "2025-03-01T22:00:00Z"},
        },
    ]


def test_a_list_in_step_is_left_alone(kept, keeper, card):
    pass_time(kept, keeper, minute=0, passes=5)
    assert Command.objects.count() == 2


def test_a_blocked_card_is_listed_as_blocked(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    cards.block(card=card)
    pass_time(kept, keeper, minute=1)
    assert keeper.entries == {"CARD-1": {"status": "Blocked"}}


def test_validity_begins_and_ends_by_time_alone(kept, keeper):
    given.a_card("SOON", valid_from=given.after(10), valid_until=given.after(20))
    pass_time(kept, keeper, minute=0)
    assert keeper.entries == {}
    pass_time(kept, keeper, minute=11)
    assert keeper.entries == {"SOON": {**ACCEPTED, "expiryDate": "2025-03-01T12:20:00Z"}}
    pass_time(kept, keeper, minute=21)
    assert keeper.entries == {}


def test_a_groups_parent_id_tag_is_told_and_follows_its_change(kept, keeper):
    group = groups.save(group=CardGroup(name="Fleet", parent_id_tag="FLEET"))
    given.a_card(group=group)
    pass_time(kept, keeper, minute=0)
    assert keeper.entries["CARD-1"]["parentIdTag"] == "FLEET"
    group.parent_id_tag = "VANS"
    groups.save(group=group)
    pass_time(kept, keeper, minute=1)
    assert keeper.entries["CARD-1"]["parentIdTag"] == "VANS"


def test_only_cards_of_chosen_groups(connected, keeper, card):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    given.a_card("VAN", group=group)
    local_lists.choose(station=connected, policy="Groups", groups=[group], at=given.NOON)
    pass_time(connected, keeper, minute=0)
    assert keeper.entries.keys() == {"VAN"}


def test_only_cards_of_the_sites_groups(connected, keeper, card):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    given.a_card("VAN", group=group)
    site = Site.objects.create(name="North")
    stations.change(station=connected, site=site)
    local_lists.choose(station=connected, policy="Site", groups=[], at=given.NOON)
    pass_time(connected, keeper, minute=0)
    assert keeper.entries == {}
    site.card_groups.add(group)
    pass_time(connected, keeper, minute=1)
    assert keeper.entries.keys() == {"VAN"}


def test_too_many_groups_are_refused(connected):
    many = [CardGroup(pk=number) for number in range(101)]
    with pytest.raises(DomainError) as refused:
        local_lists.choose(station=connected, policy="Groups", groups=many, at=given.NOON)
    assert "groupIds" in refused.value.fields


@pytest.mark.parametrize("version", [0, 3])
def test_a_long_list_goes_in_parts_as_large_as_the_station_takes(kept, version):
    keeper = Keeper(most=2)
    keeper.version = version
    tells(kept, "SendLocalListMaxLength", 2)
    for number in range(5):
        given.a_card(f"CARD-{number}")
    pass_time(kept, keeper, minute=1)
    assert len(keeper.entries) == 5
    assert known(kept).in_step
    kinds = ["Differential" if version == 0 else "Full", "Differential", "Differential"]
    assert [update["updateType"] for update in keeper.updates] == kinds
    versions = [update["listVersion"] for update in keeper.updates]
    assert versions == sorted(set(versions))


def test_what_finds_no_room_is_left_out_and_told(kept, keeper):
    tells(kept, "LocalAuthListMaxLength", 3)
    for number in range(5):
        given.a_card(f"CARD-{number}")
    given.a_card("LOST", status="Blocked")
    pass_time(kept, keeper, minute=0)
    assert keeper.entries.keys() == {"CARD-0", "CARD-1", "CARD-2"}
    assert known(kept).target.left_out == 2


def test_a_change_in_the_middle_of_an_update_is_caught_up(kept):
    keeper = Keeper(most=2)
    tells(kept, "SendLocalListMaxLength", 2)
    first, *_ = [given.a_card(f"CARD-{number}") for number in range(5)]
    list_targets.refresh(at=given.NOON)
    local_lists.advance(at=given.NOON)

    def forgotten_after_two(action, payload):
        answer = keeper(action, payload)
        if len(keeper.updates) == 2 and first.pk:
            cards.delete(card=first)
            list_targets.refresh(at=given.NOON)
        return answer

    hear(kept, forgotten_after_two, at=given.NOON)
    pass_time(kept, keeper, minute=1)
    assert keeper.entries.keys() == {f"CARD-{number}" for number in range(1, 5)}
    assert entries(known(kept)) == keeper.entries


def test_a_lost_answer_is_looked_for_by_the_version(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    given.a_card("CARD-2")
    keeper.mood = "mute"
    pass_time(kept, keeper, minute=1)
    assert known(kept).state == "Known"
    pass_time(kept, keeper, minute=1.2)
    assert known(kept).state == "Unverified"
    keeper.mood, sent = "well", len(keeper.updates)
    pass_time(kept, keeper, minute=5)
    assert known(kept).in_step
    assert len(keeper.updates) == sent  # it had taken it


def test_an_update_that_never_arrived_is_sent_again(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    given.a_card("CARD-2")
    keeper.mood = "deaf"
    pass_time(kept, keeper, minute=1, passes=2)
    keeper.mood = "well"
    pass_time(kept, keeper, minute=5)
    assert keeper.entries.keys() == {"CARD-1", "CARD-2"}
    assert {update["updateType"] for update in keeper.updates} == {"Differential"}


@pytest.mark.parametrize("mood", ["Failed", "VersionMismatch", "Overheated"])
def test_a_refused_update_leads_to_a_full_one_later(kept, keeper, card, mood):
    pass_time(kept, keeper, minute=0)
    given.a_card("CARD-2")
    keeper.mood = mood
    pass_time(kept, keeper, minute=1)
    assert mood in known(kept).error
    keeper.mood = "well"
    pass_time(kept, keeper, minute=1.3)
    assert keeper.entries.keys() == {"CARD-1"}  # not at once
    pass_time(kept, keeper, minute=5)
    assert keeper.updates[-1]["updateType"] == "Full"
    assert keeper.entries.keys() == {"CARD-1", "CARD-2"}
    assert known(kept).error == ""


def test_refusals_make_it_ask_less_and_less_often(kept, keeper, card):
    keeper.mood = "Failed"
    for minute in range(0, 120, 5):
        pass_time(kept, keeper, minute=minute)
    assert 3 <= len(keeper.updates) <= 6


def test_a_version_mismatch_is_resolved_by_asking_for_it(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    keeper.version = 90  # somebody else's doing
    given.a_card("CARD-2")
    pass_time(kept, keeper, minute=1)
    pass_time(kept, keeper, minute=5)
    assert keeper.version == 91
    assert keeper.entries.keys() == {"CARD-1", "CARD-2"}


@pytest.mark.parametrize("answer", ["NotSupported", "NotImplemented", {"listVersion": -1}])
def test_a_station_that_keeps_no_list_is_not_asked_again(kept, card, answer):
    for minute in range(5):
        local_lists.advance(at=given.after(minute))
        hear(kept, lambda *_: answer, at=given.after(minute))
    assert known(kept).state == "Unsupported"
    assert Command.objects.count() == 1


def test_not_supported_as_the_answer_to_an_update_counts_too(kept, keeper, card):
    keeper.mood = "NotSupported"
    pass_time(kept, keeper, minute=0, passes=3)
    assert known(kept).state == "Unsupported"
    assert len(keeper.updates) == 1


def test_after_a_boot_the_list_is_verified(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    keeper.forget()
    boot(kept, minute=1)
    pass_time(kept, keeper, minute=3)
    assert keeper.entries == {"CARD-1": ACCEPTED}
    sent = len(keeper.updates)
    boot(kept, minute=4)
    pass_time(kept, keeper, minute=6)
    assert known(kept).in_step
    assert len(keeper.updates) == sent


def test_a_station_that_is_away_waits_without_a_row_of_commands(kept, keeper, card):
    stations.disconnected(station_id=kept.pk, connection_id="socket-1", at=given.NOON)
    pass_time(kept, keeper, minute=1, passes=3)
    assert not Command.objects.exists()
    given.a_connected_station()
    pass_time(kept, keeper, minute=2)
    assert known(kept).in_step


def test_a_change_of_a_card_is_worked_out_once_for_all_stations(keeper, card, settings):
    many = [given.a_connected_station(f"CP-{number}") for number in range(30)]
    for station in many:
        local_lists.choose(station=station, policy="All", groups=[], at=given.NOON)
    given.a_card("CARD-2")
    assert list_targets.refresh(at=given.NOON) == 1
    assert list_targets.refresh(at=given.NOON) == 0
    assert LocalListContent.objects.count() == 2


def test_contents_nobody_has_any_more_are_deleted(kept, keeper, card):
    for number in range(5):
        given.a_card(f"CARD-{number + 2}")
        pass_time(kept, keeper, minute=number)
    assert list_contents.prune(before=given.after(60)) > 0
    assert LocalListContent.objects.count() == 1
    assert entries(known(kept)) == keeper.entries
