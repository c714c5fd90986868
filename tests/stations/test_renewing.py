"""Renewing: a certificate that ends soon is asked for again, and somebody hears where it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stations.models import ChargingStation, Command, ReviewCase, StationCertificate
from stations.services import issuing, renewing, stations
from tests import pki
from tests.stations import given, talking

DAY = timedelta(days=1)
END = given.NOON + timedelta(days=365)


@pytest.fixture
def certified(connected):
    """A station with a certificate from noon on, for a year."""
    ChargingStation.objects.update(connected_profile=2)
    certify(connected, given.NOON)
    return connected


def certify(station, at):
    assert issuing.requested(station_id=station.pk, csr=pki.request("CP-1"), at=at)
    issuing.issue_due(at=at)
    talking.hear(station, lambda *_: {"status": "Accepted"}, at=at)


def told(station, at, reply="Accepted"):
    """What the station is asked when its turn comes."""
    renewing.renew_due(at=at)
    heard = talking.hear(station, lambda *_: {"status": reply}, at=at)
    return [call.payload for call in heard]


def test_a_station_is_told_once_a_day_from_a_month_before(certified):
    assert told(certified, END - 31 * DAY) == []
    assert told(certified, END - 30 * DAY) == [{"requestedMessage": "SignChargePointCertificate"}]
    assert told(certified, END - 29.5 * DAY) == []
    assert len(told(certified, END - 29 * DAY)) == 1


def test_it_is_told_nothing_once_it_has_another_one(certified):
    told(certified, END - 30 * DAY)
    certify(certified, END - 30 * DAY)
    assert told(certified, END - 20 * DAY) == []
    assert StationCertificate.objects.filter(state="Accepted").count() == 2


def test_a_station_that_is_away_is_told_when_it_is_back(certified):
    stations.disconnected(station_id=certified.pk, connection_id="socket-1", at=given.NOON)
    assert told(certified, END - 30 * DAY) == []
    assert not Command.objects.filter(action="ExtendedTriggerMessage").exists()
    given.a_connected_station()
    assert len(told(certified, END - 29.9 * DAY)) == 1


def test_somebody_is_told_when_half_of_the_time_is_over(certified):
    told(certified, END - 30 * DAY, "Rejected")
    assert not ReviewCase.objects.exists()
    told(certified, END - 14 * DAY, "Rejected")
    told(certified, END - 13 * DAY, "Rejected")
    case = given.case("SecurityEvent")
    assert (case.station, case.times_seen) == (certified, 1)
    certify(certified, END - 12 * DAY)
    renewing.renew_due(at=END - 12 * DAY)
    case.refresh_from_db()
    assert case.resolution == "CompletedByItself"


def test_a_revoked_one_is_not_renewed(certified):
    issuing.revoke(certificate=StationCertificate.objects.get(), why="stolen", at=given.NOON)
    assert told(certified, END - 10 * DAY) == []
