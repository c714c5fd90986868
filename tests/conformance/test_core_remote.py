"""Core: an operator starts, stops and unlocks from afar."""

from __future__ import annotations

import pytest


@pytest.fixture
def remote_start(station, operator, card):
    """Sends a RemoteStartTransaction, which the station answers with a status."""

    def send(status: str = "Accepted") -> None:
        start = {"connectorId": 1, "idTag": card}
        operator.sends("remote-start-transaction", start)
        asked = station.expects("RemoteStartTransaction", **start)
        assert set(asked) == {"connectorId", "idTag"}
        station.answers(status=status)
        operator.is_told(status=status)

    return send


@pytest.fixture
def charging(station, card):
    """The station, in the middle of a session on connector 1."""
    station.boots()
    station.reports("Preparing")
    assert station.authorizes(card) == "Accepted"
    assert station.starts(card, meter=1000) == "Accepted"
    station.reports("Charging")
    return station


def unlocks(station, operator, connector, status):
    """Sends an UnlockConnector, which the station answers with a status."""
    operator.sends("unlock-connector", {"connectorId": connector})
    asked = station.expects("UnlockConnector", connectorId=connector)
    assert set(asked) == {"connectorId"}
    station.answers(status=status)
    operator.is_told(status=status)


def test_tc_010_remote_start_cable_plugged_in_first(station, operator, card, remote_start):
    station.boots()
    station.reports("Preparing")
    remote_start()
    assert station.authorizes(card) == "Accepted"
    assert station.starts(card) == "Accepted"
    station.reports("Charging")
    session = operator.sees_session(station.transaction_id, sessionStatus="ACTIVE", ocppIdTag=card)
    assert session["stationIdentifier"] == station.cp_id
    operator.sees_connector(status="Charging")


def test_tc_011_1_remote_start_first(station, operator, card, remote_start):
    station.boots()
    remote_start()
    assert station.authorizes(card) == "Accepted"
    station.reports("Preparing")
    assert station.starts(card) == "Accepted"
    station.reports("Charging")
    operator.sees_session(station.transaction_id, sessionStatus="ACTIVE", ocppIdTag=card)


def test_tc_011_2_remote_start_time_out(station, operator, card, remote_start):
    station.boots()
    remote_start()
    assert station.authorizes(card) == "Accepted"
    station.reports("Preparing")
    station.reports("Available")
    operator.sees_connector(status="Available")
    assert operator.lists(f"sessions/station/{station.cp_id}") == []


def test_tc_012_remote_stop_charging_session(charging, operator):
    stop = {"transactionId": charging.transaction_id}
    operator.sends("remote-stop-transaction", stop)
    charging.expects("RemoteStopTransaction", **stop)
    charging.answers(status="Accepted")
    operator.is_told(status="Accepted")
    charging.stops("Remote", meter=4000)
    charging.reports("Finishing")
    charging.reports("Available")
    ended = {"sessionStatus": "COMPLETED", "stopReason": "Remote", "energyKwh": 3.0}
    operator.sees_session(charging.transaction_id, **ended)


def test_tc_017_1_unlock_connector_without_a_session_cable_not_fixed(station, operator):
    station.boots()
    unlocks(station, operator, 1, "Unlocked")


def test_tc_017_2_unlock_connector_without_a_session_fixed_cable(station, operator):
    station.boots()
    unlocks(station, operator, 1, "NotSupported")


def test_tc_018_1_unlock_connector_with_a_session(charging, operator):
    unlocks(charging, operator, 1, "Unlocked")
    charging.reports("Finishing")
    charging.stops("UnlockCommand", meter=2000)
    charging.reports("Available")
    ended = {"sessionStatus": "COMPLETED", "stopReason": "UnlockCommand", "energyKwh": 1.0}
    operator.sees_session(charging.transaction_id, **ended)


def test_tc_026_remote_start_rejected(station, operator, remote_start):
    station.boots()
    remote_start("Rejected")
    assert operator.lists(f"sessions/station/{station.cp_id}") == []


def test_tc_028_remote_stop_rejected(charging, operator):
    stop = {"transactionId": charging.transaction_id + 1}  # one the station does not know
    operator.sends("remote-stop-transaction", stop)
    charging.expects("RemoteStopTransaction", **stop)
    charging.answers(status="Rejected")
    operator.is_told(status="Rejected")
    operator.sees_session(charging.transaction_id, sessionStatus="ACTIVE")


def test_tc_030_unlock_failure(charging, operator):
    unlocks(charging, operator, 1, "UnlockFailed")
    operator.sees_session(charging.transaction_id, sessionStatus="ACTIVE")


def test_tc_031_unlock_unknown_connector(station, operator):
    station.boots()
    unlocks(station, operator, 9, "NotSupported")
