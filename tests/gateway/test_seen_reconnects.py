"""Seen: no BootNotification after a reconnect, and message ids that begin anew with each boot."""

from __future__ import annotations

import json

import pytest

from stations.models import ChargingSession, ReviewCase
from tests.gateway.talk import Talk
from tests.stations import given

pytestmark = pytest.mark.django_db
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.fixture
def station():
    return given.a_station(vendor="MicroOcpp")


def test_a_station_goes_on_over_a_new_socket_without_a_boot(station):
    first = Talk(station)
    first.ask("BootNotification", BOOT)
    number = first.start()
    second = Talk(station)
    assert second.status(status="Charging") == {}
    assert second.meter({"value": "1500"}, number=number) == {}
    assert second.stop(number) == {}
    assert given.session(number).energy_wh == 8000
    assert ChargingSession.objects.count() == 1


def test_ids_that_begin_anew_are_new_calls(station):
    numbers = []
    for tag in ("A", "B"):
        talk = Talk(station)  # its ids begin at call-1 each time
        talk.ask("BootNotification", BOOT)
        numbers.append(talk.start(idTag=tag))
        assert talk.stop(numbers[-1], idTag=tag)["idTagInfo"]
    assert len(set(numbers)) == 2


def test_one_id_for_other_calls_gets_answers_of_their_own(station):
    talk = Talk(station)
    assert "currentTime" in talk.hear('[2,"1","Heartbeat",{}]')[2]
    assert talk.hear('[2,"1","Authorize",{"idTag":"A"}]')[2] == {"idTagInfo": {"status": "Invalid"}}


def test_a_start_repeated_with_a_new_id_on_a_new_socket_is_one_session(station):
    start = {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": "2025-03-01T12:00:00Z"}
    answers = [
        Talk(station).hear(json.dumps([2, f"id-{number}", "StartTransaction", start]))[2]
        for number in range(3)
    ]
    assert len({answer["transactionId"] for answer in answers}) == 1
    assert ChargingSession.objects.count() == 1
    assert ReviewCase.objects.filter(kind="OrphanedStop").count() == 0
