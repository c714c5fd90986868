"""Reservations a station makes itself, by numbers of its own."""

from __future__ import annotations

import pytest

from stations.models import Reservation, ReservationStatus
from stations.services import reservations
from tests.stations import given


def reserve(station, connector=1):
    """A reservation of ours."""
    return reservations.reserve(
        station=station,
        connector_id=connector,
        id_tag="CARD-1",
        expires_at=given.after(60),
        at=given.NOON,
    )


def status(reservation):
    """What the row says now."""
    return Reservation.objects.get(pk=reservation.pk).status


def record_own(station, number=77, connector=1):
    """A station tells of a reservation it made itself."""
    return reservations.record_own(
        station_id=station.pk,
        connector_id=connector,
        id_tag="CARD-1",
        expires_at=given.after(60),
        number=number,
        at=given.NOON,
    )


def test_a_station_may_reserve_a_free_connector_itself(station):
    given.report(station, "Available")
    assert record_own(station) == "Accepted"
    kept = Reservation.objects.get()
    assert (kept.status, kept.reported_reservation_id) == ("Accepted", 77)


@pytest.mark.parametrize(
    ("state", "answer"),
    [("Charging", "Occupied"), ("Faulted", "Faulted"), ("Unavailable", "Unavailable")],
)
def test_a_station_may_not_reserve_what_is_not_free(station, state, answer):
    given.report(station, state)
    assert record_own(station) == answer
    assert not Reservation.objects.exists()


def test_a_station_may_not_reserve_a_connector_it_does_not_have(station):
    assert record_own(station, connector=9) == "Unavailable"


def test_a_station_may_not_reserve_what_is_reserved(connected):
    reserve(connected)
    assert record_own(connected) == "Occupied"


def test_a_station_gives_up_its_own_reservation_by_its_own_number(station):
    given.report(station, "Available")
    record_own(station)
    assert reservations.cancel_own(station_id=station.pk, number=77, at=given.after(1))
    assert Reservation.objects.get().status == ReservationStatus.CANCELLED
    assert not reservations.cancel_own(station_id=station.pk, number=77, at=given.after(2))


def test_a_station_gives_up_a_reservation_of_ours(connected):
    reservation = reserve(connected)
    assert reservations.cancel_own(
        station_id=connected.pk, number=reservation.pk, at=given.after(1)
    )


def test_a_station_cannot_give_up_a_reservation_of_another(connected, other_station):
    reservation = reserve(connected)
    assert not reservations.cancel_own(
        station_id=other_station.pk, number=reservation.pk, at=given.after(1)
    )


def test_its_own_number_is_not_mistaken_for_one_of_ours(connected):
    ours = reserve(connected, connector=1)
    given.report(connected, "Available", connector=2)
    record_own(connected, number=ours.pk, connector=2)
    reservations.cancel_own(station_id=connected.pk, number=ours.pk, at=given.after(1))
    assert status(ours) == ReservationStatus.REQUESTED


@pytest.mark.parametrize("number", [-1, 2**40])
def test_a_number_of_any_size_gives_nothing_up(station, number):
    assert not reservations.cancel_own(station_id=station.pk, number=number, at=given.NOON)


def test_cancelling_names_the_number_the_station_gave_it(connected):
    given.report(connected, "Available")
    record_own(connected)
    command = reservations.cancel(reservation=Reservation.objects.get(), at=given.after(1))
    assert command.payload == {"reservationId": 77}
    reservations.cancelled(station_id=connected.pk, reservation_id=77, at=given.after(1))
    assert Reservation.objects.get().status == ReservationStatus.CANCELLED
