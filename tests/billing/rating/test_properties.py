"""What holds for every tariff and session, and for which of them what holds; tried at random.

With PRICING_EXAMPLES=5000 the examples are many and new ones each time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import documents, wording
from billing.rating.bill import Bill
from billing.rating.pricing import price
from billing.rating.terms import Kind
from billing.rating.usage import Reading, Usage
from tests.billing.rating import minute_by_minute
from tests.billing.rating.strategies import (
    RESTRICTIONS,
    any_terms,
    by_clock,
    by_duration,
    by_energy,
    components,
    few,
    idle_extras,
    limits,
    moments,
    of_kinds,
    reserved,
    sessions,
    since,
    steps,
    until,
)

pytestmark = pytest.mark.once
CENT = Decimal("0.01")
by_clock_or_duration = (by_clock, by_duration)
# What is cut by the clock only: its price does not depend on when the session began.
by_the_clock = of_kinds(
    components("energy", by_clock), components("time", by_clock), components("idle", by_clock)
)
# Everything without steps: each quantity only grows. With two components in a kind a step may
# move what was begun from a dear to a cheap one; that is OCPI's rule.
growing = st.builds(
    lambda extras, limit: of_kinds(
        components("energy", *RESTRICTIONS),
        components("time", *RESTRICTIONS),
        components("idle", *RESTRICTIONS, **extras),
        **limit,
    ),
    idle_extras,
    limits,
).flatmap(lambda terms: terms)
# One component in each kind, in steps.
stepping = st.builds(
    lambda step, limit: of_kinds(
        *(
            components(kind, **step).map(lambda found: found[:1])
            for kind in ("energy", "time", "idle")
        ),
        **limit,
    ),
    steps,
    limits,
).flatmap(lambda terms: terms)


def charged(bill: Bill) -> Decimal:
    """The sum on the basis of the tariff's prices."""
    return bill.gross if bill.tax_included else bill.net


def quantities(bill: Bill) -> dict[int | None, Decimal]:
    return {line.component: line.quantity for line in bill.lines if line.kind != "start"}


@few
@given(usage=sessions(), terms=any_terms(), minutes=st.integers(0, 90))
def test_nothing_is_negative_and_everything_adds_up(usage, terms, minutes):
    bill = price(reserved(usage, minutes), terms)
    for line in bill.lines:
        numbers = (line.quantity, line.unit_price, line.reduction, line.net, line.tax, line.gross)
        assert min(numbers) >= 0
        assert line.gross == line.net + line.tax
        assert wording.english(line.why)
    for total in ("net", "tax", "gross"):
        parts = [getattr(line, total) for line in bill.lines]
        by_rate = [getattr(tax, total) for tax in bill.taxes]
        assert sum(parts) == sum(by_rate) == getattr(bill, total)
    assert bill.gross == bill.net + bill.tax


@few
@given(usage=sessions(), terms=any_terms())
def test_the_bill_keeps_to_the_minimum_and_the_maximum(usage, terms):
    sum_charged = charged(price(usage, terms))
    assert terms.minimum is None or sum_charged >= terms.minimum
    assert terms.maximum is None or sum_charged <= terms.maximum


@few
@given(terms=any_terms())
def test_terms_survive_being_written(terms):
    assert documents.terms(documents.document(terms)) == terms


@few
@given(
    usage=sessions(),
    terms=idle_extras.flatmap(
        lambda extras: of_kinds(
            components("energy", *by_clock_or_duration),
            components("time", *by_clock_or_duration),
            components("idle", *by_clock_or_duration, **extras),
        )
    ),
)
def test_a_clock_asked_each_minute_comes_to_the_same(usage, terms):
    expected = minute_by_minute.quantities(usage, terms)
    found = quantities(price(usage, terms))
    assert found.keys() == expected.keys()
    for index, quantity in expected.items():
        unit = 1000 if terms.components[index].kind is Kind.ENERGY else 1
        assert abs(Fraction(found[index]) - quantity / unit) <= Fraction(1, 1_000_000)


