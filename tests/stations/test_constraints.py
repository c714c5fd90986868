"""What the database itself refuses, on either engine, whoever writes."""

from __future__ import annotations

import pytest
from django.db import DataError, IntegrityError, transaction
from django.db.models import ProtectedError

from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    Connector,
    MeterValue,
    Reservation,
    SessionStatus,
)
from tests.stations import given


@pytest.fixture
def outlet(station):
    """Connector 1 of CP-1."""
    return Connector.objects.create(station=station, connector_id=1)


def refused(make):
    """Whether the database refuses what ``make`` writes."""
    try:
        with transaction.atomic():
            make()
    except IntegrityError:
        return True
    return False


def a_session(outlet, **fields):
    """A session written past the services."""
    defaults = {"station": outlet.station, "connector": outlet, "id_tag": "CARD-1"}
    return ChargingSession.objects.create(**defaults | fields)


def test_two_stations_may_not_differ_in_letter_case_only(station):
    assert refused(lambda: ChargingStation.objects.create(cp_id="cp-1"))


@pytest.mark.parametrize("number", [-1, 0, 2**31])
def test_a_transaction_id_is_positive_and_has_32_bits(outlet, number):
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        a_session(outlet, transaction_id=number)


def test_the_largest_transaction_id_is_allowed(outlet):
    assert not refused(lambda: a_session(outlet, transaction_id=2**31 - 1))


def test_a_connector_has_one_open_session(outlet):
    a_session(outlet, meter_start_wh=1)
    assert refused(lambda: a_session(outlet, meter_start_wh=2))
    assert not refused(lambda: a_session(outlet, status=SessionStatus.INFERRED))


def test_energy_is_never_negative(outlet):
    assert refused(lambda: a_session(outlet, energy_wh=-1))


def test_one_start_is_stored_once(outlet):
    same = {"started_at": given.NOON, "meter_start_wh": 5, "status": SessionStatus.COMPLETED}
    a_session(outlet, **same)
    assert refused(lambda: a_session(outlet, **same))


def test_one_orphan_stop_is_stored_once(outlet):
    same = {
        "reported_transaction_id": 7,
        "stopped_at": given.NOON,
        "meter_stop_wh": 5,
        "status": SessionStatus.ORPHANED,
    }
    a_session(outlet, **same)
    assert refused(lambda: a_session(outlet, **same))


def test_a_station_has_one_connector_of_a_number(outlet):
    assert refused(lambda: Connector.objects.create(station=outlet.station, connector_id=1))


def test_a_connector_is_held_by_one_reservation(outlet):
    def hold(status="Accepted"):
        Reservation.objects.create(
            station=outlet.station,
            connector=outlet,
            id_tag="CARD-1",
            requested_at=given.NOON,
            expires_at=given.after(60),
            status=status,
        )

    hold()
    assert refused(hold)
    assert not refused(lambda: hold("Expired"))


def test_a_reading_is_stored_once(outlet):
    def write():
        MeterValue.objects.create(
            connector=outlet,
            sampled_at=given.NOON,
            received_at=given.NOON,
            raw="[]",
            fingerprint=1,
        )

    write()
    assert refused(write)


def test_an_idempotency_key_is_used_once(station):
    def ask():
        Command.objects.create(
            station=station,
            action="Reset",
            requested_at=given.NOON,
            send_before=given.NOON,
            idempotency_key="once",
        )

    ask()
    assert refused(ask)


@pytest.mark.parametrize("model", [ChargingSession, Reservation])
def test_a_number_is_not_used_again_after_its_row_is_deleted(outlet, model):
    def number():
        if model is ChargingSession:
            return a_session(outlet).pk
        return Reservation.objects.create(
            station=outlet.station,
            connector=outlet,
            id_tag="CARD-1",
            requested_at=given.NOON,
            expires_at=given.NOON,
        ).pk

    first = number()
    model.objects.all().delete()
    assert number() > first


def test_a_station_with_sessions_cannot_be_deleted_in_any_way(outlet):
    a_session(outlet)
    with pytest.raises(ProtectedError):
        outlet.station.delete()


def test_sessions_outlive_the_card_that_began_them(station):
    card = given.a_card()
    started = given.begin(station)
    card.delete()
    assert given.session(started).card is None
    assert given.session(started).id_tag == "CARD-1"
