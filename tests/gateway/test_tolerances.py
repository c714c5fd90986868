"""What is known of a station's model: how its times and values are read, without a query each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ocpp_gateway import tolerances
from ocpp_gateway.dispatch import Inbound
from ocpp_gateway.v16 import metering, values
from stations.models import MeterValue, Quirk, Site
from stations.services import stations
from tests.stations import given
from tests.stations.counting import statements

pytestmark = pytest.mark.django_db
AT = datetime(2025, 7, 1, 12, 0, tzinfo=UTC)
TEN = datetime(2025, 7, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def station():
    """A station in Berlin, of a model some quirks of these tests are about."""
    site = Site.objects.create(name="Harbour", time_zone="Europe/Berlin")
    return given.a_station("CP-1", vendor="Odd", model="One", site=site)


def known(name, value, vendor="Odd*", **more):
    return Quirk.objects.create(name=name, value=value, vendor=vendor, **more)


def heard(station, payload):
    """A call of the station on its way down."""
    model = tolerances.of(station)
    return Inbound(station.pk, station.cp_id, model.zone, payload, AT, model)


def moment(station, text):
    payload = {"timestamp": text}
    return values.moment(heard(station, payload), payload)[0]


def reading(station, *samples):
    payload = {
        "connectorId": 1,
        "meterValue": [{"timestamp": "2025-07-01T12:00:00Z", "sampledValue": list(samples)}],
    }
    return metering.meter_values(heard(station, payload))[0]


def test_a_time_without_a_zone_is_utc_where_nothing_is_known(station):
    assert moment(station, "2025-07-01T12:00:00") == AT


def test_a_time_without_a_zone_is_of_the_zone_of_its_model(station):
    known("naive_times", "Europe/Helsinki")
    assert moment(station, "2025-07-01T13:00:00") == TEN


def test_a_time_without_a_zone_is_of_its_site_where_the_model_shows_local_time(station):
    known("naive_times", "site")
    assert moment(station, "2025-07-01T12:00:00") == TEN
    assert moment(station, "2025-07-01T12:00:00Z") == AT
    assert moment(station, "2025-07-01T13:00:00+01:00") == AT


def test_the_zone_an_operator_gave_the_station_comes_before_its_models(station):
    known("naive_times", "Asia/Tokyo")
    stations.change(station=station, time_zone="Europe/Helsinki")
    assert moment(station, "2025-07-01T13:00:00") == TEN


def test_a_station_without_a_site_shows_utc(station):
    known("naive_times", "site")
    stations.change(station=station, site=None)
    assert moment(station, "2025-07-01T12:00:00") == AT


@pytest.mark.parametrize("text", ["2025-07-01T12:00:00Z", "2025-07-01T12:00:00.000Z"])
def test_a_z_behind_local_time_is_passed_over(station, text):
    known("z_is_local", True)
    assert moment(station, text) == TEN
    assert moment(station, "2025-07-01T12:00:00+02:00") == TEN


def test_a_z_behind_local_time_in_winter_is_another_hour(station):
    known("z_is_local", True)
    assert moment(station, "2025-01-01T11:00:00Z") == datetime(2025, 1, 1, 10, 0, tzinfo=UTC)


def test_energy_in_kwh_whatever_it_says(station):
    known("energy_unit", "kWh")
    assert reading(station, {"value": "361", "unit": "Wh"}).energy_wh == 361_000
    assert reading(station, {"value": "361.5"}).energy_wh == 361_500
    assert reading(station, {"value": "361", "unit": "kWh"}).energy_wh == 361_000


def test_power_in_kw_whatever_it_says(station):
    known("power_unit", "kW")
    sample = {"value": "11", "measurand": "Power.Active.Import", "unit": "W"}
    assert reading(station, sample, {"value": "5"})[6:8] == (5, 11_000)


def test_the_text_of_a_value_in_the_wrong_unit_is_kept(station):
    known("energy_unit", "kWh")
    assert reading(station, {"value": "361", "unit": "Wh"}).raw == '[{"value":"361","unit":"Wh"}]'


def test_how_long_a_station_is_left_alone_is_of_its_model(station):
    assert tolerances.of(station).settle_s is None
    known("settle_seconds", 15)
    assert tolerances.of(station).settle_s == 15


def test_one_query_finds_all_there_is_to_know_of_a_station(station):
    known("energy_unit", "kWh")
    known("settle_seconds", 15)
    with statements() as asked:
        tolerances.of(station)
    assert len(asked) == 1


def test_two_queries_find_all_there_is_to_know_of_many(station):
    known("naive_times", "site")
    others = [given.a_station(f"CP-{n}", vendor="Odd") for n in range(2, 9)]
    with statements() as asked:
        found = tolerances.of_many([station.pk, *(other.pk for other in others)])
    assert len(asked) == 2
    assert str(found[station.pk].zone) == "Europe/Berlin"
    assert len(found) == 8


def test_what_a_station_says_at_its_boot_makes_it_another_model(station):
    known("settle_seconds", 15, vendor="Other")
    same = {"chargePointVendor": "Odd", "chargePointModel": "One", "firmwareVersion": ""}
    assert not tolerances.is_other(station, same)
    assert tolerances.is_other(station, same | {"firmwareVersion": "2"})
    given.ChargingStation.objects.filter(pk=station.pk).update(vendor="Other")
    assert tolerances.of_booted(station).settle_s == 15


def test_registers_since_the_start_are_put_on_top_of_the_meters(station):
    known("session_registers", True)
    number = given.begin(station, meter=500_000).transaction_id
    payload = {
        "connectorId": 1,
        "transactionId": number,
        "meterValue": [
            {"timestamp": "2025-03-01T12:10:00Z", "sampledValue": [{"value": "1500"}]},
            {
                "timestamp": "2025-03-01T12:20:00Z",
                "sampledValue": [{"value": "2.5", "unit": "kWh"}],
            },
        ],
    }
    metering.record(metering.meter_values(heard(station, payload)), AT)
    session = given.session(number)
    assert (session.energy_wh, session.last_register_wh) == (2500, 502_500)
    stored = session.meter_values.values_list("energy_wh", flat=True)
    assert set(stored) == {501_500, 502_500}
    given.finish(station, number, meter=504_000)
    assert given.session(number).energy_wh == 4000
    assert given.kinds(station=station) == ["UnknownCard"]


@pytest.mark.parametrize("number", [None, -1, 4711])
def test_registers_since_the_start_of_a_session_nobody_knows_are_kept_as_text(station, number):
    known("session_registers", True)
    payload = {
        "connectorId": 1,
        "meterValue": [
            {"timestamp": "2025-03-01T12:10:00Z", "sampledValue": [{"value": "1500"}]},
        ],
    }
    if number is not None:
        payload["transactionId"] = number
    metering.record(metering.meter_values(heard(station, payload)), AT)
    [row] = MeterValue.objects.all()
    assert (row.energy_wh, row.raw) == (None, '[{"value":"1500"}]')


def test_registers_since_the_start_of_another_stations_session_are_not_put_on_top(station):
    known("session_registers", True)
    other = given.begin(given.a_station("CP-2"), meter=500_000).transaction_id
    payload = {
        "connectorId": 1,
        "transactionId": other,
        "meterValue": [{"timestamp": "2025-03-01T12:10:00Z", "sampledValue": [{"value": "15"}]}],
    }
    metering.record(metering.meter_values(heard(station, payload)), AT)
    assert MeterValue.objects.get().energy_wh is None
