"""Which price of a kWh counted when, as the chart of a session shades it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from billing.rating import bands, documents
from billing.rating.usage import Usage

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)  # 13:00 in Berlin, a Monday


def used(hours):
    return Usage(
        zone="Europe/Berlin",
        started_at=NOON,
        ended_at=NOON + timedelta(hours=hours),
        energy_wh=10_000,
    )


def found(components, hours=3):
    terms = documents.terms({"currency": "EUR", "components": components})
    return [
        (
            (one.since - NOON) / timedelta(hours=1),
            (one.until - NOON) / timedelta(hours=1),
            one.price,
        )
        for one in bands.of_energy(used(hours), terms)
    ]


def test_one_price_is_one_band():
    assert found([{"kind": "energy", "price": "0.30"}]) == [(0, 3, Decimal("0.30"))]


def test_a_price_by_the_clock_of_the_site_is_a_band_of_its_own():
    day = {"kind": "energy", "price": "0.50", "when": {"between": "14:00-15:00"}}
    other = {"kind": "energy", "price": "0.30"}
    low, high = Decimal("0.30"), Decimal("0.50")
    assert found([day, other]) == [(0, 1, low), (1, 2, high), (2, 3, low)]


def test_what_cuts_other_prices_cuts_no_band():
    time = {"kind": "time", "price": "1", "when": {"between": "14:00-15:00"}}
    assert len(found([{"kind": "energy", "price": "0.30"}, time])) == 1


def test_a_time_without_a_price_is_a_band_without_one():
    day = {"kind": "energy", "price": "0.50", "when": {"between": "14:00-15:00"}}
    assert [band[2] for band in found([day])] == [None, Decimal("0.50"), None]


def test_without_a_price_of_energy_there_is_no_band():
    assert found([{"kind": "start", "price": "1"}]) == []
