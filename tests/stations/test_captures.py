"""Enrolling a card by tapping it: the next unknown one, at that station, in time, to who waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.accounts.models import User
from cms.shared.errors import Conflict, DomainError, StationOffline
from rfid.models import CardChange, RfidCard
from rfid.services import cards
from stations.models import CardCapture, ChargingStation, ReviewCase
from stations.services import adoption, captures, sessions
from stations.services.settling import Who
from tests.stations import given
from tests.stations.given import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(seconds=30)


@pytest.fixture
def anna():
    return User.objects.create_user("anna")


def at_a_station(name="CP-1"):
    """A station that is connected."""
    given.a_connected_station(name, f"socket of {name}")
    return ChargingStation.objects.get(cp_id=name)


def tap(station, id_tag, at=LATER):
    """Present a card; gives what the station is answered."""
    return sessions.authorize(station_id=station.pk, id_tag=id_tag, at=at).status


def waiting(station, by, at=NOON):
    """Somebody who waits at a station."""
    return captures.wait(station=station, by=by, at=at)


def test_the_next_unknown_card_is_captured_and_refused_this_first_time(anna):
    station = at_a_station()
    capture = waiting(station, anna)
    assert tap(station, "04AA0001") == "Invalid"
    capture.refresh_from_db()
    assert (capture.state, capture.id_tag) == ("Captured", "04AA0001")
    assert capture.captured_at == LATER


def test_only_the_first_one_is(anna):
    station = at_a_station()
    capture = waiting(station, anna)
    for tag in ("04AA0001", "04AA0002"):
        tap(station, tag)
    capture.refresh_from_db()
    assert capture.id_tag == "04AA0001"


def test_two_who_wait_at_two_stations_get_each_their_own(anna):
    here, there = at_a_station("CP-1"), at_a_station("CP-2")
    mine, other = waiting(here, anna), waiting(there, User.objects.create_user("ben"))
    tap(there, "THERE")
    tap(here, "HERE")
    assert [CardCapture.objects.get(pk=row.pk).id_tag for row in (mine, other)] == ["HERE", "THERE"]


def test_a_known_card_says_so_and_the_wait_goes_on(anna):
    station, card = at_a_station(), cards.create(id_tag="KNOWN")
    capture = waiting(station, anna)
    assert tap(station, "KNOWN") == "Accepted"
    capture.refresh_from_db()
    assert (capture.state, capture.known_card) == ("Waiting", card)
    tap(station, "NEW")
    capture.refresh_from_db()
    assert capture.id_tag == "NEW"


@pytest.mark.parametrize("late", [60, 61, 3600])
def test_a_card_that_comes_too_late_is_nobodys(anna, late):
    station = at_a_station()
    capture = waiting(station, anna)
    at = NOON + timedelta(seconds=late)
    tap(station, "LATE", at=at)
    capture.refresh_from_db()
    assert (capture.id_tag, capture.state_at(at)) == ("", "Expired")


def test_who_cancelled_gets_none(anna):
    station = at_a_station()
    capture = waiting(station, anna)
    captures.cancel(capture=capture)
    tap(station, "NEW")
    capture.refresh_from_db()
    assert (capture.state, capture.id_tag) == ("Cancelled", "")


def test_a_start_without_authorize_is_a_tap_as_well(anna):
    station = at_a_station()
    capture = waiting(station, anna)
    given.begin(station, tag="STARTER", minute=0.5)
    capture.refresh_from_db()
    assert capture.id_tag == "STARTER"


def test_a_second_one_at_the_same_station_is_told_who_waits(anna):
    station = at_a_station()
    first = waiting(station, anna)
    assert waiting(station, anna) == first
    with pytest.raises(Conflict, match="anna waits"):
        waiting(station, User.objects.create_user("ben"))
    ben = User.objects.get(username="ben")
    assert waiting(station, ben, at=NOON + timedelta(minutes=2)) != first


def test_a_station_that_is_away_hears_no_tap(anna):
    with pytest.raises(StationOffline, match="offline"):
        waiting(given.a_station("CP-1"), anna)
    assert not CardCapture.objects.exists()


def test_the_captured_card_becomes_ours_and_its_case_is_settled(anna):
    station = at_a_station()
    capture = waiting(station, anna)
    tap(station, "04aa0001")
    card = adoption.adopt_captured(
        capture_id=capture.pk, who=Who(anna, "enrolled"), at=LATER, label="Van 7", user=anna
    )
    assert (card.label, card.user, tap(station, "04AA0001")) == ("Van 7", anna, "Accepted")
    case = ReviewCase.objects.get()
    assert (case.state, case.settled_by, case.why) == ("Settled", anna, "enrolled")
    change = CardChange.objects.get()
    assert (change.kind, change.by, change.card) == ("Adopted", anna, card)
    with pytest.raises(Conflict):
        adoption.adopt_captured(capture_id=capture.pk, who=Who(anna, "x"), at=LATER)
    assert RfidCard.objects.count() == 1


def test_nothing_is_adopted_before_a_card_was_presented(anna):
    capture = waiting(at_a_station(), anna)
    with pytest.raises(DomainError, match="No card"):
        adoption.adopt_captured(capture_id=capture.pk, who=Who(anna, "x"), at=LATER)
