"""Connectors: statuses in the order in which things happened, and what they bring about."""

from __future__ import annotations

import pytest

from cms.shared.errors import DomainError
from stations.models import Connector, Reservation, ReservationStatus, StatusChange
from stations.services import connectors, reservations, stations
from stations.services.connectors import StatusReport
from tests.stations import given


def statuses(station, number=1):
    """The connector's history, oldest first."""
    changes = StatusChange.objects.filter(connector=given.connector(station, number))
    return list(changes.order_by("pk").values_list("status", flat=True))


def test_it_stores_what_a_connector_reports(station):
    said = StatusReport(
        2, "Faulted", "GroundFailure", given.NOON, "2025-03-01T12:00:00Z", "wet", "VENDOR", "E42"
    )
    connectors.set_status(station_id=station.pk, report=said, at=given.after(1))
    stored = given.connector(station, 2)
    assert (stored.status, stored.error_code) == ("Faulted", "GroundFailure")
    assert (stored.info, stored.vendor_id, stored.vendor_error_code) == ("wet", "VENDOR", "E42")
    assert (stored.status_at, stored.status_received_at) == (given.NOON, given.after(1))


def test_it_keeps_the_history_with_the_text_of_the_time(station):
    said = StatusReport(1, "Available", "NoError", given.NOON, "2025-03-01 12:00:00")
    connectors.set_status(station_id=station.pk, report=said, at=given.NOON)
    assert StatusChange.objects.get().reported_at_raw == "2025-03-01 12:00:00"


def test_a_later_report_replaces_an_earlier_one(station):
    given.report(station, "Preparing", minute=0)
    given.report(station, "Charging", minute=1)
    assert given.connector(station).status == "Charging"


def test_a_report_that_arrives_late_only_enters_the_history(station):
    given.report(station, "Charging", minute=10)
    given.report(station, "Preparing", minute=5, heard=11)
    assert given.connector(station).status == "Charging"
    assert statuses(station) == ["Charging", "Preparing"]


def test_a_repeated_report_enters_the_history_once(station):
    for heard in (0, 1, 30):
        given.report(station, "Charging", heard=heard)
    given.report(station, "Charging", minute=5, heard=31)
    assert statuses(station) == ["Charging", "Charging"]


def test_a_repeated_report_counts_again_after_a_boot(station):
    given.report(station, "Charging")
    booted = stations.BootReport(vendor="Acme", model="One")
    stations.boot(station_id=station.pk, report=booted, at=given.after(1))
    given.report(station, "Preparing", minute=-5, heard=2)
    given.report(station, "Charging", heard=2)
    assert given.connector(station).status == "Charging"
    assert statuses(station) == ["Charging", "Preparing"]


def test_of_two_reports_of_one_moment_the_later_heard_counts(station):
    given.report(station, "Preparing")
    given.report(station, "Charging")
    assert given.connector(station).status == "Charging"


def test_a_clock_that_stands_still_hides_nothing(station):
    for status in ("Available", "Charging", "Available"):
        said = StatusReport(1, status, "NoError", given.NOON, given.NOON.isoformat())
        connectors.set_status(station_id=station.pk, report=said, at=given.after(5))
    assert given.connector(station).status == "Available"


def test_each_connector_has_its_own_order(station):
    given.report(station, "Charging", connector=1, minute=10)
    given.report(station, "Preparing", connector=2, minute=5)
    assert given.connector(station, 2).status == "Preparing"


def test_a_boot_starts_the_order_anew(station):
    given.report(station, "Charging", minute=600)
    stations.boot(
        station_id=station.pk, report=stations.BootReport("Vendor", "Model"), at=given.NOON
    )
    given.report(station, "Available", minute=0)
    assert given.connector(station).status == "Available"


def test_a_clock_that_runs_ahead_does_not_hide_what_comes_after(station):
    given.report(station, "Charging", minute=60 * 24 * 365, heard=0)
    given.report(station, "Faulted", minute=5)
    assert given.connector(station).status == "Faulted"


def test_a_clock_that_is_put_back_an_hour_does_not_hide_what_comes_after(station):
    given.report(station, "Preparing", minute=120, heard=0)  # local summer time, marked as UTC
    given.report(station, "Charging", minute=70, heard=10)
    assert given.connector(station).status == "Charging"


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
def test_a_connector_out_of_order_cancels_its_reservation(connected, status):
    reservation = reserved(connected, 1)
    given.report(connected, status, minute=5)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.CANCELLED
    assert reservation.status_reason == f"connector is {status}"
    assert reservation.ended_at == given.after(5)


def test_another_connector_out_of_order_cancels_nothing(connected):
    reservation = reserved(connected, 1)
    given.report(connected, "Faulted", connector=2, minute=5)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.REQUESTED


def test_a_station_out_of_order_cancels_all_its_reservations(connected):
    kept = [reserved(connected, 1), reserved(connected, 2)]
    elsewhere = reserved(given.a_connected_station("CP-2", "socket-2"), 1)
    given.report(connected, "Faulted", connector=0, minute=5)
    for reservation in kept:
        reservation.refresh_from_db()
        assert reservation.status == ReservationStatus.CANCELLED
    elsewhere.refresh_from_db()
    assert elsewhere.status == ReservationStatus.REQUESTED


def test_a_fault_reported_late_cancels_nothing(connected):
    reservation = reserved(connected, 1)
    given.report(connected, "Available", minute=5)
    given.report(connected, "Faulted", minute=3, heard=6)
    reservation.refresh_from_db()
    assert reservation.status == ReservationStatus.REQUESTED


def test_a_word_the_specification_does_not_know_is_kept(station):
    given.report(station, "Occupied")
    assert given.connector(station).status == "Occupied"


@pytest.mark.parametrize("number", [-1, 1001, 2**31, 2**62])
def test_it_refuses_a_number_no_connector_has(station, number):
    with pytest.raises(DomainError, match="connectorId"):
        given.report(station, "Available", connector=number)
    assert not Connector.objects.exists()


def test_it_forgets_history_that_is_old_and_only_that(station):
    given.report(station, "Preparing", minute=0)
    given.report(station, "Charging", minute=10)
    assert connectors.prune_status_changes(before=given.after(5)) == 1
    assert statuses(station) == ["Charging"]


def reserved(station, number) -> Reservation:
    """A reservation of the connector, asked of the station."""
    return reservations.reserve(
        station=station,
        connector_id=number,
        id_tag="CARD-1",
        expires_at=given.after(60),
        at=given.NOON,
    )
