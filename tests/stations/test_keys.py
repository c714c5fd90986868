"""Station keys: made once, stored as a hash, compared in constant time."""

from __future__ import annotations

import pytest

from cms.shared.errors import DomainError
from stations.services import keys


def test_it_makes_a_key_nobody_can_guess(station):
    one, two = keys.set_key(station=station), keys.set_key(station=station)
    assert one != two
    assert len(one) == 40


def test_it_stores_only_a_hash(station):
    key = keys.set_key(station=station)
    station.refresh_from_db()
    assert key not in station.key_hash
    assert keys.matches(station.key_hash, key)


def test_it_takes_a_key_of_the_operators_own(station):
    keys.set_key(station=station, key="correct horse battery")
    assert keys.matches(station.key_hash, "correct horse battery")


@pytest.mark.parametrize(
    "key", ["", "fifteen chars..", "x" * 41, "sixteen\nletters!", "sixteen\x00letters!"]
)
def test_it_refuses_a_key_stations_cannot_have(station, key):
    with pytest.raises(DomainError, match="16 to 40") as refusal:
        keys.set_key(station=station, key=key)
    assert "authorizationKey" in refusal.value.fields
    station.refresh_from_db()
    assert station.key_hash == ""


@pytest.mark.parametrize("wrong", ["", "x", "X" * 40, "ключ"])
def test_a_wrong_key_does_not_match(station, wrong):
    keys.set_key(station=station)
    assert not keys.matches(station.key_hash, wrong)


@pytest.mark.parametrize("presented", ["", "anything", "00000000"])
def test_nothing_matches_a_station_without_a_key(presented):
    assert not keys.matches("", presented)


def test_the_same_key_has_another_hash_at_another_station(station, other_station):
    for one in (station, other_station):
        keys.set_key(station=one, key="the same key for all")
    assert station.key_hash != other_station.key_hash


def test_a_key_that_was_cleared_does_not_match_any_more(station):
    key = keys.set_key(station=station)
    keys.clear_key(station=station)
    station.refresh_from_db()
    assert not keys.matches(station.key_hash, key)