@few
@given(usage=sessions(), terms=by_the_clock, data=st.data())
def test_two_halves_come_to_the_whole(usage, terms, data):
    at = data.draw(st.sampled_from(moments(usage)))
    parts, whole = (
        [price(until(usage, at), terms), price(since(usage, at), terms)],
        price(usage, terms),
    )
    sums = [quantities(part) for part in parts]
    for index, quantity in quantities(whole).items():
        halves = sum(half.get(index, Decimal(0)) for half in sums)
        assert abs(halves - quantity) <= Decimal("0.000002")
    rounded = sum(len(bill.lines) for bill in (*parts, whole))
    assert abs(sum(charged(part) for part in parts) - charged(whole)) <= rounded * CENT / 2


@few
@given(usage=sessions(), terms=growing | stepping, data=st.data())
def test_it_never_becomes_cheaper_with_time(usage, terms, data):
    length = usage.ended_at - usage.started_at
    parts = sorted(data.draw(st.lists(st.integers(0, 12), min_size=2, max_size=2)))
    early, late = (usage.started_at + length * part / 12 for part in parts)
    assert charged(price(usage, terms, early)) <= charged(price(usage, terms, late))


@few
@given(
    usage=sessions(),
    terms=of_kinds(components("energy", by_energy)) | of_kinds(components("energy", by_clock)),
    more=st.integers(0, 5000),
    limit=limits,
)
def test_it_never_becomes_cheaper_with_energy(usage, terms, more, limit):
    terms = documents.terms({**documents.document(terms), **limit})
    total = usage.readings[-1].register_wh - usage.readings[0].register_wh
    evenly = replace(usage, readings=())
    costs = [
        charged(price(replace(evenly, energy_wh=energy), terms)) for energy in (total, total + more)
    ]
    assert costs[0] <= costs[1]


@few
@given(usage=sessions(), terms=any_terms())
def test_readings_between_that_lie_on_the_line_change_nothing(usage, terms):
    between = [
        Reading(low.at + (high.at - low.at) / 2, (low.register_wh + high.register_wh) // 2)
        for low, high in pairwise(usage.readings)
        if low.at < high.at
    ]
    assert price(replace(usage, readings=(*usage.readings, *between)), terms) == price(usage, terms)


@few
@given(usage=sessions(), terms=any_terms())
def test_the_order_of_readings_and_states_is_of_no_matter(usage, terms):
    other = replace(usage, readings=usage.readings[::-1])
    assert price(other, terms) == price(usage, terms)


@few
@given(usage=sessions(), terms=any_terms(), data=st.data())
def test_the_live_cost_is_the_bill_of_a_session_that_ends_now(usage, terms, data):
    now = data.draw(st.sampled_from(moments(usage)))
    live = replace(until(usage, now), ended_at=None)
    bill = price(until(usage, now), terms)
    assert price(live, terms, now) == bill
    assert price(replace(usage, ended_at=None), terms, now) == bill
    assert price(usage, terms, now) == bill


@few
@given(usage=sessions(), wild=st.integers(-10000, 100000), minute=st.integers(0, 1200))
def test_a_wild_reading_does_not_change_the_energy(usage, wild, minute):
    terms = of_all_energy()
    at = usage.started_at + timedelta(minutes=minute, seconds=1)
    odd = replace(usage, readings=(*usage.readings, Reading(at, wild)))
    if at < usage.ended_at:
        assert price(odd, terms) == price(usage, terms)


def of_all_energy():
    return documents.terms({"currency": "EUR", "components": [{"kind": "energy", "price": "0.30"}]})


@few
@given(usage=sessions(), terms=by_the_clock)
def test_everything_falls_to_some_component_where_one_is_always_in_force(usage: Usage, terms):
    document = documents.document(terms)
    for kind in ("energy", "time", "idle"):
        document["components"].append({"kind": kind, "price": "9"})
    terms = documents.terms(document)
    sums = {"kWh": Decimal(0), "min": Decimal(0), "once": Decimal(0)}
    for line in price(usage, terms).lines:
        sums[line.unit] += line.quantity
    energy_wh = usage.readings[-1].register_wh - usage.readings[0].register_wh
    assert usage.started_at
    assert usage.ended_at
    assert abs(sums["kWh"] * 1000 - energy_wh) < CENT
    assert abs(sums["min"] - (usage.ended_at - usage.started_at) // timedelta(minutes=1)) < CENT
