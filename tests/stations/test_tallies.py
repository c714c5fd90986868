"""How often something was tolerated of a station: counted in bulk, and with what makes it so."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from stations.models import Quirk, QuirkTally
from stations.services import quirks, schedules, tallies
from stations.services.tallies import Tolerated
from tests.stations import given
from tests.stations.counting import statements

pytestmark = pytest.mark.django_db


def counted(**fields):
    return list(QuirkTally.objects.filter(**fields).order_by("kind").values_list("kind", "times"))


def add(*tolerated, minute=0):
    tallies.add(tolerated=tolerated, at=given.after(minute))


def a_quirk(value="W", name="rate_unit", vendor="Acme"):
    return Quirk.objects.create(name=name, value=value, vendor=vendor)


def test_the_same_is_counted_on_one_row(station):
    add(Tolerated(station.pk, "naive_time", 0, "2025-03-01T12:00:00", 3))
    add(Tolerated(station.pk, "naive_time", 0, "2025-03-01T12:05:00", 2), minute=5)
    row = QuirkTally.objects.get()
    assert (row.times, row.detail) == (5, "2025-03-01T12:05:00")
    assert (row.first_seen_at, row.last_seen_at) == (given.NOON, given.after(5))


def test_what_it_was_stays_where_nothing_newer_is_said(station):
    add(Tolerated(station.pk, "null_members", 0, "StatusNotification"))
    add(Tolerated(station.pk, "null_members"))
    assert QuirkTally.objects.get().detail == "StatusNotification"


def test_many_stations_and_kinds_are_one_statement(station):
    others = [given.a_station(f"CP-{number}") for number in range(10, 30)]
    found = [
        Tolerated(each.pk, kind, 0, "x", 2)
        for each in others
        for kind in ("naive_time", "unknown_word")
    ]
    add(*found)
    with statements() as asked:
        add(*found)
    assert len([text for text in asked if "INSERT" in text]) == 1
    assert QuirkTally.objects.count() == 40
    assert set(QuirkTally.objects.values_list("times", flat=True)) == {4}


def test_a_quirk_and_a_repair_of_the_same_station_are_apart(station):
    row, other = a_quirk(), a_quirk(vendor="")
    add(
        Tolerated(station.pk, "rate_unit", row.pk),
        Tolerated(station.pk, "rate_unit", other.pk),
        Tolerated(station.pk, "naive_time"),
    )
    assert counted(quirk=row) == [("rate_unit", 1)]
    assert counted(quirk=None) == [("naive_time", 1)]


def test_a_station_that_is_gone_costs_the_others_nothing(station):
    add(Tolerated(station.pk + 1000, "naive_time"), Tolerated(station.pk, "naive_time"))
    assert counted() == [("naive_time", 1)]


def test_a_quirk_that_is_gone_costs_the_others_nothing(station):
    add(Tolerated(station.pk, "rate_unit", 4711), Tolerated(station.pk, "rate_unit", 4712))
    assert counted(quirk=None) == [("rate_unit", 2)]


def test_nothing_tolerated_asks_nothing(station):
    with statements() as asked:
        add()
    assert not [text for text in asked if "INSERT" in text]


def test_a_long_detail_is_cut(station):
    add(Tolerated(station.pk, "long_text", 0, "x" * 999))
    assert len(QuirkTally.objects.get().detail) == 200


def test_one_station_has_one_row_of_a_kind(station):
    add(Tolerated(station.pk, "naive_time"))
    twice = {"first_seen_at": given.NOON, "last_seen_at": given.NOON}
    with pytest.raises(IntegrityError), transaction.atomic():
        QuirkTally.objects.create(station=station, kind="naive_time", **twice)


def test_a_knob_is_counted_where_it_makes_a_difference_and_not_where_one_looks():
    station = given.a_station("CP-9", vendor="Acme")
    row = a_quirk()
    schedules.limits(station)
    assert counted() == []
    assert schedules.limits(station, given.NOON).units == ("W",)
    assert counted(quirk=row, station=station) == [("rate_unit", 1)]


def test_what_goes_with_a_deleted_quirk_goes_with_it(station):
    row = a_quirk()
    add(Tolerated(station.pk, "rate_unit", row.pk))
    quirks.delete(quirk=row)
    assert counted() == []
