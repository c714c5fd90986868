"""Over a real socket: every call of a station is answered, and what it says is stored by then."""

from __future__ import annotations

import re

import pytest

from tests.gateway.wire import AVAILABLE, BOOT, NOON, Wire
from tests.processes import Server
from tests.rows import one, rows

pytestmark = pytest.mark.stack
_SESSION = "SELECT {} FROM stations_chargingsession WHERE transaction_id = ?"


def session(server: Server, transaction_id: int, columns: str):
    """These columns of a session, read past the server."""
    [row] = rows(server.environment, _SESSION.format(columns), transaction_id)
    return row


def test_a_boot_is_answered_with_the_interval_and_stored(server, wire, cp_id):
    answer = wire.ask("BootNotification", BOOT | {"firmwareVersion": "1.2"})
    assert answer["status"] == "Accepted"
    assert 54 <= answer["interval"] <= 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", answer["currentTime"])
    query = "SELECT vendor, firmware_version FROM stations_chargingstation WHERE cp_id = ?"
    assert rows(server.environment, query, cp_id) == [("Acme", "1.2")]


def test_a_heartbeat_is_answered_with_the_time(wire):
    assert set(wire.ask("Heartbeat")) == {"currentTime"}


def test_a_status_is_stored_when_it_is_answered(server, wire, cp_id):
    assert wire.ask("StatusNotification", AVAILABLE | {"timestamp": NOON}) == {}
    query = (
        "SELECT c.status FROM stations_connector c JOIN stations_chargingstation s"
        " ON s.id = c.station_id WHERE s.cp_id = ?"
    )
    assert rows(server.environment, query, cp_id) == [("Available",)]


def test_an_unknown_card_is_invalid(wire):
    assert wire.ask("Authorize", {"idTag": "NOBODY"}) == {"idTagInfo": {"status": "Invalid"}}


def test_a_known_card_is_accepted_in_any_letter_case(wire, api):
    api.post("rfid", {"tagId": "SOCKET-CARD", "status": "Active"})
    assert wire.ask("Authorize", {"idTag": "socket-card"})["idTagInfo"]["status"] == "Accepted"


def test_a_start_is_stored_when_it_is_answered(server, wire):
    number = wire.start("SOMEBODY", meter=1234)
    assert session(server, number, "status, id_tag, meter_start_wh, started_at_raw") == (
        "Active",
        "SOMEBODY",
        1234,
        NOON,
    )


def test_meter_values_are_stored_when_they_are_answered(server, wire):
    number = wire.start(meter=1000)
    assert wire.meter(number, 3500, "2025-03-01T12:10:00Z") == {}
    query = "SELECT energy_wh, raw FROM stations_metervalue WHERE session_id = ?"
    assert rows(server.environment, query, number) == [(3500, '[{"value":"3500"}]')]
    assert session(server, number, "energy_wh") == (2500,)


def test_a_stop_is_stored_when_it_is_answered(server, wire):
    number = wire.start(meter=1000)
    stop = {
        "transactionId": number,
        "meterStop": 9000,
        "timestamp": "2025-03-01T13:00:00Z",
        "idTag": "NOBODY",
        "reason": "Remote",
        "transactionData": [
            {"timestamp": "2025-03-01T13:00:00Z", "sampledValue": [{"value": "9000"}]}
        ],
    }
    assert wire.ask("StopTransaction", stop) == {"idTagInfo": {"status": "Invalid"}}
    assert session(server, number, "status, energy_wh, stop_reason") == (
        "Completed",
        8000,
        "Remote",
    )
    query = (
        "SELECT c.connector_id FROM stations_metervalue m JOIN stations_connector c"
        " ON c.id = m.connector_id WHERE m.session_id = ?"
    )
    assert rows(server.environment, query, number) == [(1,)]


def test_a_stop_without_a_card_is_answered_without_a_verdict(wire):
    stop = {"transactionId": wire.start(), "meterStop": 9000, "timestamp": NOON}
    assert wire.ask("StopTransaction", stop) == {}


