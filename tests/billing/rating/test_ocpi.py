"""Terms as OCPI 2.2.1 Tariff objects, as its authors write theirs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing.rating import ocpi
from billing.rating.terms import Terms
from tests.billing.rating import ocpi_cases, ocpi_reservation_cases
from tests.billing.rating.hand import component, tariff
from tests.billing.rating.idle_cases import OFFICE

pytestmark = pytest.mark.once
AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def written(terms: Terms, power_w: int | None = None) -> dict:
    return ocpi.tariff(
        terms,
        country_code="DE",
        party_id="VDK",
        tariff_id="12",
        last_updated=AT,
        power_w=power_w,
    )


def elements(*components: dict, **more):
    return written(tariff(*components, **more))["elements"]


def texts(terms: Terms):
    return written(terms)["tariff_alt_text"][0]["text"]


def test_a_price_per_kwh_is_one_element():
    assert written(tariff(ocpi_cases.PER_KWH)) == {
        "country_code": "DE",
        "party_id": "VDK",
        "id": "12",
        "currency": "EUR",
        "elements": [
            {"price_components": [{"type": "ENERGY", "price": 0.25, "vat": 10.0, "step_size": 1}]}
        ],
        "last_updated": "2026-05-04T12:00:00Z",
    }


def test_a_price_per_minute_is_one_per_hour():
    (element,) = elements(component("time", "0.05", step=60))
    assert element["price_components"] == [
        {"type": "TIME", "price": 3.0, "vat": 0.0, "step_size": 60}
    ]


def test_each_restriction_has_its_field():
    (element,) = elements(
        component(
            "energy",
            "0.30",
            between="22:00-06:00",
            from_date="2026-01-01",
            until_date="2027-01-01",
            weekdays=["SUNDAY", "FRIDAY"],
            min_wh=1000,
            max_wh=20500,
            min_seconds=60,
            max_seconds=7200,
        )
    )
    assert element["restrictions"] == {
        "start_time": "22:00",
        "end_time": "06:00",
        "start_date": "2026-01-01",
        "end_date": "2027-01-01",
        "day_of_week": ["FRIDAY", "SUNDAY"],
        "min_kwh": 1.0,
        "max_kwh": 20.5,
        "min_duration": 60,
        "max_duration": 7200,
    }


def test_reservations_that_expire_have_elements_of_their_own():
    found = written(ocpi_reservation_cases.EXPIRING_TIME)["elements"]
    assert [element.get("restrictions") for element in found] == [
        {"reservation": "RESERVATION_EXPIRES"},
        {"reservation": "RESERVATION"},
        None,
        None,
    ]
    assert [element["price_components"][0]["type"] for element in found] == [
        "TIME",
        "TIME",
        "FLAT",
        "ENERGY",
    ]


def test_a_power_class_has_a_tariff_of_its_own():
    slow = written(ocpi_cases.COMPLEX, power_w=11000)["elements"]
    fast = written(ocpi_cases.COMPLEX, power_w=50000)["elements"]
    assert [element["price_components"][0]["price"] for element in slow] == [2.5, 1.0, 5.0, 6.0]
    assert [element["price_components"][0]["price"] for element in fast] == [
        2.5,
        2.0,
        1.25,
        5.0,
        6.0,
    ]
    with pytest.raises(ValueError, match="power class"):
        written(ocpi_cases.COMPLEX)


def test_hours_that_are_free_stand_before_what_they_are_left_out_of():
    free, charged = elements(component("idle", "0.05", not_between=["22:00-06:00"]))
    assert free["price_components"][0]["price"] == 0.0
    assert free["restrictions"] == {"start_time": "22:00", "end_time": "06:00"}
    assert charged["price_components"][0]["price"] == 3.0
    assert "restrictions" not in charged


@pytest.mark.parametrize(
    ("between", "pause", "free"),
    [
        ("08:00-20:00", "12:00-13:00", [("12:00", "13:00")]),
        ("08:00-20:00", "19:00-09:00", [("08:00", "09:00"), ("19:00", "20:00")]),
        ("20:00-08:00", "22:00-06:00", [("22:00", "06:00")]),
        ("20:00-00:00", "22:00-06:00", [("22:00", "00:00")]),
        ("08:00-20:00", "21:00-22:00", []),
    ],
)
def test_free_hours_are_those_in_both_windows(between, pause, free):
    *found, _ = elements(component("idle", "1", between=between, not_between=[pause]))
    windows = [
        (one["restrictions"]["start_time"], one["restrictions"]["end_time"]) for one in found
    ]
    assert windows == free


def test_the_minimum_and_the_maximum_are_prices():
    found = written(tariff(ocpi_cases.PER_KWH, minimum="0.50", maximum="10.00"))
    assert (found["min_price"], found["max_price"]) == ({"excl_vat": 0.5}, {"excl_vat": 10.0})


def test_prices_that_contain_tax_are_given_without_and_the_real_ones_said():
    terms = tariff(component("energy", "0.59"), tax_rate="19", tax_included=True, maximum="11.90")
    found = written(terms)
    assert found["elements"][0]["price_components"][0]["price"] == 0.4958
    assert found["max_price"] == {"excl_vat": 10.0, "incl_vat": 11.9}
    assert texts(terms) == "With VAT it is 0.59 EUR per kWh (energy)."


def test_what_ocpi_has_no_field_for_is_said_in_words():
    assert texts(OFFICE) == (
        "The first 10 min without charging are free. Only full steps of 60 s are charged (idle)."
    )
    assert written(OFFICE)["elements"][1]["price_components"][0]["step_size"] == 1


def test_a_cap_is_said_in_words():
    assert "at most 12.00 EUR" in texts(tariff(component("idle", "1", cap="12.00")))
