"""Filters of maps: the names apps write, what they mean, and what is wrong by field."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cms.maps import filters
from cms.maps.filters import Box, Filter
from cms.shared.errors import DomainError

EUROPE = Box(-10, 35, 30, 60)


def test_nothing_said_is_every_connector():
    assert filters.read({}) == Filter() == filters.read({"minPrice": None})
    assert Filter().suits("", None, None)


def test_texts_of_an_address_and_values_of_json_mean_the_same():
    texts = {"connectorTypes": "type 2, CCS2", "maxPrice": "0.5", "freeOnly": "true"}
    values = {"connectorTypes": ["CCS2", "Type  2"], "maxPrice": 0.5, "freeOnly": True}
    assert filters.read({**texts, "bbox": "-10,35,30,60"}) == filters.read(
        {**values, "bbox": [-10, 35, 30, 60]}
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"minPower": "a lot"}, "should be a number"),
        ({"minPower": "NaN"}, "should be a number"),
        ({"minPower": True}, "should be a number"),
        ({"minPower": []}, "should be a number"),
        ({"maxPrice": "-1"}, "from 0 to"),
        ({"maxPrice": "1e30"}, "from 0 to"),
        ({"minPrice": 2, "maxPrice": 1}, "should not be above maxPrice"),
        ({"minPower": 2000}, "should not be above maxPower"),
        ({"connectorTypes": 2}, "names of connector types"),
        ({"connectorTypes": ["x" * 31]}, "names of connector types"),
        ({"connectorTypes": ["x"] * 51}, "names of connector types"),
        ({"freeOnly": "yes"}, "should be true or false"),
        ({"freeOnly": 1}, "should be true or false"),
        ({"bbox": "1,2,3"}, "four numbers"),
        ({"bbox": "a,b,c,d"}, "four numbers"),
        ({"bbox": {"west": 1}}, "four numbers"),
        ({"bbox": [1, 2, 3, None]}, "four numbers"),
        ({"bbox": "nan,0,1,1"}, "west and east"),
        ({"bbox": "0,0,181,1"}, "west and east"),
        ({"bbox": "0,-91,1,1"}, "south and north"),
        ({"bbox": "0,inf,1,1"}, "south and north"),
        ({"bbox": "0,2,1,1"}, "south above north"),
        ({"colour": "red"}, "is not known here"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(said, expected):
    with pytest.raises(DomainError) as refused:
        filters.read(said)
    assert list(refused.value.fields) == [next(iter(said))]
    assert expected in refused.value.fields[next(iter(said))][0]


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(DomainError) as refused:
        filters.read({"minPrice": "x", "bbox": "x"})
    assert refused.value.fields.keys() == {"minPrice", "bbox"}


def test_bounds_are_inclusive():
    some = filters.read({"minPower": 22, "maxPower": 150, "minPrice": "0.25", "maxPrice": "0.6"})
    assert some.suits("", 22_000, Decimal("0.25"))
    assert some.suits("", 150_000, Decimal("0.60"))
    assert not some.suits("", 21_999, Decimal("0.25"))
    assert not some.suits("", 22_000, Decimal("0.61"))


def test_what_is_unknown_is_left_out_by_a_bound_only():
    assert filters.read({"minPrice": 0, "maxPrice": 1000}).suits("", None, None)
    assert not filters.read({"maxPrice": 999}).suits("", None, None)
    assert not filters.read({"minPower": 1}).suits("", None, None)


def test_the_usual_most_leaves_out_no_dear_currency():
    assert Filter().suits("", 2_000_000, Decimal(2500))
    assert filters.read({"minPrice": 2}).suits("", None, Decimal(900))


def test_types_are_compared_without_letter_case():
    some = filters.read({"connectorTypes": "ccs2"})
    assert some.suits("CCS2", None, None)
    assert not some.suits("Type 2", None, None)
    assert not some.suits("", None, None)


def test_a_box_holds_its_edges():
    assert EUROPE.holds(35, -10)
    assert not EUROPE.holds(34.9, 0)
    assert not EUROPE.holds(40, 31)


def test_a_box_may_lie_across_the_antimeridian():
    pacific = filters.read({"bbox": "170,-30,-170,0"}).bbox
    assert pacific.holds(-17, 178)
    assert pacific.holds(-17, -178)
    assert not pacific.holds(-17, 0)
