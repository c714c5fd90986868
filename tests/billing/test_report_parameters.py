"""What a report is asked for: periods by the clocks of a zone, and what is told of wrong words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.reports import asked, periods
from cms.shared.errors import DomainError, Text
from tests.billing.charging import a_site

pytestmark = pytest.mark.django_db
AT = datetime(2025, 3, 30, 22, 30, tzinfo=UTC)  # in Berlin it is half past midnight of the 31st


def wrong(**said: str) -> dict[str, list[Text]]:
    """What is said of wrong parameters."""
    with pytest.raises(DomainError) as refused:
        asked.read(said, at=AT)
    return refused.value.fields


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2025-03-31", "2025-03-31"),
        ("yesterday", "2025-03-30", "2025-03-30"),
        ("thisMonth", "2025-03-01", "2025-03-31"),
        ("lastMonth", "2025-02-01", "2025-02-28"),
        ("thisQuarter", "2025-01-01", "2025-03-31"),
        ("lastQuarter", "2024-10-01", "2024-12-31"),
        ("thisYear", "2025-01-01", "2025-12-31"),
        ("lastYear", "2024-01-01", "2024-12-31"),
    ],
)
def test_a_period_is_named(name, first, last):
    found = asked.read({"period": name, "zone": "Europe/Berlin"}, at=AT)
    assert found.scope.days() == (date.fromisoformat(first), date.fromisoformat(last))


def test_every_period_of_every_day_holds_together():
    for number in range(1500):
        day = date(2023, 1, 1) + timedelta(days=number)
        for this, last in [("thisMonth", "lastMonth"), ("thisQuarter", "lastQuarter")]:
            begin, end = periods.days(this, day)
            assert begin <= day <= end
            assert periods.days(last, day)[1] == begin - timedelta(days=1)


def test_the_day_is_that_of_the_zone():
    assert asked.read({"period": "today"}, at=AT).scope.days()[0] == date(2025, 3, 30)


def test_the_current_month_is_what_nobody_asked_for():
    found = asked.read({"groupBy": "", "since": " "}, at=AT)
    assert found.scope.days() == (date(2025, 3, 1), date(2025, 3, 31))
    assert (found.by, found.sort, found.scope.zone) == ("site", "name", "UTC")


def test_months_begin_and_end_by_the_clocks_of_the_zone():
    march = asked.read({"period": "thisMonth", "zone": "Europe/Berlin"}, at=AT).scope
    assert march.since == datetime(2025, 2, 28, 23, tzinfo=UTC)
    assert march.until == datetime(2025, 3, 31, 22, tzinfo=UTC)  # an hour is missing in it
    october = asked.read({"period": "lastMonth", "zone": "Europe/Berlin"}, at=AT.replace(month=11))
    assert october.scope.until - october.scope.since == timedelta(days=31, hours=1)


def test_a_last_day_is_whole_and_a_last_moment_is_not_included():
    days = asked.read(
        {"since": "2025-03-30", "until": "2025-03-30", "zone": "Europe/Berlin"}, at=AT
    )
    assert days.scope.until - days.scope.since == timedelta(hours=23)
    said = {"since": "2025-03-30T12:00:00Z", "until": "2025-03-30T13:00:00+01:00"}
    assert wrong(**said) == {"until": ["should be after since"]}
    assert asked.read({"since": "2025-03-30T12:00:00Z"}, at=AT).scope.until == AT


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("period", "march", "today, yesterday, thisMonth"),
        ("since", "yesterday", "a day such as 2026-01-31"),
        ("since", "2025-02-30", "a day such as 2026-01-31"),
        ("since", "0001-01-01", "a day such as 2026-01-31"),
        ("zone", "Mars/Olympus", "a time zone such as"),
        ("zone", "../../etc/passwd", "a time zone such as"),
        ("groupBy", "card_group", "cardGroup"),
        ("sort", "price", "name, sessions, energy"),
        ("limit", "0", "from 1 to 1000"),
        ("limit", "1001", "from 1 to 1000"),
        ("currency", "Euro", "ISO 4217"),
        ("siteId", "9", "the number of a site there is"),
        ("ownerId", "x", "the number of an owner's wallet there is"),
        ("cardGroupId", "-1", "the number of a card group there is"),
        ("driverId", "9" * 30, "the number of a driver there is"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_expected(name, value, expected):
    fields = wrong(**{name: value})
    assert list(fields) == [name]
    assert expected in fields[name][0]


def test_everything_wrong_is_told_at_once():
    assert set(wrong(period="never", limit="x", sort="y", zone="z")) == {
        *("period", "limit", "sort", "zone")
    }


def test_a_period_and_bounds_contradict_each_other():
    assert wrong(period="lastMonth", since="2025-01-01") == {
        "since": ["cannot be given with the period lastMonth"]
    }
    assert asked.read({"period": "custom", "since": "2025-01-01"}, at=AT)


def test_a_report_is_at_most_of_a_year():
    assert "until" in wrong(since="2023-01-01", until="2025-01-01")
    assert asked.read({"since": "2024-01-01", "until": "2024-12-31"}, at=AT)


def test_what_is_chosen_is_named():
    site = a_site("Harbour")
    found = asked.read({"siteId": str(site.pk)}, at=AT)
    assert found.scope.only == (("site", site.pk),)
    assert found.chosen == {"siteId": "Harbour"}
