"""Whose a stop is that names no session: the rule itself, without a database."""

from __future__ import annotations

import pytest

from stations.services.endings import Stop
from stations.services.pairing import Begun, Key, owner
from tests.stations import given

STOP = Stop(-1, given.after(60), 9000, id_tag="CARD-1")
SAME = Key(given.after(60), 9000)
EARLIER = Key(given.after(30), 4000)
LATER = Key(given.after(90), 9500)


def begun(number=1, tag="CARD-1", meter=1000, free=True, ended=None, stop_tag="", released=False):
    """A session that was the last to begin on its connector before the stop."""
    return Begun(number, tag, meter, free, ended, stop_tag, released)


def test_it_is_the_only_one_it_can_be():
    assert owner(STOP, [begun()]) == 1


def test_it_is_nobodys_where_nothing_had_begun():
    assert owner(STOP, []) is None


@pytest.mark.parametrize(
    "other",
    [
        begun(tag="CARD-2"),
        begun(meter=9001),
        begun(free=False, ended=EARLIER),
        begun(free=True, ended=EARLIER),
    ],
    ids=["another card", "a higher register", "its own stop", "an earlier stop"],
)
def test_it_is_not_one_it_cannot_be(other):
    assert owner(STOP, [other]) is None
    assert owner(STOP, [other, begun(7)]) == 7


def test_the_letter_case_of_the_card_does_not_count():
    assert owner(STOP._replace(id_tag="card-1"), [begun()]) == 1


def test_between_two_it_is_open():
    assert owner(STOP, [begun(1), begun(2)]) is None


def test_of_two_it_is_the_one_whose_connector_was_not_available_since():
    assert owner(STOP, [begun(1, released=True), begun(2)]) == 2


def test_one_alone_has_it_though_its_connector_was_available_since():
    assert owner(STOP, [begun(released=True)]) == 1


def test_it_is_taken_from_a_session_that_has_a_later_one():
    assert owner(STOP, [begun(ended=LATER)]) == 1


def test_one_whose_own_stop_says_the_same_has_it():
    same = begun(3, free=False, ended=SAME)
    assert owner(STOP, [begun(1), same]) == 3


def test_one_whose_own_stop_names_another_card_does_not_say_the_same():
    other = begun(3, free=False, ended=SAME, stop_tag="CARD-2")
    assert owner(STOP, [begun(1), other]) == 1


def test_without_a_card_nobody_can_tell_where_two_were_under_way():
    unnamed = STOP._replace(id_tag="")
    assert owner(unnamed, [begun(1)]) == 1
    assert owner(unnamed, [begun(1), begun(2, tag="CARD-2", free=False, ended=LATER)]) is None
    assert owner(unnamed, [begun(1), begun(2, tag="CARD-2", free=False, ended=EARLIER)]) == 1
