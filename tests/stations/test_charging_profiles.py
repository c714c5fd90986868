"""Charging profiles by name: defined, changed, deleted; refused with the field that is wrong."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError
from ocpp_gateway import validation
from stations.models import ChargingProfile, ProfileAssignment
from stations.services import assignments, charging_profiles
from tests.stations import given
from tests.stations.given_profiles import PERIODS, asker, named

pytestmark = pytest.mark.django_db


def test_it_is_kept_under_its_name():
    named("Night", stack_level=2)
    assert ChargingProfile.objects.get(name="Night").stack_level == 2


def test_a_name_is_used_once():
    named("Night")
    with pytest.raises(Conflict) as refused:
        named("Night")
    assert list(refused.value.fields) == ["name"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stack_level": -1}, "stackLevel"),
        ({"periods": []}, "chargingSchedule.chargingSchedulePeriod"),
        ({"kind": "Absolute"}, "chargingSchedule.startSchedule"),
        ({"kind": "Recurring", "start_schedule": given.NOON}, "recurrencyKind"),
        ({"start_schedule": given.NOON}, "chargingSchedule.startSchedule"),
        ({"valid_from": given.NOON, "valid_to": given.NOON}, "validTo"),
    ],
)
def test_what_no_station_may_get_is_not_kept(fields, field):
    with pytest.raises(DomainError) as refused:
        named(**fields)
    assert list(refused.value.fields) == [field]
    assert not ChargingProfile.objects.exists()


def test_a_change_is_checked_alike():
    profile = named()
    with pytest.raises(DomainError, match="startPeriod"):
        charging_profiles.change(profile=profile, periods=[{"startPeriod": 9, "limit": 1}])
    profile.refresh_from_db()
    assert profile.periods == PERIODS


def test_what_is_sent_of_it_passes_the_schema():
    full = named(
        kind="Recurring",
        recurrency="Daily",
        start_schedule=given.NOON,
        valid_from=given.NOON,
        valid_to=given.after(60),
        duration_s=86400,
        min_rate=6.5,
        rate_unit="W",
    )
    for profile in (full, named("Least")):
        payload = {"connectorId": 0, "csChargingProfiles": profile.as_sent(1)}
        assert validation.check_call("SetChargingProfile", payload) == []


def test_what_stations_have_of_it_outlives_it(connected):
    profile = named()
    assignments.assign(profile=profile, station=connected, connector_id=1, asker=asker())
    charging_profiles.delete(profile=profile)
    kept = ProfileAssignment.objects.get()
    assert kept.profile is None
    assert kept.sent["chargingSchedule"]["chargingSchedulePeriod"] == PERIODS
