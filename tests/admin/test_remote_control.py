"""Dialogs of a station: asked once, sent never twice, answered in words."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rfid.models import RfidCard
from stations.models import ChargingStation, Command, CommandEffect, CommandStatus
from stations.services import sessions
from tests.admin.conftest import ClientFor
from tests.admin.dialogs import HTMX, address, answer, press, progress


@pytest.mark.parametrize(
    ("action", "fields", "asked", "payload"),
    [
        (
            "remote_start",
            {"id_tag": "04AABBCC", "connector_id": "1"},
            "RemoteStartTransaction",
            {"idTag": "04AABBCC", "connectorId": 1},
        ),
        (
            "remote_start",
            {"id_tag": "04AABBCC", "connector_id": ""},
            "RemoteStartTransaction",
            {"idTag": "04AABBCC"},
        ),
        ("reset", {"kind": "Soft"}, "Reset", {"type": "Soft"}),
        ("unlock_connector", {"connector_id": "1"}, "UnlockConnector", {"connectorId": 1}),
        (
            "change_availability",
            {"connector_id": "0", "kind": "Inoperative"},
            "ChangeAvailability",
            {"connectorId": 0, "type": "Inoperative"},
        ),
        (
            "trigger_message",
            {"message": "MeterValues", "connector_id": "2"},
            "TriggerMessage",
            {"requestedMessage": "MeterValues", "connectorId": 2},
        ),
        ("get_configuration", {"keys": ""}, "GetConfiguration", {}),
        ("get_configuration", {"keys": "A, B"}, "GetConfiguration", {"key": ["A", "B"]}),
        (
            "change_configuration",
            {"key": "HeartbeatInterval", "value": "30"},
            "ChangeConfiguration",
            {"key": "HeartbeatInterval", "value": "30"},
        ),
        ("clear_cache", {}, "ClearCache", {}),
    ],
)
def test_a_dialog_asks_the_station(
    action: str,
    fields: dict[str, str],
    asked: str,
    payload: dict[str, Any],
    station: ChargingStation,
    card: RfidCard,
    root: Client,
) -> None:
    shown = press(root, action, station, **fields)
    command = Command.objects.get()
    assert (command.action, command.payload) == (asked, payload)
    assert command.requested_by is not None
    assert command.requested_by.get_username() == "root"
    assert f"progress-{command.pk}" in shown


def test_a_remote_start_is_followed_until_the_car_charges(station, card, root):
    shown = press(root, "remote_start", station, id_tag=card.id_tag, connector_id="1")
    command = Command.objects.get()
    assert "Waiting to be sent" in shown
    assert 'hx-trigger="every 1s"' in shown
    answer(command)
    shown = progress(root, command)
    assert "Accepted" in shown
    assert "Waiting for the driver to plug in" in shown
    assert 'hx-trigger="every 1s"' in shown
    start = sessions.Start(1, card.id_tag, timezone.now(), 100)
    started = sessions.start(station_id=station.pk, start=start, at=timezone.now())
    shown = progress(root, command)
    assert f"session {started.transaction_id}" in shown
    assert "hx-trigger" not in shown


def test_a_session_that_began_earlier_is_not_taken_for_the_started_one(session, root):
    press(root, "remote_start", session.station, id_tag=session.id_tag, connector_id="")
    command = Command.objects.get()
    answer(command)
    assert "Waiting for the driver to plug in" in progress(root, command)


def test_watching_for_the_driver_ends_after_a_while(station, card, root):
    press(root, "remote_start", station, id_tag=card.id_tag, connector_id="1")
    command = Command.objects.get()
    answer(command)
    Command.objects.update(settled_at=timezone.now() - timedelta(minutes=10))
    shown = progress(root, command)
    assert "nothing so far" in shown
    assert "hx-trigger" not in shown


def test_a_refusal_is_said_in_words_and_ends_the_watch(station, card, root):
    press(root, "remote_start", station, id_tag="04AABBCC", connector_id="1")
    command = Command.objects.get()
    answer(command, "Rejected")
    shown = progress(root, command)
    assert "The station does not start." in shown
    assert "hx-trigger" not in shown


def test_no_answer_is_said_in_words(station, root):
    press(root, "reset", station, kind="Soft")
    Command.objects.update(
        status=CommandStatus.TIMED_OUT, sent_at=timezone.now(), settled_at=timezone.now()
    )
    shown = progress(root, Command.objects.get())
    assert "may or may not have done it" in shown
    assert "hx-trigger" not in shown


def test_a_double_click_asks_once(station, card, root):
    token = uuid.uuid4()
    first = press(root, "remote_start", station, id_tag="Van 7", connector_id="1", token=token)
    second = press(root, "remote_start", station, id_tag="Van 7", connector_id="1", token=token)
    command = Command.objects.get()
    assert f"progress-{command.pk}" in first
    assert f"progress-{command.pk}" in second


def test_a_dialog_without_its_token_asks_nothing(station, root):
    root.post(address("reset", station), {"kind": "Soft"}, **HTMX)
    assert not Command.objects.exists()


def test_an_offline_station_is_asked_nothing_and_nothing_is_queued(offline, root):
    opened = root.get(address("remote_start", offline), **HTMX).content.decode()
    assert "CP-OFF is offline. Nothing is sent, and nothing is queued." in opened
    assert " disabled>" in opened
    shown = press(root, "remote_start", offline, id_tag="04AABBCC", connector_id="")
    assert "CP-OFF is offline" in shown
    assert not Command.objects.exists()


def test_the_only_free_connector_is_picked(station, root):
    page = root.get(address("remote_start", station), **HTMX).content.decode()
    assert '<option value="1" selected>1 · Available</option>' in page


def test_the_connector_that_was_clicked_is_picked(station, root):
    page = root.get(address("unlock_connector", station), {"connector": "2"}, **HTMX)
    assert '<option value="2" selected>' in page.content.decode()


def test_an_impossible_id_tag_is_refused_beside_its_field(station, root):
    shown = press(root, "remote_start", station, id_tag="two words", connector_id="1")
    assert "Only printable characters without spaces." in shown
    shown = press(root, "remote_start", station, id_tag="x" * 21, connector_id="1")
    assert "at most 20 characters" in shown
    assert not Command.objects.exists()


def test_stop_offers_the_sessions_under_way(session, root):
    page = root.get(address("remote_stop", session.station), **HTMX).content.decode()
    assert f"#{session.pk} · connector 2 · 04AABBCC · 5.250 kWh" in page
    press(root, "remote_stop", session.station, transaction_id=session.pk)
    assert Command.objects.get().payload == {"transactionId": session.pk}


def test_stop_refuses_a_session_that_is_not_under_way_there(session, root):
    shown = press(root, "remote_stop", session.station, transaction_id=session.pk + 1)
    assert "not one of the available choices" in shown
    assert not Command.objects.exists()


def test_stop_says_when_there_is_nothing_to_stop(station, root):
    page = root.get(address("remote_stop", station), **HTMX).content.decode()
    assert "No session is under way at this station." in page


def test_a_session_is_stopped_from_its_own_page(session, root):
    page = reverse("admin:stations_chargingsession_change", args=[session.pk])
    assert address("stop", session) in root.get(page).content.decode()
    press(root, "stop", session)
    command = Command.objects.get()
    assert (command.action, command.payload) == (
        "RemoteStopTransaction",
        {"transactionId": session.pk},
    )
    answer(command)
    stop = sessions.Stop(session.pk, timezone.now(), 9000)
    sessions.end(station_id=session.station_id, stop=stop, at=timezone.now())
    assert "8.000 kWh" in progress(root, command)
    assert address("stop", session) not in root.get(page).content.decode()


def test_reset_names_the_sessions_it_would_end(session, root):
    page = root.get(address("reset", session.station), **HTMX).content.decode()
    assert f"It ends session #{session.pk}" in page


@pytest.mark.parametrize("typed", ["", "CP-0002"])
def test_a_hard_reset_while_charging_must_be_meant(typed, session, root):
    shown = press(root, "reset", session.station, kind="Hard", confirm=typed)
    assert "Type CP-0001 to reset it hard while charging." in shown
    assert not Command.objects.exists()


def test_a_hard_reset_that_is_meant_is_sent(session, root):
    press(root, "reset", session.station, kind="Hard", confirm="CP-0001")
    assert Command.objects.get().payload == {"type": "Hard"}


def test_a_hard_reset_of_an_idle_station_needs_no_typing(station, root):
    station.connectors.update(status="Available")
    press(root, "reset", station, kind="Hard")
    assert Command.objects.get().payload == {"type": "Hard"}


def test_the_station_key_is_not_set_by_a_configuration_command(station, root):
    shown = press(root, "change_configuration", station, key="authorizationkey", value="secret")
    assert "instead" in shown
    assert not Command.objects.exists()


def test_without_javascript_a_dialog_is_a_page_and_leads_to_the_command(station, root):
    page = root.get(address("reset", station)).content.decode()
    assert "<html" in page
    response = root.post(address("reset", station), {"kind": "Soft", "token": uuid.uuid4()})
    command = Command.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("admin:stations_command_change", args=[command.pk])


def test_a_dialog_takes_no_other_method(station, root):
    assert root.put(address("reset", station)).status_code == 405


def test_a_dialog_of_a_station_that_does_not_exist_is_not_found(root):
    for wrong in ("999", "nonsense"):
        path = reverse("admin:stations_chargingstation_reset", args=[wrong])
        assert root.get(path).status_code == 404
        assert root.post(path, {"kind": "Soft"}).status_code == 404


def test_a_command_needs_the_csrf_token(station, root):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = root.cookies
    data = {"kind": "Soft", "token": uuid.uuid4()}
    assert strict.post(address("reset", station), data).status_code == 403
    assert not Command.objects.exists()


def test_who_sent_a_command_sees_its_progress_but_no_other_ones(
    station: ChargingStation, command: Command, client_with: ClientFor
) -> None:
    client = client_with("stations.view_chargingstation", "stations.add_command")
    assert "Waiting to be sent" in press(client, "reset", station, kind="Soft")
    own = Command.objects.get(action="Reset")
    assert "Waiting to be sent" in progress(client, own)
    foreign = reverse("admin:stations_command_progress", args=[command.pk])
    assert client.get(foreign).status_code == 403


def test_a_start_after_which_nothing_happened_says_so(command, root):
    now = timezone.now()
    Command.objects.update(
        status="Answered", answer={"status": "Accepted"}, answer_status="Accepted", settled_at=now
    )
    CommandEffect.objects.create(command=command, state="Missing", expected_before=now)
    page = root.get(reverse("admin:stations_command_change", args=[command.pk])).content.decode()
    assert "Accepted, and nothing happened" in page
    listed = root.get(reverse("admin:stations_command_changelist")).content.decode()
    assert "Nothing followed" in listed
