"""Pages of what is recorded and set up: stations, sessions, sites and the message log."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from ocpp_gateway.models import OcppMessage
from ocpp_gateway.v16 import COMMANDS
from stations.admin.commands import ACTIONS
from stations.models import ChargingSession, ChargingStation, Site

STATION = {"name": "", "registration": "Accepted", "heartbeat_interval_s": "", "time_zone": "UTC"}


def page(name: str, *args: Any) -> str:
    """The address of a page."""
    return reverse(f"admin:{name}", args=args)


def test_commands_are_found_by_every_action_there_is():
    assert set(ACTIONS) == set(COMMANDS)


def test_a_station_is_added_by_hand(root):
    root.post(page("stations_chargingstation_add"), {**STATION, "cp_id": "CP-9", "name": "Gate"})
    station = ChargingStation.objects.get()
    assert (station.cp_id, station.name) == ("CP-9", "Gate")


def test_a_station_is_not_added_twice_in_other_letters(station, root):
    data = {**STATION, "cp_id": "cp-0001"}
    response = root.post(page("stations_chargingstation_add"), data)
    assert "A station with this identity exists already." in response.content.decode()
    assert ChargingStation.objects.count() == 1


def test_a_station_that_appears_meanwhile_makes_a_message_not_a_crash(station, root, monkeypatch):
    monkeypatch.setattr(ChargingStation, "validate_constraints", lambda *args, **options: None)
    data = {**STATION, "cp_id": "CP-0001"}
    response = root.post(page("stations_chargingstation_add"), data, follow=True)
    assert "exists already" in response.content.decode()
    assert ChargingStation.objects.count() == 1


def test_only_what_operators_decide_can_be_changed(station, root):
    site = Site.objects.create(name="South")
    data = {
        **STATION,
        "site": site.pk,
        "registration": "Pending",
        "heartbeat_interval_s": 30,
        "time_zone": "Europe/Berlin",
        "cp_id": "OTHER",
        "online": "",
        "vendor": "Forged",
    }
    response = root.post(page("stations_chargingstation_change", station.pk), data)
    assert response.status_code == 302, response.context["errors"]
    station.refresh_from_db()
    assert (station.site, station.registration, station.heartbeat_interval_s) == (
        site,
        "Pending",
        30,
    )
    assert (station.cp_id, station.online, station.vendor) == ("CP-0001", True, "Vendor")


def test_a_station_that_charged_cannot_be_deleted(session, root):
    path = page("stations_chargingstation_delete", session.station_id)
    assert root.post(path, {"post": "yes"}).status_code == 403
    assert ChargingStation.objects.exists()


def test_a_station_that_never_charged_can_be_deleted(offline, message, root):
    path = page("stations_chargingstation_delete", offline.pk)
    assert "with its message log" in root.get(path).content.decode()
    root.post(path, {"post": "yes"})
    assert not ChargingStation.objects.filter(pk=offline.pk).exists()
    assert OcppMessage.objects.exists()


def test_the_list_shows_each_connector_with_a_word(station, root):
    content = root.get(page("stations_chargingstation_changelist")).content.decode()
    assert re.search(
        r'vd-green" title="Connector 1: Available">1<span class="vd-hidden"> Av', content
    )
    assert re.search(r'vd-blue" title="Connector 2: Charging">2', content)
    assert "Connector 0" not in content


def test_a_fault_is_said_on_hover_and_on_the_page(station, root):
    station.connectors.filter(connector_id=2).update(status="Faulted", error_code="GroundFailure")
    content = root.get(page("stations_chargingstation_changelist")).content.decode()
    assert "Connector 2: Faulted, GroundFailure" in content
    live = root.get(page("stations_chargingstation_live", station.pk)).content.decode()
    assert "GroundFailure" in live


def test_the_page_of_a_session_shows_facts_and_meter_values(session, root):
    content = root.get(page("stations_chargingsession_change", session.pk)).content.decode()
    for part in ("5.250 kWh", "11.0 kW", "CP-0001", "Under way"):
        assert part in content


def test_an_orphaned_stop_is_shown_without_a_start(station, root):
    session = ChargingSession.objects.create(
        station=station,
        id_tag="",
        status="Orphaned",
        stopped_at=timezone.now(),
        reported_transaction_id=77,
        needs_review=True,
        review_reasons=["NoStart"],
    )
    content = root.get(page("stations_chargingsession_change", session.pk)).content.decode()
    assert "no start came from the station" in content
    assert root.get(page("stations_chargingsession_changelist")).status_code == 200


def test_sessions_are_changed_by_nobody(session, root):
    path = page("stations_chargingsession_change", session.pk)
    assert root.post(path, {"energy_wh": 1}).status_code == 403
    assert root.get(page("stations_chargingsession_add")).status_code == 403
    session.refresh_from_db()
    assert session.energy_wh == 5250


def test_a_message_shows_its_frames_indented_and_its_secrets_masked(message, root):
    message.request = '[2,"a","ChangeConfiguration",{"key":"AuthorizationKey","value":"topsecret"}]'
    message.save()
    content = root.get(page("ocpp_gateway_ocppmessage_change", message.pk)).content.decode()
    assert "&quot;currentTime&quot;" in content
    assert "••••••" in content
    assert "topsecret" not in content


def test_a_text_that_is_no_json_is_shown_as_it_came_unless_it_names_a_secret(message, root):
    path = page("ocpp_gateway_ocppmessage_change", message.pk)
    OcppMessage.objects.update(request="[2, <broken>", action="")
    assert "[2, &lt;broken&gt;" in root.get(path).content.decode()
    OcppMessage.objects.update(request='[2,"AuthorizationKey","topsecret"')
    assert "topsecret" not in root.get(path).content.decode()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, r'vd-green" title="Answered"'),
        ({"response": ""}, r'vd-amber" title="No answer"'),
        ({"error_code": "InternalError"}, r'vd-red" title="[^"]*CALLERROR[^"]*">InternalError'),
        ({"latency_ms": 9000}, r'vd-slow">slow: <span class="vd-number">9,000 ms'),
        ({"action": "", "message_id": ""}, r'vd-red" title="no frame"'),
    ],
)
def test_the_log_marks_errors_silence_and_slowness(changes, shown, message, root):
    if changes:
        OcppMessage.objects.update(**changes)
    content = root.get(page("ocpp_gateway_ocppmessage_changelist")).content.decode()
    assert re.search(shown, content)


def test_a_site_is_added_with_a_zone_that_exists(root):
    data = {"name": "South", "time_zone": "Mars/Olympus", "latitude": "", "longitude": ""}
    assert root.post(page("stations_site_add"), data).status_code == 200
    root.post(page("stations_site_add"), {**data, "time_zone": "Europe/Berlin"})
    assert Site.objects.get().time_zone == "Europe/Berlin"


def test_the_first_visit_says_how_to_connect_a_station(root):
    content = root.get(page("index")).content.decode()
    assert "ws://testserver/ocpp/CP-0001" in content
    ChargingStation.objects.create(cp_id="CP-1")
    assert "No station yet" not in root.get(page("index")).content.decode()


def test_what_stations_send_is_never_taken_for_html(station, root):
    evil = "<script>alert(1)</script>"
    ChargingStation.objects.update(vendor=evil, model=evil, firmware_version=evil)
    station.connectors.update(info=evil, error_code=evil, status="Faulted", vendor_error_code=evil)
    ChargingSession.objects.create(station=station, id_tag=evil, authorization="Invalid")
    OcppMessage.objects.create(
        station=station,
        direction="Received",
        message_id=evil,
        action=evil,
        request=evil,
        at=timezone.now(),
    )
    paths = [
        *(page("index"), page("stations_chargingstation_changelist")),
        page("stations_chargingstation_change", station.pk),
        page("stations_chargingsession_changelist"),
        page("ocpp_gateway_ocppmessage_changelist"),
        page("ocpp_gateway_ocppmessage_change", OcppMessage.objects.get().pk),
        page("stations_chargingstation_remote_stop", station.pk),
    ]
    for path in paths:
        assert evil not in root.get(path).content.decode(), path
