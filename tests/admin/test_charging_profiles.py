"""Charging profiles at the admin: the editor, the dialogs of a station, and what is in force."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from stations.models import ChargingProfile, Command, CommandStatus, ProfileAssignment, Quirk
from stations.services import commands, composites
from tests.admin.dialogs import HTMX, address, press, progress
from tests.stations import given

ADD = "admin:stations_chargingprofile_add"
FIELDS: dict[str, Any] = {
    "name": "Night",
    "purpose": "TxDefaultProfile",
    "stack_level": 1,
    "kind": "Relative",
    "rate_unit": "A",
    "periods-0-start": "0:00",
    "periods-0-limit": "16",
    "periods-0-phases": "3",
    "periods-2-start": "1:30",
    "periods-2-limit": "6,5",
}
PERIODS = [
    {"startPeriod": 0, "limit": 16, "numberPhases": 3},
    {"startPeriod": 5400, "limit": 6.5},
]


def test_a_profile_is_defined_with_its_periods_as_rows(root):
    assert root.post(reverse(ADD), FIELDS).status_code == 302
    made = ChargingProfile.objects.get()
    assert (made.name, made.stack_level, made.periods) == ("Night", 1, PERIODS)


def test_its_page_shows_the_rows_and_some_empty_ones(root):
    root.post(reverse(ADD), FIELDS)
    page = root.get(
        reverse("admin:stations_chargingprofile_change", args=[ChargingProfile.objects.get().pk])
    ).content.decode()
    assert 'name="periods-1-start" value="1:30"' in page
    assert 'name="periods-1-limit" value="6.5"' in page
    assert 'name="periods-5-limit" value=""' in page


def test_a_change_is_kept(root):
    root.post(reverse(ADD), FIELDS)
    made = ChargingProfile.objects.get()
    path = reverse("admin:stations_chargingprofile_change", args=[made.pk])
    root.post(path, {**FIELDS, "name": "Day", "periods-2-limit": "8"})
    made.refresh_from_db()
    assert (made.name, made.periods[1]["limit"]) == ("Day", 8)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"periods-0-start": "soon"}, "Row 1: from is a time"),
        ({"periods-0-limit": "much"}, "Row 1: from is a time"),
        ({"periods-0-limit": "1e400"}, "Row 1: it should be 0 or more"),
        ({"periods-0-start": "0:99"}, "Row 1: from is a time"),
        ({"periods-0-start": "1:00"}, "Row 1: it should be 0 for the first period."),
        ({"periods-2-start": "0:00"}, "Row 2: it should be later"),
        ({"periods-2-limit": "6.55"}, "Row 2: it should be 0 or more, with one decimal"),
        ({"periods-0-phases": "7"}, "Row 1: it should be 1, 2 or 3."),
        ({"kind": "Absolute"}, "It is needed for a profile that is Absolute."),
        ({"kind": "Recurring"}, "It should be Daily or Weekly"),
        ({"stack_level": "-1"}, "greater than or equal to 0"),
        (dict.fromkeys((n for n in FIELDS if n.startswith("periods")), ""), "This field is"),
    ],
)
def test_what_is_wrong_stands_at_its_field(root, change, said):
    page = root.post(reverse(ADD), {**FIELDS, **change})
    assert page.status_code == 200
    assert said in page.content.decode()
    assert not ChargingProfile.objects.exists()


def test_a_deleted_profile_leaves_what_stations_have(root, assignment):
    path = reverse("admin:stations_chargingprofile_delete", args=[assignment.profile.pk])
    root.post(path, {"post": "yes"})
    assignment.refresh_from_db()
    assert assignment.profile is None


def answered(command: Command, answer: Any) -> None:
    """The station answers."""
    commands.claim_next(station_id=command.station_id, connection_id="socket", at=given.NOON)
    outcome = commands.Outcome(CommandStatus.ANSWERED, answer)
    commands.settle(command_id=command.pk, outcome=outcome, at=given.NOON)


@pytest.fixture
def profile(root):
    """One somebody defined at the admin."""
    root.post(reverse(ADD), FIELDS)
    return ChargingProfile.objects.get()


def test_a_profile_is_set_at_a_connector(root, station, profile):
    press(root, "set_charging_profile", station, profile=profile.pk, connector_id="2")
    row = ProfileAssignment.objects.get()
    assert (row.profile, row.connector.connector_id, row.state) == (profile, 2, "Requested")
    assert Command.objects.get() == row.command


def test_pressing_twice_sets_it_once(root, station, profile):
    token = "7f5ff43e-8f0f-4a3e-9b0e-0d6d0a4f4b11"
    for _ in range(2):
        press(
            root, "set_charging_profile", station, profile=profile.pk, connector_id="2", token=token
        )
    assert ProfileAssignment.objects.count() == 1


def test_a_purpose_the_model_does_not_take_is_said_and_not_sent(root, station, profile):
    Quirk.objects.create(name="profile_purposes", value=["TxProfile"])
    page = press(root, "set_charging_profile", station, profile=profile.pk, connector_id="2")
    assert "chargingProfilePurpose should be TxProfile for this model" in page
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("fields", "criteria"),
    [
        ({}, {}),
        ({"number": "1", "connector_id": "2"}, {"id": 1}),
        ({"connector_id": "0"}, {"connectorId": 0}),
        (
            {"purpose": "TxDefaultProfile", "stack_level": "0"},
            {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0},
        ),
    ],
)
def test_profiles_are_cleared_by_number_or_by_what_matches(
    root, station, assignment, fields, criteria
):
    press(root, "clear_charging_profile", station, **fields)
    command = Command.objects.get()
    assert (command.action, command.payload) == ("ClearChargingProfile", criteria)


def test_one_in_force_is_cleared_from_its_page(root, assignment):
    press(root, "clear", assignment)
    assert Command.objects.get().payload == {"id": 1}


def test_one_that_is_over_cannot_be_cleared(root, assignment):
    ProfileAssignment.objects.update(state="Replaced")
    page = root.get(address("clear", assignment), **HTMX).content.decode()
    assert "It is not in force" in page


def test_the_composite_schedule_is_read_back_as_a_table(root, station):
    press(root, "composite_schedule", station, connector_id="1", hours="2", unit="A")
    command = Command.objects.get()
    assert command.payload == {"connectorId": 1, "duration": 7200, "chargingRateUnit": "A"}
    periods = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 5400, "limit": 9.5}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    answered(command, {"status": "Accepted", "chargingSchedule": schedule})
    shown = progress(root, command)
    assert "<td>1:30</td>" in shown
    assert "9.5 A" in shown


def test_a_station_without_a_limit_says_so(root, station):
    press(root, "composite_schedule", station, connector_id="0", hours="1", unit="")
    command = Command.objects.get()
    assert command.payload == {"connectorId": 0, "duration": 3600}
    answered(command, {"status": "Accepted"})
    assert "No profile limits this connector" in progress(root, command)


def test_the_page_of_a_station_shows_what_is_in_force_and_what_it_makes_of_it(root, assignment):
    composites.read(
        station_id=assignment.station_id,
        connector_id=1,
        duration_s=3600,
        status="Accepted",
        starts_at=None,
        schedule={
            "chargingRateUnit": "W<b>",
            "chargingSchedulePeriod": [{"startPeriod": 60, "limit": 11040}],
        },
        at=given.NOON,
    )
    page = root.get(
        reverse("admin:stations_chargingstation_details_tab", args=[assignment.station_id])
    ).content.decode()
    assert "Night" in page
    assert "In force" in page
    assert "11,040.0 W&lt;b&gt;" in page


def test_who_may_not_see_profiles_does_not(client_with, assignment):
    client = client_with("stations.view_chargingstation")
    page = client.get(
        reverse("admin:stations_chargingstation_details_tab", args=[assignment.station_id])
    ).content.decode()
    assert "Charging profiles" not in page


def test_a_remote_start_may_carry_a_profile(root, station, card, profile):
    ChargingProfile.objects.update(purpose="TxProfile")
    press(root, "remote_start", station, id_tag=card.id_tag, connector_id="1", profile=profile.pk)
    command = Command.objects.get()
    assert command.payload["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
    assert ProfileAssignment.objects.get().command == command


def test_only_profiles_of_sessions_are_offered_for_a_remote_start(root, station, profile):
    page = root.get(address("remote_start", station), **HTMX).content.decode()
    assert "Night" not in page


@pytest.mark.parametrize(
    ("fields", "payload"),
    [
        ({"vendor_id": "Acme"}, {"vendorId": "Acme"}),
        (
            {"vendor_id": "Acme", "message_id": "Show", "content": ' {"a": 1}'},
            {"vendorId": "Acme", "messageId": "Show", "data": ' {"a": 1}'},
        ),
    ],
)
def test_a_vendors_message_is_sent(root, station, fields, payload):
    press(root, "data_transfer", station, **fields)
    assert Command.objects.get().payload == payload


def test_a_connector_that_fits_no_message_is_said(root, station):
    page = press(root, "trigger_message", station, message="Heartbeat", connector_id="1")
    assert "belongs to MeterValues, StatusNotification only" in page
    assert not Command.objects.exists()


def test_a_reservation_may_be_for_the_cards_group(root, station, card):
    press(
        root,
        "reserve",
        station,
        connector_id="1",
        id_tag="04AABBCC",
        minutes="30",
        group="on",
    )
    assert Command.objects.get().payload["parentIdTag"] == "FLEET"


def test_a_card_without_a_group_has_none_to_reserve_for(root, station):
    page = press(
        root, "reserve", station, connector_id="1", id_tag="OTHER", minutes="30", group="on"
    )
    assert "belongs to no group" in page
    assert not Command.objects.exists()
