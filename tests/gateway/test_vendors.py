"""DataTransfer: what a station is answered for messages of its vendor's own (section 4.3)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from ocpp_gateway import dispatch, frames, v16
from ocpp_gateway.dispatch import Inbound
from ocpp_gateway.v16 import vendors
from stations.models import MeterValue
from tests.stations import given

EVBOX = (
    "1,SuspendedEV,NoError,No error.,0,Yellow,1,{20,8016,10},{0,0},{B,11904,8380,12224},"
    "0,0,420,2025-03-01T11:59:00Z,1,3,{0,0,0,0,0,0,0,0,0},340,0,0,125,0,370,60,0"
)


def transfer(station: Any, **payload: Any) -> Any:
    """What the station is answered."""
    inbound = Inbound(station.pk, station.cp_id, UTC, payload, given.NOON)
    return vendors.data_transfer(inbound)


@pytest.fixture
def station(db):
    """A station."""
    return given.a_station()


@pytest.mark.parametrize("vendor", ["Acme", "", "ev-box2", "<script>", "x" * 300])
def test_a_vendor_nobody_knows(station, vendor):
    assert transfer(station, vendorId=vendor) == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("more", [{}, {"messageId": "other"}, {"messageId": "x" * 300}])
def test_a_message_nobody_knows_of_a_known_vendor(station, more):
    assert transfer(station, vendorId="EV-BOX", **more) == {"status": "UnknownMessageId"}


def test_an_evbox_status_is_recorded_at_its_own_time(station):
    answer = transfer(station, vendorId="EV-BOX", messageId="evbStatusNotification", data=EVBOX)
    assert answer == {"status": "Accepted"}
    connector = given.connector(station)
    assert (connector.status, connector.status_at) == ("SuspendedEV", given.after(-1))


@pytest.mark.parametrize(
    "data",
    ["", "1", "1,Sleeping,NoError", "x,Charging,NoError", "-1,Charging,NoError", "{}"],
)
def test_an_evbox_status_that_cannot_be_read_is_rejected(station, data):
    answer = transfer(station, vendorId="EV-BOX", messageId="evbStatusNotification", data=data)
    assert answer == {"status": "Rejected"}


def level(station, data):
    """A FlexiCharge station's message."""
    return transfer(station, vendorId="com.flexicharge", messageId="ChargeLevelUpdate", data=data)


def told(transaction_id: int) -> str:
    """What such a station tells of a session."""
    return (
        f'{{"transactionId": {transaction_id}, "latestMeterValue": 3500,'
        ' "CurrentChargePercentage": 42}'
    )


def test_a_charge_level_is_shown_on_its_session(station):
    started = given.begin(station, minute=-10, tag="NOBODY")
    assert level(station, told(started.transaction_id)) == {"status": "Accepted", "data": ""}
    session = given.session(started)
    assert (session.energy_wh, session.soc_percent) == (2500, 42)


def test_a_charge_level_of_another_stations_session_is_rejected(station):
    started = given.begin(given.a_station("CP-2"), tag="NOBODY")
    assert level(station, told(started.transaction_id))["status"] == "Rejected"
    assert not MeterValue.objects.exists()


@pytest.mark.parametrize(
    "data", ["", "text", "[]", "{}", '{"transactionId": "x"}', '{"transactionId": 1e400}']
)
def test_a_charge_level_that_cannot_be_read_is_rejected(station, data):
    assert level(station, data)["status"] == "Rejected"


@pytest.mark.parametrize("data", [{"a": 1}, [1], 5, True])
def test_data_that_is_json_instead_of_its_text_is_taken(data):
    call = frames.Call("1", "DataTransfer", {"vendorId": "EV-BOX", "data": data})
    routed = dispatch.route(v16.CALLS, call)
    assert not isinstance(routed, frames.CallError)
    assert isinstance(routed[1]["data"], str)


def test_a_handler_that_fails_costs_one_error(station, monkeypatch):
    def broken(inbound, data):
        raise RuntimeError("broken")

    monkeypatch.setitem(vendors.HANDLERS, "acme", {"": broken})
    with pytest.raises(RuntimeError) as failed:
        transfer(station, vendorId="Acme")
    assert dispatch.refusal(failed.value, "DataTransfer", "CP-1").code == "InternalError"
    assert transfer(station, vendorId="Other") == {"status": "UnknownVendorId"}
