"""Money: minor units, one rounding, and nothing lost when an amount is shared out."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cms.shared import money

pytestmark = pytest.mark.once
cents = st.integers(-(10**9), 10**9).map(lambda units: money.in_minor_units(units, "EUR"))


@pytest.mark.parametrize(
    ("currency", "decimals"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("SEK", 2)]
)
def test_a_currency_has_its_minor_unit(currency, decimals):
    assert money.decimals(currency) == decimals


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "€"])
def test_what_is_no_currency_is_refused(code):
    with pytest.raises(ValueError, match="not a currency"):
        money.decimals(code)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        (Decimal("0.005"), "EUR", "0.01"),
        (Decimal("0.004999"), "EUR", "0.00"),
        (Decimal("2.675"), "EUR", "2.68"),
        (Decimal("-0.005"), "EUR", "-0.01"),
        (Decimal("-0.004"), "EUR", "0.00"),
        (Fraction(1, 3), "EUR", "0.33"),
        (Fraction(2, 3), "KWD", "0.667"),
        (Decimal("0.5"), "JPY", "1"),
        (7, "EUR", "7.00"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(amount, currency, rounded):
    assert str(money.rounded(amount, currency)) == rounded


def test_what_has_a_part_of_a_cent_is_not_whole():
    assert money.is_whole(Decimal("1.10"), "EUR")
    assert not money.is_whole(Decimal("1.105"), "EUR")


def test_a_cent_that_cannot_be_divided_goes_to_one_of_them():
    thirds = money.shared_out(Decimal("1.00"), [1, 1, 1], "EUR")
    assert thirds == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]


def test_nothing_is_shared_by_nothing():
    assert money.shared_out(Decimal("0.00"), [0, 0], "EUR") == [0, 0]
    with pytest.raises(ValueError, match="nothing to share"):
        money.shared_out(Decimal("0.01"), [0, 0], "EUR")


def test_only_what_can_be_paid_is_shared_out():
    with pytest.raises(ValueError, match="whole minor units"):
        money.shared_out(Decimal("0.001"), [1], "EUR")


@settings(max_examples=50)
@given(total=cents, shares=st.lists(st.integers(0, 1000), min_size=1, max_size=5).filter(any))
def test_what_is_shared_out_adds_up_and_has_one_sign(total, shares):
    parts = money.shared_out(total, shares, "EUR")
    assert sum(parts) == total
    assert all(part * total >= 0 for part in parts)
    assert all(not part for part, share in zip(parts, shares, strict=True) if not share)
