"""Seen: words no specification lists, and texts far over their length; both are kept.

Legrand's errorCode "Error", Charge Amps' unit "Hz", Schneider's serial numbers of 25 and more
characters, Wallbox's configuration value of 551.
"""

from __future__ import annotations

import pytest

from ocpp_gateway import outbox
from ocpp_gateway.rpc import Answered
from stations.models import ConfigurationKey, MeterValue, StatusChange
from stations.services import commands
from tests.gateway.talk import NOON, Talk
from tests.stations import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk():
    return Talk(given.a_station(vendor="Legrand"))


def test_an_unknown_error_code_is_kept_and_answered(talk):
    assert talk.status(errorCode="Error") == {}
    assert StatusChange.objects.get().error_code == "Error"
    assert talk.tolerated == {"unknown_word": "StatusNotification.errorCode: Error"}


def test_an_unknown_status_is_kept_and_answered(talk):
    assert talk.status(status="Occupied") == {}
    assert given.connector(talk.station).status == "Occupied"


def test_an_unknown_unit_does_not_cost_the_other_values(talk):
    frequency = {"value": "50.0", "measurand": "Frequency", "unit": "Hz"}
    assert talk.meter(frequency, {"value": "1500"}) == {}
    row = MeterValue.objects.get()
    assert row.energy_wh == 1500
    assert '"unit":"Hz"' in row.raw
    assert set(talk.tolerated) == {"unknown_word"}


@pytest.mark.parametrize("member", ["context", "measurand", "phase", "location", "format"])
def test_an_unknown_word_in_a_sample_is_kept(talk, member):
    assert talk.meter({"value": "1500", member: "Something"}, {"value": "7000"}) == {}
    assert "Something" in MeterValue.objects.get().raw
    assert set(talk.tolerated) == {"unknown_word"}


def test_an_unknown_reason_ends_the_session_all_the_same(talk):
    number = talk.start()
    assert talk.stop(number, reason="EmergencyButton") == {}
    session = given.session(number)
    assert (session.status, session.stop_reason) == ("Completed", "EmergencyButton")


@pytest.mark.parametrize("action", ["FirmwareStatusNotification", "DiagnosticsStatusNotification"])
def test_an_unknown_progress_is_answered(talk, action):
    assert talk.ask(action, {"status": "Thinking"}) == {}


def test_members_nobody_asked_for_are_passed_over_and_counted(talk):
    assert talk.status(customData={"vendorId": "x"}) == {}
    assert talk.tolerated == {"extra_member": "StatusNotification.customData"}


@pytest.mark.parametrize("length", [25, 26, 50, 200])
def test_a_long_serial_number_is_kept_whole(talk, length):
    serial = "S" * length
    boot = {"chargePointVendor": "Schneider", "chargePointModel": "M" * 40}
    answer = talk.ask("BootNotification", boot | {"chargePointSerialNumber": serial})
    assert answer["status"] == "Accepted"
    talk.station.refresh_from_db()
    assert (talk.station.serial_number, talk.station.model) == (serial, "M" * 40)


def test_what_no_column_holds_is_cut_and_answered(talk):
    boot = {"chargePointVendor": "V" * 5000, "chargePointModel": "M", "iccid": "9" * 5000}
    assert talk.ask("BootNotification", boot)["status"] == "Accepted"
    talk.station.refresh_from_db()
    assert (len(talk.station.vendor), len(talk.station.iccid)) == (255, 255)


def test_a_long_id_tag_is_kept(talk):
    tag = "T" * 60
    assert given.session(talk.start(idTag=tag)).id_tag == tag


def test_a_configuration_value_of_551_characters_is_kept_whole(db):
    station = given.a_connected_station()
    commands.request(station=station, action="GetConfiguration", payload={}, at=NOON)
    sent = outbox.next_call(station_id=station.pk, connection_id="socket-1", at=NOON)
    assert sent is not None
    number, call = sent
    keys = [{"key": "K" * 80, "readonly": False, "value": "v" * 551}]
    outbox.settle(command_id=number, result=Answered(call, {"configurationKey": keys}), at=NOON)
    row = ConfigurationKey.objects.get()
    assert (row.key, row.value) == ("K" * 80, "v" * 551)
