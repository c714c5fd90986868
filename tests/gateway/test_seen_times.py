"""Seen: times without a zone, with half a zone, twelve fraction digits, of 1970, or impossible.

Growatt THOR, Chago, MicroOcpp; stations that read our times only as ``...Z`` without microseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from cms.shared import clock
from ocpp_gateway import outbox
from stations.models import ChargingSession, Command, MeterValue, Quirk, Site, StatusChange
from stations.services import commands, reservations
from tests.gateway.talk import NOON, Talk
from tests.stations import given

pytestmark = pytest.mark.django_db
OUR_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# What was sent, what it means at a station whose clock shows UTC, and how it is counted.
READ = [
    ("2025-03-01T11:00:00", "2025-03-01T11:00:00+00:00", "naive_time"),
    ("2025-03-01 11:00:00", "2025-03-01T11:00:00+00:00", "naive_time"),
    ("2025-03-01T13:00:00+02", "2025-03-01T11:00:00+00:00", "odd_time"),
    ("2025-03-01T13:00:00+02:00", "2025-03-01T11:00:00+00:00", None),
    ("2025-03-01T13:00:00+0200", "2025-03-01T11:00:00+00:00", "odd_time"),
    ("2025-03-01T11:00:00.123456789012Z", "2025-03-01T11:00:00.123456+00:00", "odd_time"),
    ("1970-01-01T00:00:10Z", "1970-01-01T00:00:10+00:00", "wrong_clock"),
    ("2025-03-01T14:00:00Z", "2025-03-01T14:00:00+00:00", "wrong_clock"),
    ("0001-01-01T00:00:00Z", "0001-01-03T00:00:00+00:00", "wrong_clock"),
    ("9999-12-31T23:59:59Z", "9999-12-29T23:59:59.999999+00:00", "wrong_clock"),
]
WRONG = ["2025-02-30T12:00:00Z", "2025-03-01T25:61:00Z", "2025-13-01T00:00:00Z", "now", "0"]


@pytest.fixture
def talk(db):
    site = Site.objects.create(name="Harbour", time_zone="Europe/Berlin")
    return Talk(given.a_station("CP-1", vendor="Growatt", model="THOR", site=site))


def meter_value(text):
    return [{"timestamp": text, "sampledValue": [{"value": "1500"}]}]


@pytest.mark.parametrize(("text", "means", "kind"), READ)
def test_a_status_keeps_the_time_it_means_its_text_and_when_we_heard_it(talk, text, means, kind):
    assert talk.status(timestamp=text) == {}
    change = StatusChange.objects.get()
    assert (change.reported_at, change.reported_at_raw) == (datetime.fromisoformat(means), text)
    assert change.received_at == NOON
    assert (set(talk.tolerated) == {kind}) if kind else (talk.tolerated == {})


@pytest.mark.parametrize(("text", "means", "kind"), READ)
def test_a_start_a_reading_and_a_stop_keep_them_alike(talk, text, means, kind):
    number = talk.start(timestamp=text)
    assert talk.ask("MeterValues", {"connectorId": 1, "meterValue": meter_value(text)}) == {}
    assert talk.stop(number, timestamp=text) == {}
    session, row = ChargingSession.objects.get(), MeterValue.objects.get()
    at = datetime.fromisoformat(means)
    assert (session.started_at, session.stopped_at, row.sampled_at) == (at, at, at)
    assert {session.started_at_raw, session.stopped_at_raw, row.sampled_at_raw} == {text}
    assert session.energy_wh == 8000


@pytest.mark.parametrize("text", WRONG)
def test_a_time_that_cannot_be_is_the_senders_fault(talk, text):
    for answer in (
        talk.status(timestamp=text),
        talk.ask("MeterValues", {"connectorId": 1, "meterValue": meter_value(text)}),
    ):
        assert answer == "PropertyConstraintViolation"
    assert not StatusChange.objects.exists()


def test_a_reading_with_a_time_that_cannot_be_does_not_cost_the_stop_it_came_with(talk):
    number = talk.start()
    readings = meter_value("2025-02-30T12:00:00Z") + meter_value("2025-03-01T12:30:00Z")
    assert talk.stop(number, transactionData=readings) == {}
    assert given.session(number).status == "Completed"
    assert [row.energy_wh for row in MeterValue.objects.all()] == [1500]


def test_local_times_marked_z_are_read_as_what_they_are_where_that_is_known(talk):
    Quirk.objects.create(name="z_is_local", value=True, vendor="Grow*", model="THOR")
    talk.learn()
    talk.status(timestamp="2025-03-01T12:00:00Z")
    assert StatusChange.objects.get().reported_at == datetime(2025, 3, 1, 11, 0, tzinfo=UTC)
    assert set(talk.tolerated) == {"z_is_local"}


def test_a_session_that_ends_before_it_began_waits_for_review(talk):
    number = talk.start(timestamp="2025-03-01T12:00:00Z")
    assert talk.stop(number, timestamp="1970-01-01T00:10:00Z") == {}
    assert "ClockSkew" in given.session(number).review_reasons


def test_our_times_have_no_microseconds_and_end_with_z(talk):
    odd = datetime(2025, 3, 1, 12, 0, 0, 987654, tzinfo=UTC)
    talk = Talk(talk.station, odd)
    boot = talk.ask("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    told = [boot["currentTime"], talk.ask("Heartbeat")["currentTime"], clock.text(odd)]
    given.a_card(valid_until=odd.replace(year=2030))
    told.append(talk.ask("Authorize", {"idTag": "CARD-1"})["idTagInfo"]["expiryDate"])
    assert all(OUR_TIME.fullmatch(text) for text in told), told


def test_times_in_what_we_ask_are_of_the_same_form(connected_station):
    until = datetime(2025, 3, 1, 15, 0, 0, 987654, tzinfo=UTC)
    reservations.reserve(
        station=connected_station, connector_id=1, id_tag="A", expires_at=until, at=NOON
    )
    sent = outbox.next_call(station_id=connected_station.pk, connection_id="socket-1", at=NOON)
    assert sent is not None
    assert sent[1].payload["expiryDate"] == "2025-03-01T15:00:00Z"
    assert Command.objects.count() == 1
    assert commands.repeated(None) is None


@pytest.fixture
def connected_station(db):
    return given.a_connected_station()
