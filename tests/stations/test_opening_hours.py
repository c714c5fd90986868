"""Opening hours: what is right, what overlaps, when a site is open, and how OCPI says it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cms.shared.errors import DomainError
from stations.services import opening_hours

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {"week": {"1": [["13:00", "18:00"], ["08:00", "12:00"]]}}
CHRISTMAS = {"date": "2026-12-25"}


def wrong(**hours):
    """The field and the problem of hours that are refused."""
    with pytest.raises(DomainError) as refused:
        opening_hours.checked(hours)
    [(field, [problem])] = refused.value.fields.items()
    return field, problem


def is_open(hours, year, month, day, hour, minute=0):
    moment = datetime(year, month, day, hour, minute, tzinfo=BERLIN)
    return opening_hours.is_open(opening_hours.checked(hours), moment)


def test_hours_are_put_in_order():
    checked = opening_hours.checked({**OFFICE, "exceptions": [CHRISTMAS, {"date": "2026-12-24"}]})
    assert checked
    assert checked["week"] == {"1": [("08:00", "12:00"), ("13:00", "18:00")]}
    assert [item["date"] for item in checked["exceptions"]] == ["2026-12-24", "2026-12-25"]
    assert opening_hours.checked(None) is None


def test_times_may_touch_but_not_overlap():
    opening_hours.checked({"week": {"2": [["08:00", "12:00"], ["12:00", "14:00"]]}})
    overlapping = {"2": [["08:00", "12:00"], ["11:59", "14:00"]]}
    assert wrong(week=overlapping) == ("week.2", "08:00-12:00 and 11:59-14:00 overlap")


@pytest.mark.parametrize("span", [["8:00", "12:00"], ["08:00", "24:01"], ["08:00", ""], [8, 9]])
def test_what_is_no_time_is_refused_with_its_day(span):
    field, problem = wrong(week={"7": [span]})
    assert field == "week.7"
    assert "is no time; one would be 08:30" in problem


@pytest.mark.parametrize("span", [["18:00", "08:00"], ["08:00", "08:00"]])
def test_a_time_ends_after_it_begins(span):
    assert "ends before it begins" in wrong(week={"1": [span]})[1]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"week": {"8": []}}, "week.8"),
        ({"week": {"1": [["08:00"]]}}, "week.1"),
        ({"week": {"1": [["00:00", "00:01"]] * 9}}, "week.1"),
        ({"exceptions": [CHRISTMAS, {"date": "2026-02-30"}]}, "exceptions.1"),
        ({"exceptions": [{}]}, "exceptions.0"),
        ({"exceptions": [CHRISTMAS, {**CHRISTMAS, "opens": True}]}, "exceptions.1"),
        ({"exceptions": [{"date": f"{year}-01-01"} for year in range(2000, 2101)]}, "exceptions"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(given, field):
    assert wrong(**given)[0] == field


def test_a_site_is_open_from_the_first_minute_until_the_last():
    monday = 2026, 11, 23
    open_at = [
        is_open(OFFICE, *monday, *at) for at in ((7, 59), (8, 0), (11, 59), (12, 0), (17, 0))
    ]
    assert open_at == [False, True, True, False, True]
    assert not is_open(OFFICE, 2026, 11, 24, 9)


def test_an_exception_counts_more_than_the_week_and_than_always():
    closed = {"always": True, "exceptions": [{**CHRISTMAS, "begins": "10:00", "ends": "12:00"}]}
    assert is_open(closed, 2026, 12, 25, 9, 59)
    assert not is_open(closed, 2026, 12, 25, 10)
    opened = {**OFFICE, "exceptions": [{**CHRISTMAS, "opens": True}]}
    assert is_open(opened, 2026, 12, 25, 23, 59)


def test_where_nobody_said_nothing_is_known():
    assert opening_hours.is_open(None, datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert opening_hours.as_ocpi(None, BERLIN) is None


def test_ocpi_gets_weekdays_in_local_time_and_exceptions_in_utc():
    hours = opening_hours.checked(
        {
            "week": {"6": [["09:00", "24:00"]]},
            "exceptions": [CHRISTMAS, {"date": "2026-07-01", "opens": True, "ends": "12:00"}],
        }
    )
    assert opening_hours.as_ocpi(hours, BERLIN) == {
        "twentyfourseven": False,
        "regular_hours": [{"weekday": 6, "period_begin": "09:00", "period_end": "23:59"}],
        "exceptional_openings": [
            {
                "period_begin": datetime(2026, 6, 30, 22, tzinfo=UTC),
                "period_end": datetime(2026, 7, 1, 10, tzinfo=UTC),
            }
        ],
        "exceptional_closings": [
            {
                "period_begin": datetime(2026, 12, 24, 23, tzinfo=UTC),
                "period_end": datetime(2026, 12, 25, 23, tzinfo=UTC),
            }
        ],
    }


def test_ocpi_gets_no_weekdays_where_a_site_is_always_open():
    hours = opening_hours.checked({"always": True, **OFFICE})
    told = opening_hours.as_ocpi(hours, BERLIN)
    assert told
    assert (told["twentyfourseven"], told["regular_hours"]) == (True, [])
