"""Remote trigger: a station is asked to report something now."""

from __future__ import annotations


def triggers(station, operator, status="Accepted", **members):
    """A TriggerMessage, which the station answers with a status."""
    operator.sends("trigger-message", members)
    assert station.expects("TriggerMessage") == members
    station.answers(status=status)
    operator.is_told(status=status)


def test_tc_054_trigger_message(station, operator):
    station.boots()
    triggers(station, operator, requestedMessage="MeterValues", connectorId=1)
    element = {"sampledValue": [{"value": "12", "context": "Trigger"}]}
    element["timestamp"] = station.asks("Heartbeat")["currentTime"]
    assert station.asks("MeterValues", connectorId=1, meterValue=[element]) == {}
    triggers(station, operator, requestedMessage="Heartbeat")
    assert set(station.asks("Heartbeat")) == {"currentTime"}
    triggers(station, operator, requestedMessage="StatusNotification", connectorId=1)
    station.reports("SuspendedEV")
    operator.sees_connector(status="SuspendedEV")
    triggers(station, operator, requestedMessage="DiagnosticsStatusNotification")
    assert station.asks("DiagnosticsStatusNotification", status="Idle") == {}
    triggers(station, operator, requestedMessage="FirmwareStatusNotification")
    assert station.asks("FirmwareStatusNotification", status="Idle") == {}


def test_tc_055_trigger_message_rejected(station, operator):
    station.boots()
    triggers(station, operator, "Rejected", requestedMessage="MeterValues", connectorId=1)
