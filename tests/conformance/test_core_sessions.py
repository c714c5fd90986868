"""Core: a station boots and charges on its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.conftest import issued
from tests.conformance.station import ago


def test_tc_001_cold_boot_charge_point(station, operator):
    answer = station.boots(connectors=2)
    assert 54 <= answer["interval"] <= 60
    told = datetime.fromisoformat(station.asks("Heartbeat")["currentTime"])
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=20)
    shown = operator.sees_station(status="ONLINE", isConnected=True, registration="Accepted")
    assert shown["chargePointStatus"] == "Available"
    assert [each["status"] for each in shown["connectors"]] == ["Available", "Available"]


def test_tc_003_regular_charging_session_plugin_first(station, operator, card):
    station.boots()
    station.reports("Preparing")
    assert station.authorizes(card) == "Accepted"
    assert station.starts(card, meter=1000) == "Accepted"
    station.reports("Charging")
    operator.sees_session(station.transaction_id, sessionStatus="ACTIVE", ocppIdTag=card)
    operator.sees_connector(status="Charging")


def test_tc_004_1_regular_charging_session_identification_first(station, operator, card):
    station.boots()
    assert station.authorizes(card) == "Accepted"
    station.reports("Preparing")
    assert station.starts(card) == "Accepted"
    station.reports("Charging")
    operator.sees_session(station.transaction_id, sessionStatus="ACTIVE", startMeterValue=1000)


def test_tc_004_2_identification_first_connection_time_out(station, operator, card):
    station.boots()
    assert station.authorizes(card) == "Accepted"
    station.reports("Preparing")
    station.reports("Available")
    operator.sees_connector(status="Available")
    assert operator.lists(f"sessions/station/{station.cp_id}") == []


def test_tc_005_1_ev_side_disconnected_stops_and_unlocks(station, operator, card):
    station.boots()
    station.reports("Preparing")
    assert station.authorizes(card) == "Accepted"
    assert station.starts(card, meter=1000) == "Accepted"
    station.reports("Charging")
    station.reports("SuspendedEV")
    station.stops("EVDisconnected", meter=3500)
    station.reports("Finishing")
    station.reports("Available")
    operator.sees_connector(status="Available")
    ended = {"sessionStatus": "COMPLETED", "stopReason": "EVDisconnected", "energyKwh": 2.5}
    operator.sees_session(station.transaction_id, **ended, needsReview=False)


def test_tc_007_regular_charging_session_cached_id(station, operator, card):
    station.boots()
    station.reports("Preparing")
    assert station.starts(card) == "Accepted"  # nobody asked: the station knew the card
    station.reports("Charging")
    operator.sees_session(station.transaction_id, sessionStatus="ACTIVE", authorization="Accepted")


def test_tc_023_1_authorize_invalid(station):
    station.boots()
    assert station.authorizes("NobodysCard") == "Invalid"


def test_tc_023_2_authorize_expired(station, api):
    station.boots()
    expired = issued(api, validUntil=ago(minutes=5))
    assert station.authorizes(expired) == "Expired"


def test_tc_023_3_authorize_blocked(station, operator, card):
    station.boots()
    assert station.authorizes(card) == "Accepted"
    operator.issues(f"rfid/{card}/block", {"reason": "lost"}, status=200)
    assert station.authorizes(card) == "Blocked"


def test_tc_024_start_charging_session_lock_failure(station, operator, card):
    station.boots()
    station.reports("Preparing")
    assert station.authorizes(card) == "Accepted"
    station.reports("Faulted", error="ConnectorLockFailure")
    operator.sees_connector(status="Faulted", errorCode="ConnectorLockFailure")
    assert operator.lists(f"sessions/station/{station.cp_id}") == []


def test_tc_032_1_power_failure_boot_stops_the_transaction(station, operator, card):
    station.boots()
    assert station.starts(card, at=ago(30), meter=1000) == "Accepted"
    station.leaves()
    station.connects()
    station.boots()
    station.stops("PowerLoss", at=ago(20), meter=2000)
    ended = {"sessionStatus": "COMPLETED", "stopReason": "PowerLoss", "energyKwh": 1.0}
    operator.sees_session(station.transaction_id, **ended)


def test_tc_037_1_offline_start_valid_id_tag(station, operator, card):
    station.boots()
    station.leaves()
    began = ago(30)
    station.connects()
    assert station.starts(card, at=began) == "Accepted"
    station.reports("Charging")
    operator.sees_connector(status="Charging")
    session = operator.sees_session(station.transaction_id, sessionStatus="ACTIVE")
    assert began.startswith(session["startTimestamp"][:19])


def test_tc_037_3_offline_start_invalid_id_tag_stops(station, operator):
    station.boots()
    station.leaves()
    station.connects()
    assert station.starts("NobodysCard", at=ago(30)) == "Invalid"
    station.reports("SuspendedEVSE")
    station.stops("DeAuthorized", at=ago(29), meter=1000)
    station.reports("Finishing")
    refused = {"sessionStatus": "COMPLETED", "authorization": "Invalid", "energyKwh": 0.0}
    operator.sees_session(station.transaction_id, **refused, stopReason="DeAuthorized")


def test_tc_039_offline_transaction(station, operator, card):
    station.boots()
    station.leaves()
    station.connects()
    assert station.starts(card, at=ago(50), meter=1000) == "Accepted"
    answer = station.stops("Local", at=ago(10), meter=9000, idTag=card)
    assert answer["idTagInfo"]["status"] == "Accepted"
    session = operator.sees_session(station.transaction_id, sessionStatus="COMPLETED")
    assert (session["energyKwh"], session["needsReview"]) == (8.0, False)


@pytest.mark.parametrize("data", [{}, {"messageId": "Hello"}, {"data": "x" * 2000}])
def test_tc_064_data_transfer_to_a_central_system(station, data):
    station.boots()
    answer = station.asks("DataTransfer", vendorId="com.example.unheard-of", **data)
    assert answer["status"] in ("Rejected", "UnknownMessageId", "UnknownVendorId")
