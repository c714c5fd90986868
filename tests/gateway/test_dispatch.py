"""One CALL: who handles it, and the right OCPP error code where nobody does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import OperationalError

from cms.shared.errors import DomainError
from ocpp_gateway import dialects, dispatch
from ocpp_gateway.dispatch import Inbound, Refusal
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.v16 import CALLS, COMMANDS, STATION_RESERVATIONS, metering, values

AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def code(action, payload=None):
    """The error code a call is refused with; None: it is served."""
    found = dispatch.route(CALLS, Call("1", action, payload or {}))
    return found.code if isinstance(found, CallError) else None


def inbound(payload, zone=UTC):
    """A call on its way down."""
    return Inbound(1, "CP-1", zone, payload, AT)


def test_what_it_knows_is_served():
    assert code("Heartbeat") is None
    assert code("DataTransfer", {"vendorId": "Acme"}) is None


@pytest.mark.parametrize("action", ["Nonsense", "heartbeat", "Heartbeat ", "../x", "ResetResponse"])
def test_an_action_nobody_knows_is_not_implemented(action):
    assert code(action) == "NotImplemented"


@pytest.mark.parametrize("action", sorted(COMMANDS))
def test_an_action_of_the_other_direction_is_not_supported(action):
    if action not in CALLS:
        assert code(action) == "NotSupported"


def test_a_wrong_payload_is_refused_with_what_is_wrong_with_it():
    assert code("Authorize", {}) == "OccurenceConstraintViolation"
    assert code("Authorize", {"idTag": 5}) == "TypeConstraintViolation"


def test_a_fault_that_cannot_be_mended_is_named_as_it_came():
    assert code("MeterValues", {"connectorId": 1, "meterValue": "x"}) == "TypeConstraintViolation"


def test_a_refusal_has_the_id_of_the_call():
    refused = dispatch.route(CALLS, Call("4711", "Nonsense", {}))
    assert isinstance(refused, CallError)
    assert refused.unique_id == "4711"
    assert len(refused.description) < 100


def test_a_payload_that_can_be_mended_is_served():
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "info": None}
    found = dispatch.route(CALLS, Call("1", "StatusNotification", payload))
    assert not isinstance(found, CallError)
    assert "info" not in found[1]


def test_a_refusal_of_a_handler_is_passed_on():
    refused = Refusal("PropertyConstraintViolation", "no")
    assert dispatch.refusal(refused, "Authorize", "CP-1") is refused


def test_what_the_domain_forbids_is_the_senders_fault():
    error = dispatch.refusal(DomainError("not so"), "StartTransaction", "CP-1")
    assert (error.code, error.description) == ("PropertyConstraintViolation", "not so")


@pytest.mark.parametrize("fault", [ZeroDivisionError("x"), OperationalError("the password is x")])
def test_our_own_faults_are_internal_and_say_nothing_of_the_inside(fault, caplog):
    error = dispatch.refusal(fault, "StartTransaction", "CP-1")
    assert error.code == "InternalError"
    assert "password" not in error.description
    assert "CP-1" in caplog.text


def test_stations_may_reserve_only_where_the_settings_say_so(settings):
    settings.OCPP_STATION_RESERVATIONS = True
    assert set(STATION_RESERVATIONS) <= set(dialects.calls("ocpp1.6"))
    settings.OCPP_STATION_RESERVATIONS = False
    assert set(dialects.calls("ocpp1.6")) == set(CALLS)


@pytest.mark.parametrize("number", [2**62, -(2**62), 10**30, 1e30])
def test_a_number_no_column_holds_is_the_senders_fault(number):
    with pytest.raises(Refusal) as refused:
        values.integer({"n": number}, "n")
    assert refused.value.code == "PropertyConstraintViolation"


@pytest.mark.parametrize("number", [-1, 1001, 2**31, 2**62, 1e30])
def test_readings_of_a_connector_that_cannot_be_are_the_senders_fault(number):
    with pytest.raises(Refusal) as refused:
        metering.meter_values(inbound({"connectorId": number, "meterValue": []}))
    assert refused.value.code == "PropertyConstraintViolation"


@pytest.mark.parametrize("text", ["2025-02-30T12:00:00Z", "2025-03-01T25:61:00Z", "soon"])
def test_a_time_that_cannot_be_is_the_senders_fault(text):
    with pytest.raises(Refusal) as refused:
        values.moment(inbound({"timestamp": text}), {"timestamp": text})
    assert refused.value.code == "PropertyConstraintViolation"
    assert text not in refused.value.description


@pytest.mark.parametrize("payload", [{}, {"timestamp": ""}])
def test_a_time_left_out_is_when_we_heard_it(payload):
    assert values.moment(inbound(payload), payload) == (AT, "")


def test_texts_are_cut_to_what_their_column_holds():
    assert values.text({"t": "x" * 999}, "t") == "x" * 255
    assert values.text({}, "t", default="Local") == "Local"
