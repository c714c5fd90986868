"""What pricing refuses, and what it says of each line."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from billing.rating import wording
from billing.rating.pricing import price
from tests.billing.rating.hand import component, session, tariff, utc
from tests.billing.rating.idle_cases import OFFICE

pytestmark = pytest.mark.once
START, END = "2026-05-04 12:00", "2026-05-04 14:00"
PER_KWH = tariff(component("energy", "0.30"))


def sentences(usage, terms) -> list[str]:
    return [wording.english(line.why) for line in price(usage, terms).lines]


def test_a_running_session_is_priced_until_a_given_moment():
    with pytest.raises(ValueError, match="until a given moment"):
        price(session(START, None), PER_KWH)


def test_energy_at_no_moment_is_not_lost_silently():
    with pytest.raises(ValueError, match="without any moment"):
        price(session(None, None, kwh=5), PER_KWH)


def test_settled_energy_below_zero_is_nothing():
    assert price(session(START, END, kwh=-5), PER_KWH).lines == ()


def test_an_unknown_zone_is_refused():
    with pytest.raises(ValueError, match="not a time zone: 'Europe/Atlantis'"):
        price(session(START, END, zone="Europe/Atlantis"), PER_KWH)


@pytest.mark.parametrize("zone", ["", "/etc/passwd", "../etc"])
def test_what_is_no_name_of_a_zone_is_refused(zone):
    with pytest.raises(ValueError, match="not a time zone"):
        price(session(START, END, zone=zone), PER_KWH)


def test_terms_and_bills_do_not_change():
    bill = price(session(START, END, kwh=1), PER_KWH)
    for value, name in ((PER_KWH, "currency"), (bill, "net"), (bill.lines[0], "net")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "x")


def test_terms_can_be_a_key():
    assert {PER_KWH: 1}[tariff(component("energy", "0.30"))] == 1


def test_the_numbers_of_a_bill_are_decimals_of_the_currency():
    bill = price(session(START, END, kwh=1), replace(PER_KWH, currency="KWD"))
    assert [str(number) for number in (bill.net, bill.tax, bill.gross)] == [
        "0.300",
        "0.000",
        "0.300",
    ]


def test_a_line_says_what_was_free():
    usage = session(START, END, kwh=1, idle=["2026-05-04 13:00"])
    assert sentences(usage, OFFICE) == [
        "Energy delivered.",
        "Time connected without charging, after 10 min without charge.",
    ]


def test_the_reasons_are_data():
    usage = session(START, "2026-05-04 14:00:20", kwh=1, idle=["2026-05-04 13:00"])
    reasons = price(usage, OFFICE).lines[1].why
    assert [tuple(reason) for reason in reasons] == [
        ("idle", {}),
        ("grace", {"seconds": 600}),
        ("step_down", {"step": "60 s", "measured": "3020 s"}),
    ]


def test_a_line_says_when_its_price_holds():
    terms = tariff(
        component(
            "energy",
            "0.30",
            between="08:00-20:00",
            weekdays=["SUNDAY", "MONDAY"],
            from_date="2026-01-01",
            until_date="2027-01-01",
            min_w=22000,
            max_wh=12500,
            max_seconds=5400,
        )
    )
    assert sentences(session(START, "2026-05-04 13:00", kwh=1, kw=50), terms) == [
        "Energy delivered, between 08:00 and 20:00 at the site, on Monday, Sunday, "
        "from 2026-01-01, before 2027-01-01, at connectors of 22 kW or more, up to 12.5 kWh, "
        "within the first 90 min."
    ]


def test_a_line_says_what_a_cap_and_the_maximum_took_off():
    terms = tariff(component("idle", "1.00", cap="50.00"), maximum="40.00")
    usage = session(START, END, idle=["2026-05-04 13:00"])
    assert sentences(usage, terms) == [
        "Time connected without charging, no more than 50.00: 10.00 less, "
        "no more than 40.00 in all: 10.00 less."
    ]


def test_a_line_says_that_the_minimum_was_not_reached():
    terms = tariff(component("energy", "0.30"), minimum="1.00")
    assert sentences(session(START, END, kwh=1), terms)[1] == (
        "What is missing to the minimum price of 1.00."
    )


def test_a_line_says_that_a_step_was_begun():
    terms = tariff(component("energy", "0.30", step=500))
    assert sentences(session(START, END, kwh=1.2), terms) == [
        "Energy delivered, in steps of 500 Wh, of which one was begun: 1200 Wh measured."
    ]


def test_a_begun_step_may_move_from_a_dear_hour_to_a_cheap_one_which_is_ocpis_rule():
    terms = tariff(
        component("time", "1.20", per="h", step=3600, between="00:00-17:00"),
        component("time", "0.12", per="h", step=3600),
    )
    usage = session("2026-05-04 16:55+02:00", "2026-05-04 18:00+02:00")
    at_five, a_minute_later = (
        price(usage, terms, utc(f"2026-05-04 {at}+02:00")).gross for at in ("17:00", "17:01")
    )
    assert (str(at_five), str(a_minute_later)) == ("1.20", "0.21")  # 5 * 0.02 + 55 * 0.002


def test_a_session_with_the_wrong_century_is_priced_all_the_same():
    terms = tariff(component("time", "0.01", between="22:00-06:00"), component("idle", "0.01"))
    usage = replace(session(None, "2026-01-01 00:00"), started_at=utc("2016-01-01 00:00"))
    (line,) = price(usage, terms).lines
    assert line.quantity == 3653 * 480  # ten years, three of them with a day more
