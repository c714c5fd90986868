"""Reservation: a connector, or the whole station, is kept for one card."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.conftest import issued
from tests.conformance.station import ago
from tests.rows import change, stored


@pytest.fixture
def reserve(station, operator, card):
    """Sends a ReserveNow, which the station answers with a status; gives OCPP's number of it."""

    def send(status: str = "Accepted", connector: int = 1, minutes: float = 30, **more: str) -> int:
        wanted = {"connectorId": connector, "idTag": card, **more}
        expires = ago(minutes=-minutes)
        operator.sends("reserve-now", {**wanted, "expiryDate": expires})
        asked = station.expects("ReserveNow", **wanted)
        assert set(asked) == {*wanted, "expiryDate", "reservationId"}
        assert asked["expiryDate"][:19] == expires[:19]
        station.answers(status=status)
        operator.is_told(status=status)
        shown = operator.sees(f"reservations/{asked['reservationId']}", status=status)
        assert (shown["connectorId"], shown["idTag"]) == (connector, card)
        return int(asked["reservationId"])

    return send


def test_tc_046_reserved_connector_then_a_transaction(station, operator, card, reserve, api):
    station.boots()
    number = reserve()
    station.reports("Reserved")
    operator.sees_connector(status="Reserved")
    stranger = issued(api)
    assert station.starts(stranger) == "Invalid"  # it is kept for the card that reserved
    station.stops("DeAuthorized", meter=1000)
    assert station.authorizes(card) == "Accepted"
    assert station.starts(card, reservationId=number) == "Accepted"
    station.reports("Charging")
    used = operator.sees(f"reservations/{number}", status="Used")
    assert used["sessionId"] == station.transaction_id


def test_tc_047_reserved_connector_expires(server, station, operator, reserve):
    station.boots()
    number = reserve()
    station.reports("Reserved")
    past = stored(datetime.now(UTC) - timedelta(minutes=1))  # half an hour goes by
    change(
        server.environment,
        "UPDATE stations_reservation SET expires_at = ? WHERE reservation_id = ?",
        past,
        number,
    )
    station.reports("Available")
    operator.sees_connector(status="Available")
    reserve()  # it is kept for nobody any more
    operator.sees(f"reservations/{number}", status="Expired")


def test_tc_048_1_reservation_faulted(station, operator, reserve):
    station.boots()
    station.reports("Faulted", error="GroundFailure")
    reserve("Faulted")
    operator.sees_connector(status="Faulted", errorCode="GroundFailure")


def test_tc_048_2_reservation_occupied(station, operator, reserve):
    station.boots()
    station.reports("Preparing")
    reserve("Occupied")
    operator.sees_connector(status="Preparing")


def test_tc_048_3_reservation_unavailable(station, operator, reserve):
    station.boots()
    change = {"connectorId": 1, "type": "Inoperative"}
    operator.sends("change-availability", change)
    station.expects("ChangeAvailability", **change)
    station.answers(status="Accepted")
    operator.is_told(status="Accepted")
    station.reports("Unavailable")
    operator.sees_connector(status="Unavailable")
    reserve("Unavailable")


def test_tc_048_4_reservation_rejected(station, reserve):
    station.boots()
    reserve("Rejected")
    reserve("Accepted")  # what was refused holds nothing


def test_tc_049_reserved_charge_point_then_a_transaction(station, operator, card, reserve):
    station.boots(connectors=1)
    number = reserve(connector=0)
    station.reports("Reserved", connector=0)
    station.reports("Reserved", connector=1)
    assert station.authorizes(card) == "Accepted"
    assert station.starts(card, reservationId=number) == "Accepted"
    station.reports("Charging")
    used = operator.sees(f"reservations/{number}", status="Used")
    assert used["sessionId"] == station.transaction_id


def cancels(station, operator, number, status):
    """A CancelReservation, which the station answers with a status."""
    operator.sends("cancel-reservation", {"reservationId": number})
    assert station.expects("CancelReservation") == {"reservationId": number}
    station.answers(status=status)
    operator.is_told(status=status)


def test_tc_051_cancel_reservation(station, operator, reserve, api):
    station.boots()
    number = reserve()
    station.reports("Reserved")
    cancels(station, operator, number, "Accepted")
    station.reports("Available")
    operator.sees(f"reservations/{number}", status="Cancelled")
    assert station.starts(issued(api)) == "Accepted"


def test_tc_052_cancel_reservation_rejected(station, operator, reserve):
    station.boots()
    number = reserve()
    station.reports("Reserved")
    cancels(station, operator, number, "Rejected")
    # The station knows no such reservation: nothing is held there, so nothing is held here.
    operator.sees(f"reservations/{number}", status="Cancelled")


def test_tc_053_reserved_connector_used_by_a_card_of_the_group(
    station, operator, api, reserve, group
):
    sibling = issued(api, groupId=group.key)
    station.boots()
    number = reserve(parentIdTag=group.parent)
    station.reports("Reserved")
    answer = station.asks("Authorize", idTag=sibling)["idTagInfo"]
    assert (answer["status"], answer["parentIdTag"]) == ("Accepted", group.parent)
    assert station.starts(sibling, reservationId=number) == "Accepted"
    station.reports("Charging")
    used = operator.sees(f"reservations/{number}", status="Used")
    assert used["sessionId"] == station.transaction_id
