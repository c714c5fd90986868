"""Bulk commands in the admin: chosen in the list, shown first, given once, and retried."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from stations.models import ChargingStation, Command, CommandBatch, FirmwareImage
from stations.services import batches, bulk
from tests.admin.dialogs import answer, press

LIST = reverse("admin:stations_chargingstation_changelist")
KINDS = ("reset", "availability", "firmware", "trigger", "configuration")
SENDER = ("stations.view_chargingstation", "stations.add_commandbatch")


def where(kind):
    return reverse(f"admin:stations_chargingstation_bulk_{kind}")


def chosen(client, kind, *stations, **more):
    """Tick rows of the list and run an action on them."""
    data = {"action": f"{kind}_many", "_selected_action": [row.pk for row in stations], **more}
    return client.post(LIST, data)


def plan_of(client, what, *stations, **fields):
    """What the page of a bulk command shows for these options."""
    ids = ",".join(str(row.pk) for row in stations)
    token = uuid.uuid4()
    return client.post(where(what), {"ids": ids, "token": token, **fields}), {
        "ids": ids,
        "token": token,
        **fields,
    }


def given(client, what, *stations, **fields):
    """The same, and pressed; gives the answer and what was posted."""
    page, data = plan_of(client, what, *stations, **fields)
    data |= {"seen": page.context["seen"], "confirm": "1"}
    return client.post(where(what), data), data


RESET = {"kind": "Soft", "busy": "reset"}


def test_what_was_chosen_in_the_list_is_shown_before_it_is_done(station, offline, session, root):
    page = chosen(root, "reset", station, offline)
    assert page.context["says"] == "2 stations, 1 with running sessions, 1 offline, 1 left out"
    text = page.content.decode()
    assert "it is charging" in text
    assert "nothing is sent" in text
    assert not CommandBatch.objects.exists()


def test_the_options_change_what_would_be_done(station, offline, session, root):
    page, _ = plan_of(root, "reset", station, offline, **RESET)
    assert page.context["says"] == "2 stations, 1 with running sessions, 1 offline"
    assert "ends 1 session" in page.content.decode()
    assert "It ends 1 session that is under way" in page.content.decode()


def test_pressed_it_is_one_batch_and_pressed_twice_too(station, offline, root):
    response, data = given(root, "reset", station, offline, **RESET)
    batch = CommandBatch.objects.get()
    page = reverse("admin:stations_commandbatch_change", args=[batch.pk])
    assert response["Location"] == page
    assert root.post(where("reset"), data)["Location"] == page
    assert CommandBatch.objects.count() == 1
    assert batch.requested_by.username == "root"
    batches.advance(at=timezone.now())
    batches.advance(at=timezone.now())
    assert Command.objects.get().payload == {"type": "Soft"}


def test_what_was_not_seen_is_shown_instead_of_done(station, root):
    _, data = plan_of(root, "reset", station, **RESET)
    page, _ = plan_of(root, "reset", station, kind="Hard", busy="reset")
    answered = root.post(where("reset"), {**data, "seen": page.context["seen"], "confirm": "1"})
    assert "Press again" in answered.content.decode()
    assert not CommandBatch.objects.exists()


def test_all_that_match_are_chosen_across_pages(station, offline, root):
    for number in range(60):
        ChargingStation.objects.create(cp_id=f"MANY-{number}", online=True, connection_id="s")
    data = {"action": "reset_many", "_selected_action": [station.pk], "select_across": "1"}
    page = root.post(f"{LIST}?q=MANY", data)
    assert page.context["says"] == "60 stations"


def test_too_many_are_refused_in_words(station, offline, root, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_STATIONS", 1)
    response = chosen(root, "reset", station, offline)
    assert "at most 1 stations" in root.get(response["Location"]).content.decode()
    page, _ = plan_of(root, "reset", station, offline, **RESET)
    assert "at most 1 stations" in page.content.decode()


def test_without_a_choice_the_page_leads_to_the_list(root):
    for kind in KINDS:
        assert LIST in root.get(where(kind)).content.decode()


@pytest.mark.parametrize("ids", ["", "x", "1;2", "9" * 30])
def test_ids_that_are_none_are_refused(station, root, ids):
    page = root.post(where("reset"), {"ids": ids, "token": uuid.uuid4(), **RESET, "confirm": "1"})
    assert page.status_code == 200
    assert not CommandBatch.objects.exists()


@pytest.mark.parametrize(
    ("kind", "fields", "action", "payload"),
    [
        (
            "availability",
            {"connector_id": "1", "kind": "Inoperative"},
            "ChangeAvailability",
            {"connectorId": 1, "type": "Inoperative"},
        ),
        (
            "trigger",
            {"message": "Heartbeat"},
            "TriggerMessage",
            {"requestedMessage": "Heartbeat"},
        ),
        ("configuration", {"keys": "A, B"}, "GetConfiguration", {"key": ["A", "B"]}),
        ("configuration", {}, "GetConfiguration", {}),
    ],
)
def test_each_kind_asks_for_what_was_chosen(station, root, kind, fields, action, payload):
    given(root, kind, station, **fields)
    item = CommandBatch.objects.get().items.get()
    assert (item.action, item.payload) == (action, payload)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_plan_at_once(station, root, kind):
    FirmwareImage.objects.create(
        version="2",
        file="x",
        file_name="f",
        size_bytes=1,
        sha256="0" * 64,
        uploaded_at=timezone.now(),
    )
    assert chosen(root, kind, station).context["asked"] == 1


def test_firmware_goes_to_whom_it_fits(station, root):
    image = FirmwareImage.objects.create(
        vendor="Else",
        version="2",
        file="x",
        file_name="f",
        size_bytes=1,
        sha256="0" * 64,
        uploaded_at=timezone.now(),
    )
    page, _ = plan_of(root, "firmware", station, image=image.pk, busy="ask")
    assert "another vendor or model" in page.content.decode()
    assert page.context["asked"] == 0


def test_who_may_not_ask_many_is_offered_nothing(station, client_with):
    client = client_with("stations.view_chargingstation", "stations.add_command")
    assert "reset_many" not in client.get(LIST).content.decode()
    chosen(client, "reset", station)
    for kind in KINDS:
        assert client.post(where(kind), {"ids": station.pk}).status_code == 403
    assert not CommandBatch.objects.exists()


def test_firmware_for_many_needs_the_right_to_update(station, client_with):
    client = client_with(*SENDER)
    assert client.get(where("reset")).status_code == 200
    assert client.get(where("firmware")).status_code == 403


def test_who_may_not_see_sessions_is_told_how_many_there_are(session, client_with):
    page = chosen(client_with(*SENDER), "reset", session.station)
    assert "1 with running sessions" in page.context["says"]
    assert "5.250" not in page.content.decode()


def test_the_page_of_a_batch_says_how_far_it_is_and_retries_what_failed(station, offline, root):
    given(root, "reset", station, offline, **RESET)
    batch = CommandBatch.objects.get()
    batches.advance(at=timezone.now())
    answer(Command.objects.get(), "Accepted")
    batches.advance(at=timezone.now())
    live = reverse("admin:stations_commandbatch_live", args=[batch.pk])
    shown = root.get(live).content.decode()
    for name in ("accepted", "offline"):
        assert f"<dt>{name}</dt><dd>1</dd>" in shown
    assert "Accepted: The station restarts." in shown
    assert "It was offline: nothing was sent." in shown
    assert "Retry failed (1)" in shown
    press(root, "retry", batch)
    made = CommandBatch.objects.get(retry_of=batch)
    assert [item.station for item in made.items.all()] == [offline]
    assert "Retry failed" not in re.sub(r"\s+", " ", root.get(live).content.decode())


def test_who_may_not_retry_is_not_offered_it(station, offline, root, client_with):
    given(root, "reset", offline, station, **RESET)
    batches.advance(at=timezone.now())
    batch = CommandBatch.objects.get()
    CommandBatch.objects.update(finished_at=timezone.now())
    client = client_with("stations.view_commandbatch", "stations.view_chargingstation")
    page = client.get(reverse("admin:stations_commandbatch_live", args=[batch.pk]))
    assert "Retry failed" not in page.content.decode()


def test_the_list_of_batches_counts_by_one_query(station, root, django_assert_max_num_queries):
    for _ in range(20):
        given(root, "reset", station, **RESET)
    with django_assert_max_num_queries(12):
        root.get(reverse("admin:stations_commandbatch_changelist"))
