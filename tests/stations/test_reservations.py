"""Reservations: asked, held, refused, cancelled, expired; and those a station makes itself."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations.models import Command, CommandStatus, Reservation, ReservationStatus
from stations.services import commands, reservations, stations
from stations.services.commands import Outcome
from tests.stations import given


def reserve(station, connector=1, tag="CARD-1", until=60, minute=0, **more):
    """Ask for a reservation at ``minute``."""
    return reservations.reserve(
        station=station,
        connector_id=connector,
        id_tag=tag,
        expires_at=given.after(until),
        at=given.after(minute),
        **more,
    )


def status(reservation):
    """What the row says now."""
    return Reservation.objects.get(pk=reservation.pk).status


def test_it_asks_the_station(connected):
    reservation = reserve(connected, connector=2, parent_id_tag="FAMILY")
    assert status(reservation) == ReservationStatus.REQUESTED
    command = Command.objects.get()
    assert command == reservation.command
    assert command.action == "ReserveNow"
    assert command.payload == {
        "connectorId": 2,
        "expiryDate": "2025-03-01T13:00:00Z",
        "idTag": "CARD-1",
        "parentIdTag": "FAMILY",
        "reservationId": reservation.pk,
    }


def test_it_needs_a_station_that_is_connected(station):
    with pytest.raises(StationOffline, match="CP-1"):
        reserve(station)
    assert not Reservation.objects.exists()


def test_it_needs_an_end_in_the_future(connected):
    with pytest.raises(DomainError, match="future"):
        reserve(connected, until=0)


def test_it_needs_a_connector_nobody_holds(connected):
    reserve(connected)
    with pytest.raises(Conflict, match="reserved already"):
        reserve(connected, tag="CARD-2")
    assert Command.objects.count() == 1


def test_it_may_follow_one_that_is_over(connected):
    first = reserve(connected, until=30)
    reserve(connected, tag="CARD-2", minute=30)
    assert status(first) == ReservationStatus.EXPIRED


def test_it_is_held_once_the_station_accepted(connected):
    reservation = reserve(connected)
    reservations.answered(
        station_id=reservation.station_id,
        reservation_id=reservation.pk,
        status="Accepted",
        at=given.after(1),
    )
    reservation.refresh_from_db()
    assert (reservation.status, reservation.ended_at) == (ReservationStatus.ACCEPTED, None)


@pytest.mark.parametrize("answer", ["Occupied", "Faulted", "Rejected", "Unavailable"])
def test_a_refusal_ends_it_in_the_stations_own_word(connected, answer):
    reservation = reserve(connected)
    reservations.answered(
        station_id=reservation.station_id,
        reservation_id=reservation.pk,
        status=answer,
        at=given.after(1),
    )
    reservation.refresh_from_db()
    assert (reservation.status, reservation.ended_at) == (answer, given.after(1))


def test_a_late_answer_does_not_revive_it(connected):
    reservation = reserve(connected)
    given.report(connected, "Faulted", minute=1)
    reservations.answered(
        station_id=reservation.station_id,
        reservation_id=reservation.pk,
        status="Accepted",
        at=given.after(2),
    )
    assert status(reservation) == ReservationStatus.CANCELLED


@pytest.mark.parametrize("ending", [CommandStatus.FAILED, CommandStatus.TIMED_OUT])
def test_it_fails_where_the_station_does_not_answer(connected, ending):
    reservation = reserve(connected)
    command = commands.claim_next(
        station_id=connected.pk, connection_id="socket-1", at=given.after(0)
    )
    commands.settle(command_id=command.pk, outcome=Outcome(ending), at=given.after(1))
    assert status(reservation) == ReservationStatus.FAILED


def test_it_fails_where_it_was_never_sent(connected):
    reservation = reserve(connected)
    commands.expire_due(at=given.after(10))
    assert status(reservation) == ReservationStatus.FAILED


def test_cancelling_asks_the_station_first(connected):
    reservation = reserve(connected)
    command = reservations.cancel(reservation=reservation, at=given.after(1))
    assert (command.action, command.payload) == (
        "CancelReservation",
        {"reservationId": reservation.pk},
    )
    assert status(reservation) == ReservationStatus.REQUESTED


def test_it_is_cancelled_once_the_station_says_so(connected):
    reservation = reserve(connected)
    reservations.cancelled(
        station_id=connected.pk, reservation_id=reservation.pk, at=given.after(2)
    )
    assert status(reservation) == ReservationStatus.CANCELLED


def test_another_station_cannot_cancel_it(connected, other_station):
    reservation = reserve(connected)
    reservations.cancelled(
        station_id=other_station.pk, reservation_id=reservation.pk, at=given.after(2)
    )
    assert status(reservation) == ReservationStatus.REQUESTED


def test_one_that_is_over_cannot_be_cancelled(connected):
    reservation = reserve(connected)
    reservations.expire_due(at=given.after(60))
    reservation.refresh_from_db()
    with pytest.raises(Conflict, match="Expired"):
        reservations.cancel(reservation=reservation, at=given.after(61))


def test_it_expires_at_its_end_and_not_before(connected):
    reservation = reserve(connected)
    assert reservations.expire_due(at=given.after(59.9)) == 0
    assert reservations.expire_due(at=given.after(60)) == 1
    assert status(reservation) == ReservationStatus.EXPIRED


def test_expiring_twice_finds_nothing_to_do(connected):
    reserve(connected)
    reservations.expire_due(at=given.after(60))
    assert reservations.expire_due(at=given.after(61)) == 0


def test_it_outlives_a_boot(connected):
    reservation = reserve(connected)
    stations.boot(station_id=connected.pk, report=stations.BootReport("V", "M"), at=given.after(1))
    assert status(reservation) == ReservationStatus.REQUESTED


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
