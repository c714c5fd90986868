"""Reservations: asked, held, refused, cancelled, expired; and those a station makes itself."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations import events
from stations.models import Command, CommandStatus, Reservation, ReservationStatus
from stations.services import commands, configuration, reservations, stations
from stations.services.commands import Outcome
from tests import ringing
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


def fail(reservation):
    """We gave up waiting for the station's answer."""
    command = commands.claim_next(
        station_id=reservation.station_id, connection_id="socket-1", at=given.NOON
    )
    commands.settle(
        command_id=command.pk, outcome=Outcome(CommandStatus.TIMED_OUT), at=given.after(1)
    )


def accept(reservation, minute):
    """The station accepts at ``minute``."""
    reservations.answered(
        station_id=reservation.station_id,
        reservation_id=reservation.pk,
        status="Accepted",
        at=given.after(minute),
    )


def test_accepted_after_we_gave_up_it_is_held_after_all(connected):
    reservation = reserve(connected)
    fail(reservation)
    accept(reservation, 2)
    reservation.refresh_from_db()
    assert (reservation.status, reservation.ended_at) == (ReservationStatus.ACCEPTED, None)


def test_accepted_after_somebody_else_got_the_connector_it_is_given_back(connected):
    reservation = reserve(connected)
    fail(reservation)
    reserve(connected, tag="CARD-2", minute=2)
    accept(reservation, 3)
    assert status(reservation) == ReservationStatus.FAILED
    newest = Command.objects.first()
    assert (newest.action, newest.payload) == (
        "CancelReservation",
        {"reservationId": reservation.pk},
    )


def test_accepted_after_its_end_it_stays_over(connected):
    reservation = reserve(connected, until=30)
    fail(reservation)
    accept(reservation, 31)
    assert status(reservation) == ReservationStatus.FAILED


def test_one_the_station_does_not_know_is_over_and_says_why(connected):
    reservation = reserve(connected)
    reservations.cancelled(
        station_id=connected.pk,
        reservation_id=reservation.pk,
        status="Rejected",
        at=given.after(1),
    )
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED
    assert "knew no such" in reservation.status_reason


@pytest.mark.parametrize("told", ["false", "False"])
def test_any_connector_needs_a_station_that_supports_it(connected, told):
    configuration.changed(
        station_id=connected.pk, key="ReserveConnectorZeroSupported", value=told, at=given.NOON
    )
    with pytest.raises(DomainError, match="only connectors") as refused:
        reserve(connected, connector=0)
    assert list(refused.value.fields) == ["connectorId"]


@pytest.mark.parametrize("told", [None, "true"])
def test_any_connector_may_be_asked_for_where_nothing_is_known_against_it(connected, told):
    if told:
        configuration.changed(
            station_id=connected.pk, key="ReserveConnectorZeroSupported", value=told, at=given.NOON
        )
    assert status(reserve(connected, connector=0)) == ReservationStatus.REQUESTED


def test_a_repeated_key_reserves_once(connected):
    assert reserve(connected, idempotency_key="a") == reserve(connected, idempotency_key="a")
    assert Command.objects.count() == 1


def test_a_key_of_another_command_reserves_nothing(connected):
    commands.request(
        station=connected, action="Reset", payload={}, at=given.NOON, idempotency_key="a"
    )
    with pytest.raises(Conflict, match="another command"):
        reserve(connected, idempotency_key="a")


def test_a_repeated_key_cancels_once_even_when_it_is_over(connected):
    reservation = reserve(connected)
    first = reservations.cancel(reservation=reservation, at=given.after(1), idempotency_key="b")
    reservations.cancelled(
        station_id=connected.pk, reservation_id=reservation.pk, at=given.after(2)
    )
    reservation.refresh_from_db()
    again = reservations.cancel(reservation=reservation, at=given.after(3), idempotency_key="b")
    assert again == first


@pytest.mark.parametrize("state", ["Faulted", "Unavailable"])
def test_its_holder_is_told_when_the_connector_fails(
    connected, monkeypatch, django_capture_on_commit_callbacks, state
):
    rung = ringing.heard(monkeypatch)
    reservation = reserve(connected)
    with django_capture_on_commit_callbacks(execute=True):
        given.report(connected, state, minute=1)
    assert (
        events.reservation_group(reservation.pk),
        {"type": "reservation.changed", "id": reservation.pk, "status": "Cancelled"},
    ) in rung
