"""Which stations have acknowledged what a card is now: of those whose list has it, or should."""

from __future__ import annotations

import pytest

from rfid.models import RfidCard
from rfid.services import cards
from stations.models import LocalList
from stations.services import list_standing, local_lists
from tests.stations import given
from tests.stations.keeping import Keeper, pass_time


@pytest.fixture
def kept(connected):
    """CP-1, whose list shall hold all cards, and holds none yet."""
    local_lists.choose(station=connected, policy="All", groups=[], at=given.NOON)
    return connected


def standing(card):
    """Acknowledged, of how many, and who is behind."""
    card = RfidCard.objects.get(pk=card.pk)
    found = list_standing.of_cards([card], LocalList.objects.all())[card.pk]
    return found.acknowledged, found.stations, [station.cp_id for station in found.behind]


def test_a_card_no_list_should_have_stands_in_none(card, connected):
    assert standing(card) == (0, 0, [])


def test_a_station_that_confirmed_nothing_is_behind(card, kept):
    assert standing(card) == (0, 1, ["CP-1"])


def test_a_blocked_card_is_behind_until_the_station_took_it(card, kept):
    keeper = Keeper()
    pass_time(kept, keeper, minute=0)
    assert standing(card) == (1, 1, [])
    cards.block(card=card, reason="lost")
    assert standing(card) == (0, 1, ["CP-1"])
    pass_time(kept, keeper, minute=1)
    assert keeper.entries["CARD-1"] == {"status": "Blocked"}
    assert standing(card) == (1, 1, [])


def test_another_cards_change_leaves_a_blocked_one_acknowledged(card, kept):
    keeper = Keeper()
    cards.block(card=card, reason="lost")
    pass_time(kept, keeper, minute=0)
    given.a_card("OTHER")
    assert standing(card) == (1, 1, [])


def test_a_station_that_keeps_no_list_is_not_counted(card, kept):
    LocalList.objects.update(state="Unsupported")
    assert standing(card) == (0, 0, [])


def test_many_cards_cost_few_queries(card, kept, django_assert_max_num_queries):
    pass_time(kept, Keeper(), minute=0)
    many = [card, *(given.a_card(f"CARD-{number}") for number in range(5, 25))]
    with django_assert_max_num_queries(4 + len(many)):  # one more for each that is behind
        list_standing.of_cards(many, LocalList.objects.all())
