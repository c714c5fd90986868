"""Updates of local lists by operators, and what is told of the lists."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, StationOffline
from rfid.models import CardGroup
from rfid.services import cards, groups, revisions
from stations.services import commands, local_lists
from tests.stations import given
from tests.stations.keeping import Keeper, entries, known, pass_time, tells
from tests.stations.talking import hear, waiting

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


def test_without_a_policy_it_is_brought_in_step_once(connected, card):
    keeper = Keeper(most=2)
    tells(connected, "SendLocalListMaxLength", 2)
    for number in range(2, 6):
        given.a_card(f"CARD-{number}")
    command = local_lists.send(station=connected, at=given.NOON)
    assert command.payload["updateType"] == "Full"
    hear(connected, keeper, at=given.NOON)
    assert len(keeper.entries) == 5
    given.a_card("LATER")
    pass_time(connected, keeper, minute=1)
    assert "LATER" not in keeper.entries


def test_a_failure_of_what_was_wanted_once_is_not_tried_again(connected, keeper, card):
    keeper.mood = "Failed"
    local_lists.send(station=connected, update_type="Full", at=given.NOON)
    hear(connected, keeper, at=given.NOON)
    keeper.mood = "well"
    pass_time(connected, keeper, minute=60)
    assert keeper.entries == {}


def test_a_differential_update_needs_to_know_what_there_is(connected, card):
    with pytest.raises(Conflict) as refused:
        local_lists.send(station=connected, update_type="Differential", at=given.NOON)
    assert "updateType" in refused.value.fields


def test_a_list_is_not_updated_twice_at_a_time(connected, card):
    local_lists.send(station=connected, at=given.NOON)
    with pytest.raises(Conflict):
        local_lists.send(station=connected, at=given.NOON)


def test_a_station_that_is_away_is_not_updated(station, card):
    with pytest.raises(StationOffline):
        local_lists.send(station=station, at=given.NOON)


def test_an_update_somebody_wrote_is_sent_as_it_is_and_believed(connected, keeper):
    item = {"idTag": "MINE", "idTagInfo": {"status": "Accepted", "parentIdTag": "P"}}
    payload = {"listVersion": 12, "updateType": "Full", "localAuthorizationList": [item]}
    local_lists.ask(station=connected, payload=payload, at=given.NOON)
    assert waiting(connected) == [payload]
    hear(connected, keeper, at=given.NOON)
    row = known(connected)
    assert (row.version, row.state, entries(row)) == (12, "Known", keeper.entries)
    more = {"idTag": "MORE", "idTagInfo": {"status": "Blocked"}}
    local_lists.ask(station=connected, payload={"localAuthorizationList": [more]}, at=given.NOON)
    assert waiting(connected)[0]["listVersion"] == 13
    hear(connected, keeper, at=given.NOON)
    assert entries(known(connected)) == keeper.entries


def test_where_a_policy_rules_it_puts_right_what_somebody_wrote(kept, keeper, card):
    pass_time(kept, keeper, minute=0)
    payload = {"listVersion": 50, "updateType": "Full"}
    local_lists.ask(station=kept, payload=payload, at=given.after(1))
    hear(kept, keeper, at=given.after(1))
    assert keeper.entries == {"CARD-1": ACCEPTED}
    assert keeper.version == 51


def test_a_command_of_another_origin_is_believed_as_well(connected, keeper):
    payload = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": []}
    commands.request(station=connected, action="SendLocalList", payload=payload, at=given.NOON)
    hear(connected, keeper, at=given.NOON)
    assert (known(connected).version, entries(known(connected))) == (3, {})


def test_it_says_which_stations_have_acknowledged_a_card(kept, keeper, card):
    assert local_lists.contents_with("card-1") == []
    pass_time(kept, keeper, minute=0)
    assert local_lists.contents_with("card-1") == [known(kept).content_id]


def test_the_revision_grows_with_every_change_of_cards_and_groups(card):
    seen = [revisions.current()]
    group = groups.save(group=CardGroup(name="A", parent_id_tag="A"))
    seen.append(revisions.current())
    for change in (
        lambda: cards.change(card=card, group=group),
        lambda: cards.block(card=card),
        lambda: cards.activate(card=card),
        lambda: groups.delete(group=group),
        lambda: cards.delete(card=card),
    ):
        change()
        seen.append(revisions.current())
    assert seen == sorted(set(seen))


def test_an_update_whose_command_was_never_sent_is_made_again(kept, keeper, card):
    local_lists.advance(at=given.NOON)
    commands.expire_due(at=given.after(5))
    pass_time(kept, keeper, minute=6)
    assert known(kept).in_step
