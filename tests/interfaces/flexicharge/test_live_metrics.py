"""LIVEMETRICS_DB_UPDATE_INTERVAL: when a session's row is written, and that the user hears each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.interfaces.websocket_api.app import App, a_driver
from tests.processes import start_server
from tests.rows import one, rows
from tests.stack.station import PlainStation


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_UNKNOWN_STATIONS": "accept",
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "LIVEMETRICS_DB_UPDATE_INTERVAL": "10000",
    }
    with start_server(environment) as running:
        yield running


def written_by_stations(at):
    """A time, in their way."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read(station, number, began, seconds):
    """The meter's register is 1000 Wh and as many more as seconds went by."""
    register = {"value": str(1000 + seconds), "unit": "Wh"}
    soc = {"value": str(20 + seconds), "unit": "Percent", "measurand": "SoC"}
    moment = written_by_stations(began + timedelta(seconds=seconds))
    value = {"timestamp": moment, "sampledValue": [register, soc]}
    said = {"connectorId": 1, "transactionId": number, "meterValue": [value]}
    assert station.call("MeterValues", said) == {}


def written(server, number):
    """Energy in Wh and state of charge, in the session's row."""
    columns = "SELECT energy_wh, soc_percent FROM stations_chargingsession WHERE transaction_id = ?"
    return rows(server.environment, columns, number)


def test_of_three_readings_the_user_hears_three_and_the_row_is_written_once(server):
    _, token = a_driver(server, "ann", "ANN-1")
    with PlainStation(server.ws, "FLEXI-LIVE") as station, App(server) as app:
        app.log_in(token)
        began = datetime.now(UTC) - timedelta(minutes=1)
        start = {"connectorId": 1, "idTag": "ANN-1", "meterStart": 1000}
        start["timestamp"] = written_by_stations(began)
        number = station.call("StartTransaction", start)["transactionId"]
        seen = []
        for seconds in (0, 4, 10):
            read(station, number, began, seconds)
            told = app.hear("meter_values_update")["data"]
            assert told["meterValue"]["stateOfCharge"] == 20 + seconds
            assert told["energyKWh"] == seconds / 1000
            seen += written(server, number)
        assert seen == [(0, None), (0, None), (10, 30.0)]
        count = "SELECT COUNT(*) FROM stations_metervalue WHERE session_id = ?"
        assert one(server.environment, count, number) == 3
