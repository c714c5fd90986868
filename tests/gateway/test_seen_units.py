"""Seen: kW for W, kWh for Wh, no unit, no measurand, phases without a total, huge registers.

Zaptec's registers above 2^31 and 2^32 Wh; OpenEVSE's kWh that say Wh.
"""

from __future__ import annotations

import json

import pytest

from stations.models import MeterValue, Quirk
from tests.gateway.talk import Talk
from tests.stations import given

pytestmark = pytest.mark.django_db
POWER, ENERGY = "Power.Active.Import", "Energy.Active.Import.Register"


@pytest.fixture
def talk():
    return Talk(given.a_station(vendor="OpenEVSE", firmware_version="4.2.2"))


def phased(measurand, unit, *values):
    names = ("L1", "L2", "L3")
    return [
        {"value": str(value), "measurand": measurand, "unit": unit, "phase": name}
        for value, name in zip(values, names, strict=True)
    ]


@pytest.mark.parametrize(
    ("samples", "energy", "power"),
    [
        ([{"value": "1500"}], 1500, None),
        ([{"value": "1.5", "unit": "kWh"}], 1500, None),
        ([{"value": "1,5", "unit": "kwh", "measurand": ENERGY}], 1500, None),
        ([{"value": "11", "unit": "kW", "measurand": POWER}], None, 11_000),
        ([{"value": "11000.4", "measurand": POWER}], None, 11_000),
        (phased(POWER, "kW", 3.5, 3.6, 3.7), None, 10_800),
        (phased(ENERGY, "Wh", 500, 500, 500), 1500, None),
        ([*phased(POWER, "W", 1, 1, 1), {"value": "11000", "measurand": POWER}], None, 11_000),
        (
            [{"value": "7", "measurand": "Energy.Active.Export.Register"}, {"value": "1500"}],
            1500,
            None,
        ),
    ],
)
def test_it_is_wh_and_w_whatever_was_sent_and_the_text_is_kept(talk, samples, energy, power):
    assert talk.meter(*samples) == {}
    row = MeterValue.objects.get()
    assert (row.energy_wh, row.power_w) == (energy, power)
    assert json.loads(row.raw) == samples


def test_a_model_whose_wh_are_kwh_is_understood_where_that_is_known(talk):
    sample = {"value": "361", "unit": "Wh", "measurand": ENERGY}
    Quirk.objects.create(name="energy_unit", value="kWh", vendor="Open*", firmware="4.2*")
    talk.learn()
    assert talk.meter(sample) == {}
    assert MeterValue.objects.get().energy_wh == 361_000
    assert set(talk.tolerated) == {"energy_unit"}


@pytest.mark.parametrize("register", [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40])
def test_registers_of_any_size_are_kept_and_subtracted(talk, register):
    number = talk.start(meterStart=register)
    assert talk.meter({"value": str(register + 1500)}, number=number) == {}
    assert given.session(number).energy_wh == 1500
    assert talk.stop(number, meterStop=register + 9000) == {}
    session = given.session(number)
    assert (session.meter_start_wh, session.energy_wh) == (register, 9000)
    assert MeterValue.objects.get().energy_wh == register + 1500


@pytest.mark.parametrize("register", [2**63, 10**30])
def test_a_register_no_meter_has_is_the_senders_fault(talk, register):
    start = {"connectorId": 1, "idTag": "A", "meterStart": register, "timestamp": "2025-03-01"}
    assert talk.ask("StartTransaction", start) == "PropertyConstraintViolation"
    assert talk.meter({"value": str(register)}) == {}
    assert MeterValue.objects.get().energy_wh is None
