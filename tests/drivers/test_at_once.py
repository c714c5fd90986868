"""Many devices of one driver at once: what is asked twice is asked once, and limits hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cms.drivers import reserving, verbs
from cms.shared import clock
from rfid.models import RfidCard
from stations.models import Command, Favourite, Reservation
from stations.services import favourites
from stations.services.assignments import Asker
from tests.billing.test_at_once import MANY, at_once, kinds
from tests.drivers.given import a_driver
from tests.stations import given

pytestmark = pytest.mark.django_db(transaction=True)


def asker(user, number):
    return Asker(at=clock.now(), requested_by_id=user.pk, idempotency_key=f"{user.pk}/{number}")


def test_a_card_that_is_started_at_once_is_started_once():
    ann, station = a_driver(), given.a_connected_station()
    card = RfidCard.objects.get()
    results = at_once(
        lambda number: verbs.begin(
            card=card, station=station, connector_id=1, asker=asker(ann, number)
        )
    )
    assert {each.pk for each in results} == {Command.objects.get().pk}


def test_no_more_is_reserved_at_once_than_one_may_hold():
    ann, station = a_driver(), given.a_connected_station()
    card, until = RfidCard.objects.get(), clock.now() + timedelta(minutes=5)
    results = at_once(
        lambda number: reserving.reserve(
            card=card,
            station=station,
            connector_id=number + 1,
            expires_at=until,
            asker=asker(ann, number),
        )
    )
    most = reserving.MOST
    assert kinds(results) == {"Reservation": most, "Conflict": MANY - most}
    assert Reservation.objects.count() == most


def test_what_is_marked_at_once_is_marked_once():
    ann, station = a_driver(), given.a_connected_station()
    results = at_once(lambda _: favourites.mark(user_id=ann.pk, at=clock.now(), station=station))
    assert {each.pk for each in results} == {Favourite.objects.get().pk}
