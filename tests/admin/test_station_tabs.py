"""What stands behind the tabs of a station's page, each only for whom may see it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from stations.models import ChargingStation, Command, ConfigurationKey, ConfigurationTemplate
from tests.admin.dialogs import address, answer, behind, press
from tests.admin.test_station_page import page


@pytest.mark.parametrize(
    ("tab", "permission"),
    [
        ("sessions", "stations.view_chargingsession"),
        ("log", "ocpp_gateway.view_ocppmessage"),
        ("configuration", "stations.view_configurationkey"),
        ("commands", "stations.view_command"),
    ],
)
def test_a_tab_is_only_for_whom_may_see_what_is_behind_it(tab, permission, station, client_with):
    url = reverse(f"admin:stations_chargingstation_{tab}_tab", args=[station.pk])
    without = client_with("stations.view_chargingstation")
    assert f'id="tab-{tab}"' not in page(without, station)
    assert without.get(url).status_code == 403
    may = client_with("stations.view_chargingstation", permission)
    assert f'id="tab-{tab}"' in page(may, station)
    assert may.get(url).status_code == 200


def test_the_tab_of_the_address_is_chosen_and_one_that_is_not_there_is_not(station, root):
    assert 'id="tab-commands" href="?tab=commands" aria-controls="panel-commands"' in page(
        root, station, tab="commands"
    )
    assert 'class="vd-tabbed" data-tab="commands"' in page(root, station, tab="commands")
    assert 'data-tab="live"' in page(root, station, tab="nonsense")


def test_a_form_that_erred_is_shown_and_not_hidden_behind_another_tab(station, root):
    change = reverse("admin:stations_chargingstation_change", args=[station.pk])
    shown = root.post(change, {"heartbeat_interval_s": "-1"}).content.decode()
    assert 'data-tab="details"' in shown


def test_sessions_and_messages_lead_to_all_of_them(message, session, root):
    station = session.station
    query = f"?station__id__exact={station.pk}"
    sessions = reverse("admin:stations_chargingsession_changelist")
    assert f"{sessions}{query}" in behind(root, "sessions", station)
    messages = reverse("admin:ocpp_gateway_ocppmessage_changelist")
    shown = behind(root, "log", station)
    assert f"{messages}{query}" in shown
    assert "Heartbeat" in shown


def test_commands_say_who_when_what_and_how_long_the_answer_took(station, root):
    press(root, "reset", station, kind="Soft")
    answer(Command.objects.get())
    shown = behind(root, "commands", station)
    assert "type: Soft" in shown
    assert "The station restarts." in shown
    assert "root" in shown
    assert " ms" in shown


def test_a_setting_is_edited_in_its_row_unless_it_is_read_only_or_secret(station, root):
    now = timezone.now()
    rows: dict[str, Any] = {"A": False, "B": True, "AuthorizationKey": False}
    for key, readonly in rows.items():
        ConfigurationKey.objects.create(
            station=station, key=key, value="1", readonly=readonly, read_at=now
        )
    url = reverse("admin:stations_chargingstation_setting", args=[station.pk])
    form = root.get(url, {"key": "A", "edit": "1"}).content.decode()
    assert address("change_configuration", station) in form
    assert 'name="value" value="1"' in form
    for key in ("B", "AuthorizationKey"):
        assert "<form" not in root.get(url, {"key": key, "edit": "1"}).content.decode()
    assert "read-only" in root.get(url, {"key": "B"}).content.decode()


def test_settings_are_compared_with_the_template_one_chooses(station, root):
    now = timezone.now()
    ConfigurationKey.objects.create(station=station, key="A", value="1", read_at=now)
    ConfigurationTemplate.objects.create(name="First", settings={"A": "1"})
    other = ConfigurationTemplate.objects.create(
        name="Other", vendor="Else", settings={"A": "7", "B": "2"}
    )
    assert "It is as the template says." in behind(root, "configuration", station)
    url = reverse("admin:stations_chargingstation_configuration_tab", args=[station.pk])
    shown = root.get(url, {"template": other.pk}).content.decode()
    assert "different" in shown
    assert "not read" in shown


def test_the_history_tells_edits_statuses_and_settings_each_to_whom_may_see_it(
    world, root, client_with
):
    station = world[ChargingStation]
    change = reverse("admin:stations_chargingstation_change", args=[station.pk])
    form = root.get(change).context["adminform"].form.initial
    given = {name: value for name, value in form.items() if value is not None}
    assert root.post(change, {**given, "name": "Gate 4"}).status_code == 302
    shown = behind(root, "history", station)
    for word in ("name: ", "Gate 4", "Connector 2: Charging", "A: 1 → 2"):
        assert word in shown
    looks = behind(client_with("stations.view_chargingstation"), "history", station)
    assert "Connector 2" not in looks
    assert "A: 1" not in looks