@pytest.mark.parametrize("number", [-1, 0, 2_000_000_000, 2**31, 2**40])
def test_a_stop_of_a_session_nobody_knows_is_answered_and_kept(server, wire, cp_id, number):
    stop = {"transactionId": number, "meterStop": 9000, "timestamp": NOON}
    assert wire.ask("StopTransaction", stop) == {}
    assert wire.ask("StopTransaction", stop) == {}
    query = (
        "SELECT t.status, t.reported_transaction_id FROM stations_chargingsession t"
        " JOIN stations_chargingstation s ON s.id = t.station_id WHERE s.cp_id = ?"
    )
    assert rows(server.environment, query, cp_id) == [("Orphaned", number)]


def test_a_data_transfer_of_an_unknown_vendor_is_answered(wire):
    assert wire.ask("DataTransfer", {"vendorId": "Acme", "data": "x"}) == {
        "status": "UnknownVendorId"
    }


def test_a_station_may_reserve_and_give_up_a_connector_itself(wire):
    wire.ask("StatusNotification", AVAILABLE)
    reserve = {"connectorId": 1, "expiryDate": "2099-01-01T00:00:00Z", "idTag": "A"}
    assert wire.ask("ReserveNow", reserve | {"reservationId": 7}) == {"status": "Accepted"}
    assert wire.ask("ReserveNow", reserve | {"reservationId": 8}) == {"status": "Occupied"}
    assert wire.ask("CancelReservation", {"reservationId": 7}) == {"status": "Accepted"}
    assert wire.ask("CancelReservation", {"reservationId": 7}) == {"status": "Rejected"}


def test_a_repeated_start_on_a_new_socket_has_the_same_number(server, dial, cp_id):
    first = dial()
    number = first.start()
    first.drop()
    assert dial().start() == number
    query = (
        "SELECT count(*) FROM stations_chargingsession t"
        " JOIN stations_chargingstation s ON s.id = t.station_id WHERE s.cp_id = ?"
    )
    assert one(server.environment, query, cp_id) == 1


def test_a_session_goes_on_over_a_new_socket_without_a_boot(server, dial):
    first = dial()
    number = first.start(meter=1000)
    first.drop()
    second = dial()
    second.meter(number, 5000, "2025-03-01T12:30:00Z")
    assert session(server, number, "status, energy_wh") == ("Active", 4000)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2025-03-01T14:00:00+02", "12:00:00"),
        ("2025-03-01 12:00:00", "12:00:00"),
        ("2025-03-01T12:00:00.123456789012Z", "12:00:00.123456"),
        ("2025-03-01T12:00:60Z", "12:00:59"),
    ],
)
def test_odd_times_are_read_and_kept(server, wire, sent, stored):
    at, raw = session(server, wire.start(at=sent), "started_at, started_at_raw")
    assert raw == sent
    assert str(at).split("+")[0] == f"2025-03-01 {stored}"


@pytest.mark.parametrize("at", ["2025-02-30T12:00:00Z", "2025-03-01T25:61:00Z", "soon"])
def test_times_that_cannot_be_are_refused(wire, at):
    start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": at}
    assert wire.ask("StartTransaction", start) == "PropertyConstraintViolation"


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"]
)
def test_times_at_the_ends_of_the_calendar_are_kept(server, wire, at):
    number = wire.start(at=at)
    stop = {"transactionId": number, "meterStop": 2000, "timestamp": at}
    assert wire.ask("StopTransaction", stop) == {}
    assert session(server, number, "status, energy_wh") == ("Completed", 1000)


def test_text_of_any_kind_is_kept(server, wire: Wire):
    tag = "<b>=1+1'\";⚡שלום\u202e"
    assert session(server, wire.start(tag), "id_tag") == (tag,)


def test_nul_never_reaches_the_database(server, wire):
    number = wire.start("A\x00B")
    assert session(server, number, "id_tag") == ("AB",)
    at = "2025-03-01T12:10:00Z"
    element = {"timestamp": at, "sampledValue": [{"value": "3\x000", "context": "\x00"}]}
    values = {"connectorId": 1, "transactionId": number, "meterValue": [element]}
    assert wire.ask("MeterValues", values) == {}
    assert session(server, number, "last_register_wh") == (30,)
