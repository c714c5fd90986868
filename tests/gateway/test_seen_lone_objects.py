"""Seen: one meterValue or sampledValue itself instead of a list, values and contexts left out.

Huawei and others: what can be read is kept, the rest is passed over, and the text is stored.
"""

from __future__ import annotations

import json

import pytest

from stations.models import MeterValue
from tests.gateway.talk import Talk
from tests.stations import given

pytestmark = pytest.mark.django_db
AT = "2025-03-01T12:10:00Z"


@pytest.fixture
def talk():
    return Talk(given.a_station(vendor="Huawei"))


def stored():
    return list(MeterValue.objects.values_list("energy_wh", "power_w").order_by("id"))


def test_one_meter_value_instead_of_a_list_is_stored(talk):
    number = talk.start()
    lone = {"timestamp": AT, "sampledValue": [{"value": "1500", "context": "Sample.Periodic"}]}
    payload = {"connectorId": 1, "transactionId": number, "meterValue": lone}
    assert talk.ask("MeterValues", payload) == {}
    assert stored() == [(1500, None)]
    assert given.session(number).energy_wh == 500
    assert set(talk.tolerated) == {"lone_object"}


def test_one_sampled_value_instead_of_a_list_is_stored(talk):
    lone = {"timestamp": AT, "sampledValue": {"value": "1500"}}
    assert talk.ask("MeterValues", {"connectorId": 1, "meterValue": [lone]}) == {}
    assert stored() == [(1500, None)]


def test_one_meter_value_in_a_stop_is_stored(talk):
    number = talk.start()
    lone = {"timestamp": AT, "sampledValue": [{"value": "1500"}]}
    assert talk.stop(number, transactionData=lone) == {}
    assert stored() == [(1500, None)]
    assert given.session(number).energy_wh == 8000


@pytest.mark.parametrize(
    "unreadable",
    [
        {},
        {"value": ""},
        {"value": None},
        {"value": "nan"},
        {"value": "--"},
        {"unit": "Wh", "measurand": "Energy.Active.Import.Register"},
        {"value": "7", "measurand": "Energy.Active.Import.Register", "format": "SignedData"},
    ],
)
def test_what_cannot_be_read_does_not_cost_the_rest(talk, unreadable):
    power = {"value": "11000", "measurand": "Power.Active.Import", "unit": "W", "context": ""}
    assert talk.meter(unreadable, power) == {}
    assert stored() == [(None, 11000)]


def test_values_nobody_can_read_are_kept_as_they_came(talk):
    samples = [{"value": "", "context": ""}, {"value": "1500", "unit": "Wh"}]
    assert talk.meter(*samples) == {}
    assert json.loads(MeterValue.objects.get().raw) == samples


@pytest.mark.parametrize("member", ["info", "timestamp", "vendorId", "vendorErrorCode"])
def test_members_that_are_null_count_as_left_out(talk, member):
    assert talk.status(**{member: None}) == {}
    assert set(talk.tolerated) == {"null_members"}
