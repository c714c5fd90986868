"""Starting on a connector that is reserved: for this card, for its group, or for somebody else."""

from __future__ import annotations

import pytest

from rfid.models import CardGroup
from stations.models import Reservation, ReservationStatus
from stations.services import reservations
from tests.stations import given

pytestmark = pytest.mark.usefixtures("card")


def reserve(station, *, connector=1, tag="CARD-1", until=60, **more):
    """A reservation the station accepted."""
    reservation = reservations.reserve(
        station=station,
        connector_id=connector,
        id_tag=tag,
        expires_at=given.after(until),
        at=given.NOON,
        **more,
    )
    reservations.answered(
        station_id=reservation.station_id,
        reservation_id=reservation.pk,
        status="Accepted",
        at=given.NOON,
    )
    return Reservation.objects.get(pk=reservation.pk)


def test_the_card_it_was_made_for_uses_it(connected):
    reservation = reserve(connected)
    started = given.begin(connected, minute=5, tag="card-1")
    reservation.refresh_from_db()
    assert started.authorization.status == "Accepted"
    assert reservation.status == ReservationStatus.USED
    assert reservation.session_id == started.transaction_id


def test_another_card_is_refused_and_the_reservation_stays(connected):
    given.a_card("CARD-2")
    reservation = reserve(connected)
    started = given.begin(connected, minute=5, tag="CARD-2")
    reservation.refresh_from_db()
    assert started.authorization.status == "Invalid"
    assert started.transaction_id > 0
    assert reservation.status == ReservationStatus.ACCEPTED


def test_a_card_of_the_same_group_uses_it(connected):
    group = CardGroup.objects.create(name="Family", parent_id_tag="FAMILY")
    given.a_card("CARD-2", group=group)
    reservation = reserve(connected, parent_id_tag="family")
    started = given.begin(connected, minute=5, tag="CARD-2")
    reservation.refresh_from_db()
    assert started.authorization.status == "Accepted"
    assert reservation.status == ReservationStatus.USED


def test_a_card_of_another_group_is_refused(connected):
    group = CardGroup.objects.create(name="Others", parent_id_tag="OTHERS")
    given.a_card("CARD-2", group=group)
    reserve(connected, parent_id_tag="FAMILY")
    assert given.begin(connected, minute=5, tag="CARD-2").authorization.status == "Invalid"


def test_cards_without_a_group_do_not_fit_a_reservation_without_one(connected):
    given.a_card("CARD-2")
    reserve(connected)
    assert given.begin(connected, minute=5, tag="CARD-2").authorization.status == "Invalid"


def test_a_blocked_card_does_not_use_up_its_reservation(connected, card):
    reservation = reserve(connected)
    card.status = "Blocked"
    card.save()
    assert given.begin(connected, minute=5).authorization.status == "Blocked"
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.ACCEPTED


def test_another_connector_of_the_station_is_free_for_all(connected):
    given.a_card("CARD-2")
    reserve(connected, connector=1)
    started = given.begin(connected, connector=2, minute=5, tag="CARD-2")
    assert started.authorization.status == "Accepted"


def test_a_reservation_of_any_connector_is_used_on_any(connected):
    reservation = reserve(connected, connector=0)
    given.begin(connected, connector=2, minute=5)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.USED


def test_a_reservation_of_any_connector_leaves_the_others_while_one_is_kept(connected):
    given.a_card("CARD-2")
    given.report(connected, "Available", connector=1)
    given.report(connected, "Available", connector=2)
    reserve(connected, connector=0)
    started = given.begin(connected, connector=1, minute=5, tag="CARD-2")
    assert started.authorization.status == "Accepted"


def test_a_reservation_of_any_connector_keeps_the_last_free_one(connected):
    given.a_card("CARD-2")
    given.report(connected, "Available", connector=1)
    given.report(connected, "Charging", connector=2)
    reserve(connected, connector=0)
    started = given.begin(connected, connector=1, minute=5, tag="CARD-2")
    assert started.authorization.status == "Invalid"


def test_a_reservation_that_is_over_holds_nothing(connected):
    given.a_card("CARD-2")
    reserve(connected, until=10)
    assert given.begin(connected, minute=10, tag="CARD-2").authorization.status == "Accepted"


def test_a_start_from_before_the_reservation_does_not_use_it(connected):
    reservation = reserve(connected)
    given.begin(connected, minute=-120)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.ACCEPTED


def test_a_late_start_within_the_reservation_uses_it(connected):
    reservation = reserve(connected, until=30)
    given.begin(connected, minute=20, heard=given.after(300))
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.USED


def test_a_reservation_of_another_station_holds_nothing_here(connected):
    given.a_card("CARD-2")
    reserve(given.a_connected_station("CP-2", "socket-2"))
    assert given.begin(connected, minute=5, tag="CARD-2").authorization.status == "Accepted"


def test_the_one_the_station_names_is_used_whatever_card_it_was_for(connected):
    given.a_card("CARD-2")
    reservation = reserve(connected)
    started = given.begin(connected, minute=5, tag="CARD-2", reservation=reservation.pk)
    reservation.refresh_from_db()
    assert started.authorization.status == "Accepted"
    assert (reservation.status, reservation.session_id) == ("Used", started.transaction_id)


def test_the_one_the_station_names_is_over_even_for_a_refused_card(connected):
    reservation = reserve(connected)
    started = given.begin(connected, minute=5, tag="NOBODY", reservation=reservation.pk)
    reservation.refresh_from_db()
    assert (started.authorization.status, reservation.status) == ("Invalid", "Used")


def test_the_station_may_name_one_by_its_own_number(connected):
    given.report(connected, "Available")
    reservations.record_own(
        station_id=connected.pk,
        connector_id=1,
        id_tag="CARD-1",
        expires_at=given.after(60),
        number=77,
        at=given.NOON,
    )
    given.begin(connected, minute=5, reservation=77)
    assert Reservation.objects.get().status == ReservationStatus.USED


@pytest.mark.parametrize("number", [None, -1, 0, 2**40])
def test_a_number_nobody_knows_leaves_it_to_the_card(connected, number):
    reservation = reserve(connected)
    given.begin(connected, minute=5, reservation=number)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.USED


def test_a_late_start_uses_the_one_that_has_expired_meanwhile(connected):
    reservation = reserve(connected, until=30)
    reservations.expire_due(at=given.after(31))
    given.begin(connected, minute=20, heard=given.after(300), reservation=reservation.pk)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.USED


def test_a_start_after_its_end_does_not_use_it(connected):
    reservation = reserve(connected, until=30)
    reservations.expire_due(at=given.after(31))
    given.begin(connected, minute=40, reservation=reservation.pk)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.EXPIRED


def test_a_reservation_of_another_station_cannot_be_named(connected):
    elsewhere = reserve(given.a_connected_station("CP-2", "socket-2"))
    given.begin(connected, minute=5, reservation=elsewhere.pk)
    elsewhere.refresh_from_db()
    assert elsewhere.status == ReservationStatus.ACCEPTED
