"""Reservations by day: a lane for each connector, in one's own time, live; and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.shared import bulletin
from stations.models import Reservation
from stations.services import reservations
from tests.admin.dialogs import HTMX, press

DAY = "admin:stations_reservation_day"


@pytest.fixture
def keep(station):
    """Makes a reservation of the station's connector 1."""

    def make(begins, ends, status="Accepted", **fields):
        return Reservation.objects.create(
            station=station,
            connector=station.connectors.get(connector_id=1),
            id_tag="04AABBCC",
            status=status,
            requested_at=begins,
            expires_at=ends,
            **fields,
        )

    return make


def on(client, day):
    """What the page of a day shows."""
    answer = client.get(reverse(DAY), {"day": day})
    assert answer.status_code == 200
    return answer.context


def styles(context):
    return [bar["style"] for lane in context["lanes"] for bar in lane["bars"]]


def test_a_reservation_is_a_bar_in_the_lane_of_its_connector(root, keep):
    keep(datetime(2026, 3, 3, 6, tzinfo=UTC), datetime(2026, 3, 3, 12, tzinfo=UTC))
    shown = on(root, "2026-03-03")
    assert [lane["name"] for lane in shown["lanes"]] == ["CP-0001 / 1"]
    assert styles(shown) == ["left:25.0%;width:25.00%"]
    assert shown["rows"][0]["span"] == "06:00–12:00"


def test_one_over_midnight_is_on_both_days(root, keep):
    keep(datetime(2026, 3, 3, 18, tzinfo=UTC), datetime(2026, 3, 4, 6, tzinfo=UTC))
    assert styles(on(root, "2026-03-03")) == ["left:75.0%;width:25.00%"]
    assert styles(on(root, "2026-03-04")) == ["left:0.0%;width:25.00%"]
    assert styles(on(root, "2026-03-05")) == styles(on(root, "2026-03-02")) == []


def test_one_that_ended_early_keeps_nothing_after_that(root, keep):
    morning = datetime(2026, 3, 3, 6, tzinfo=UTC)
    keep(morning, morning + timedelta(days=1), "Cancelled", ended_at=morning + timedelta(hours=6))
    assert styles(on(root, "2026-03-03")) == ["left:25.0%;width:25.00%"]
    assert styles(on(root, "2026-03-04")) == []


def test_the_day_has_as_many_hours_as_the_clock_has(root, keep):
    keep(datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC))
    with timezone.override("Europe/Berlin"):  # at 2 the clocks go to 3
        shown = on(root, "2026-03-29")
    assert shown["rows"][0]["span"] == "01:00–04:00"
    assert styles(shown) == ["left:4.35%;width:8.69%"]


@pytest.mark.parametrize("day", ["", "nonsense", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_today(root, day, db):
    assert on(root, day)["day"] == timezone.localdate().isoformat()


def test_what_holds_a_connector_can_be_cancelled_there_by_whom_may(root, client_with, keep):
    now = timezone.now()
    held = keep(now, now + timedelta(hours=1))
    today = timezone.localdate().isoformat()
    path = reverse("admin:stations_reservation_cancel", args=[held.pk])
    assert on(root, today)["rows"][0]["cancel_url"] == path
    looking = client_with("stations.view_reservation")
    assert on(looking, today)["rows"][0]["cancel_url"] == ""
    assert on(looking, today)["reserve_url"] == ""
    assert client_with().get(reverse(DAY)).status_code == 403


def test_it_renews_itself_when_a_reservation_changes(
    root, keep, monkeypatch, django_capture_on_commit_callbacks
):
    changed = []
    monkeypatch.setattr(bulletin, "_gather", lambda kind, numbers: changed.append((kind, numbers)))
    now = timezone.now()
    held = keep(now - timedelta(hours=2), now - timedelta(hours=1))
    part = root.get(reverse(DAY), **HTMX).content.decode()
    assert 'data-shows="reservation:*"' in part
    assert "<html" not in part
    with django_capture_on_commit_callbacks(execute=True):
        reservations.expire_due(at=now)
    assert ("reservation", (held.pk,)) in changed


def test_a_full_day_takes_as_many_queries_as_one_reservation(root, station, keep):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            root.get(reverse(DAY))
        return len(asked)

    now = timezone.now()
    keep(now, now + timedelta(hours=1), "Used", ended_at=now + timedelta(minutes=1))
    one = queries()
    for number in range(30):
        keep(now, now + timedelta(hours=1), "Used", ended_at=now + timedelta(minutes=number))
    assert queries() == one <= 12


def test_a_connector_is_kept_until_a_time(station, root):
    until = timezone.localtime() + timedelta(hours=3)
    text = f"{until:%Y-%m-%dT%H:%M}"
    press(root, "reserve", station, connector_id=1, id_tag="A1", minutes=30, until=text)
    assert f"{timezone.localtime(Reservation.objects.get().expires_at):%Y-%m-%dT%H:%M}" == text


@pytest.mark.parametrize(
    ("days", "problem"), [(-1, "ends in the future"), (8, "seven days at most")]
)
def test_a_time_it_cannot_last_until_is_named(station, root, days, problem):
    text = f"{timezone.localtime() + timedelta(days=days):%Y-%m-%dT%H:%M}"
    shown = press(root, "reserve", station, connector_id=1, id_tag="A1", minutes=30, until=text)
    assert problem in shown
    assert not Reservation.objects.exists()


def test_the_dialog_of_a_station_offers_its_connectors_in_words(station, root):
    path = reverse("admin:stations_chargingstation_reserve", args=[station.pk])
    shown = root.get(f"{path}?connector=2", **HTMX).content.decode()
    assert '<option value="1">1 · Available</option>' in shown
    assert '<option value="2" selected>2 · Charging</option>' in shown
    assert "does not" not in press(root, "reserve", station, connector_id=1, id_tag="A", minutes=5)
