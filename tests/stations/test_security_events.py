"""Security events: kept, counted when they come again, and put before somebody when they alarm."""

from __future__ import annotations

import pytest

from stations.models import FirmwareUpdate, ReviewCase, SecurityEvent
from stations.services import review, security_events, settling
from tests.stations import given

TAMPER = "TamperDetectionActivated"


def tell(station, kind, *, minute=0.0, info="", heard=None):
    """The station's SecurityEventNotification."""
    report = security_events.Report(kind, given.after(minute), "", info)
    security_events.record(
        station_id=station.pk, report=report, at=given.after(minute if heard is None else heard)
    )


def test_an_event_is_kept_with_both_times(station):
    tell(station, "InvalidMessages", info="no JSON", heard=60)
    event = SecurityEvent.objects.get()
    assert (event.type, event.tech_info, event.critical) == ("InvalidMessages", "no JSON", False)
    assert (event.happened_at, event.received_at) == (given.after(0), given.after(60))
    assert not ReviewCase.objects.exists()


def test_a_retry_is_the_same_event(station):
    for heard in (0, 1, 2):
        tell(station, TAMPER, heard=heard)
    assert SecurityEvent.objects.get().times_seen == 3
    assert ReviewCase.objects.get().times_seen == 1


def test_another_time_or_another_station_is_another_event(station, other_station):
    tell(station, TAMPER)
    tell(station, TAMPER, minute=1)
    tell(other_station, TAMPER)
    assert SecurityEvent.objects.count() == 3
    seen = ReviewCase.objects.order_by("pk").values_list("station_id", "times_seen")
    assert list(seen) == [(station.pk, 2), (other_station.pk, 1)]


@pytest.mark.parametrize("kind", ["SecurityLogWasCleared", "MemoryExhaustion", TAMPER.upper()])
def test_a_critical_event_is_a_case_with_its_evidence(station, kind):
    tell(station, kind, info="sensor 3")
    assert SecurityEvent.objects.get().critical
    case = given.case("SecurityEvent")
    assert (case.station, case.reason.lower()) == (station, kind.lower())
    assert (case.evidence["type"], case.evidence["techInfo"]) == (kind, "sensor 3")


@pytest.mark.parametrize("kind", ["StartupOfTheDevice", "ResetOrReboot", "SettingSystemTime"])
def test_what_every_start_says_alarms_nobody(station, kind):
    tell(station, kind)
    assert SecurityEvent.objects.get().critical
    assert not ReviewCase.objects.exists()


@pytest.mark.parametrize(
    ("outcome", "alarms"), [("Done", False), ("Open", False), ("Refused", True)]
)
def test_new_firmware_alarms_unless_we_ordered_it(station, outcome, alarms):
    times = {"status_at": given.NOON, "requested_at": given.NOON, "expires_at": given.NOON}
    FirmwareUpdate.objects.create(station=station, outcome=outcome, retrieve_at=given.NOON, **times)
    tell(station, "FirmwareUpdated", minute=30)
    assert ReviewCase.objects.exists() is alarms


def test_somebody_acknowledges_it_and_the_next_one_is_a_new_case(station):
    tell(station, TAMPER)
    case = given.case("SecurityEvent")
    settling.acknowledge(case_id=case.pk, who=given.decided(), at=given.after(5))
    case.refresh_from_db()
    assert (case.resolution, case.why) == ("Acknowledged", "the driver said so")
    tell(station, TAMPER, minute=10)
    assert given.case("SecurityEvent").pk != case.pk
    assert not review.counted(review.Sighting("SecurityEvent", "nobody"), at=given.NOON)


def test_a_station_that_never_stops_telling_fills_no_table(station, other_station, monkeypatch):
    monkeypatch.setattr(security_events, "MOST", 3)
    tell(other_station, "InvalidMessages")
    for minute in range(6):
        tell(station, "InvalidMessages", minute=minute)
    kept = SecurityEvent.objects.filter(station=station).values_list("happened_at", flat=True)
    assert list(kept) == [given.after(minute) for minute in (5, 4, 3)]
    assert SecurityEvent.objects.filter(station=other_station).count() == 1


def test_old_events_are_forgotten(station):
    tell(station, "InvalidMessages", minute=0)
    tell(station, "InvalidMessages", minute=10)
    assert security_events.prune(before=given.after(5)) == 1
    assert SecurityEvent.objects.get().happened_at == given.after(10)
