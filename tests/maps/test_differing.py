"""What differs between two maps, by where it is: nothing in a box is missed, wherever boxes lie."""

from __future__ import annotations

import random

import pytest

from cms.maps.differing import Difference
from cms.maps.filters import Box
from cms.maps.markers import Marker


def a_map(places: dict[int, tuple[float, float]], free: int = 1) -> dict[int, Marker]:
    """Sites by number, at these places."""
    return {number: Marker(number, "Site", *place, free, 2) for number, place in places.items()}


def anywhere(chance: random.Random) -> tuple[float, float]:
    """Often on the edge of something."""
    latitude, longitude = chance.uniform(-90, 90), chance.uniform(-180, 180)
    digits = chance.choice([0, 1, 6])
    return round(latitude, digits), round(longitude, digits)


@pytest.mark.parametrize("seed", range(20))
def test_who_looks_at_a_box_misses_nothing_that_is_or_was_in_it(seed):
    chance = random.Random(seed)
    told = a_map({number: anywhere(chance) for number in range(300)})
    now = told | a_map({number: anywhere(chance) for number in range(200, 400)}, free=0)
    for number in range(50):
        del now[number]
    difference = Difference(told, now)
    assert difference.sites == set(range(50)) | set(range(200, 400))
    for _ in range(40):
        (south, west), size = anywhere(chance), chance.choice([0, 0.05, 0.5, 5, 60])
        box = Box(west, south, min(180, west + size), min(90, south + size))
        inside = {
            number
            for number in difference.sites
            for map_ in (told, now)
            if number in map_ and box.holds(map_[number].latitude, map_[number].longitude)
        }
        assert inside <= set(difference.near(box))


def test_who_looks_at_a_town_reads_little_of_a_country():
    chance = random.Random(1)
    places = {n: (chance.uniform(47, 55), chance.uniform(6, 15)) for n in range(2000)}
    difference = Difference(a_map(places), a_map(places, free=0))
    assert len(difference.near(Box(13.0, 52.0, 13.1, 52.1))) < 40
    assert len(difference.near(None)) == len(difference.near(Box(170, -30, -170, 0))) == 2000
