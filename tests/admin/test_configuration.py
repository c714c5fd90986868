"""The admin's pages about settings: differences, reading, templates, batches; and local lists."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from rfid.models import CardGroup
from stations.models import (
    Command,
    CommandBatch,
    ConfigurationKey,
    ConfigurationTemplate,
    LocalList,
    Site,
)
from stations.services import batches, local_lists
from tests.admin.dialogs import HTMX, address, answer, behind, press


@pytest.fixture
def template(db):
    settings = {"HeartbeatInterval": "300"}
    return ConfigurationTemplate.objects.create(name="Street", vendor="Ven*", settings=settings)


def page_of(row, client):
    name = f"admin:stations_{row._meta.model_name}_change"
    return client.get(reverse(name, args=[row.pk])).content.decode()


def test_the_page_of_a_station_shows_what_differs_from_its_template(station, template, root):
    now = timezone.now()
    ConfigurationKey.objects.create(
        station=station, key="HeartbeatInterval", value="<60>", read_at=now
    )
    shown = behind(root, "configuration", station)
    assert "selected>Street" in shown
    assert "&lt;60&gt;" in shown
    assert "different" in shown


def test_a_station_is_read_from_its_page(station, root):
    shown = press(root, "read_configuration", station)
    command = Command.objects.get()
    assert command.action == "GetConfiguration"
    assert f"progress-{command.pk}" in shown


def test_a_template_is_applied_from_the_page_of_a_station(station, template, root):
    opened = root.get(address("apply_template", station), **HTMX).content.decode()
    assert "1 setting to send" in opened
    press(root, "apply_template", station, template=template.pk)
    batch = CommandBatch.objects.get()
    assert batch.items.get().payload == {"key": "HeartbeatInterval", "value": "300"}
    assert "HeartbeatInterval" in page_of(batch, root)


def test_applying_to_many_first_shows_what_it_would_do(station, offline, template, root):
    Site.objects.get()
    shown = press(root, "apply_to_many", template)
    assert "1 station" in shown
    assert "press again" in shown
    assert not CommandBatch.objects.exists()
    seen = shown.partition('name="seen" value="')[2].partition('"')[0]
    press(root, "apply_to_many", template, seen=seen)
    assert CommandBatch.objects.get().items.get().station == station


def test_many_may_be_named_and_nobody_unknown(station, offline, template, root):
    assert "There is no station NOBODY" in press(
        root, "apply_to_many", template, stations="cp-0001 NOBODY"
    )
    shown = press(root, "apply_to_many", template, stations="cp-0001, cp-off")
    assert "2 stations" in shown
    assert "1 stations not connected" in shown


def test_a_template_is_written_as_lines(root, db):
    path = reverse("admin:stations_configurationtemplate_add")
    fields = {"name": "T", "vendor": "", "model": "", "firmware": "", "note": ""}
    wrong = root.post(path, {**fields, "lines": "HeartbeatInterval 300"}).content.decode()
    assert "should be a key" in wrong
    secret = root.post(path, {**fields, "lines": "AuthorizationKey = 1"}).content.decode()
    assert "is a password" in secret
    root.post(path, {**fields, "lines": "HeartbeatInterval = 300\n\nA=b = c"})
    template = ConfigurationTemplate.objects.get()
    assert template.settings == {"HeartbeatInterval": "300", "A": "b = c"}
    assert "HeartbeatInterval = 300" in page_of(template, root)


def test_a_batch_shows_its_results_and_is_retried(station, template, root):
    press(root, "apply_template", station, template=template.pk)
    batches.advance(at=timezone.now())
    answer(Command.objects.get(), "Rejected")
    batches.advance(at=timezone.now())
    batch = CommandBatch.objects.get()
    assert "<dt>rejected</dt><dd>1</dd>" in page_of(batch, root)
    press(root, "retry", batch)
    made = CommandBatch.objects.get(retry_of=batch)
    live = root.get(reverse("admin:stations_commandbatch_live", args=[made.pk]))
    assert "<dt>waiting</dt><dd>1</dd>" in live.content.decode()


def test_the_list_is_sent_from_the_page_of_a_station(station, card, root):
    opened = root.get(address("send_local_list", station), **HTMX).content.decode()
    assert "not known" in opened
    press(root, "send_local_list", station, kind="Full")
    command = Command.objects.get()
    assert command.payload["localAuthorizationList"][0]["idTag"] == card.id_tag


def test_a_difference_to_the_unknown_is_refused_in_words(station, card, root):
    assert "send a Full update" in press(root, "send_local_list", station, kind="Differential")


def test_the_cards_of_a_list_are_chosen(station, card, root):
    group = CardGroup.objects.get()
    press(root, "list_policy", station, policy="Groups", groups=[group.pk])
    row = LocalList.objects.get()
    assert (row.policy, list(row.groups.all())) == ("Groups", [group])
    assert "Cards of chosen groups" in behind(root, "details", station)


def test_the_cards_of_several_lists_are_chosen_at_once(station, offline, root):
    path = reverse("admin:stations_locallist_several")
    data = {"token": uuid.uuid4(), "stations": "CP-0001 CP-OFF", "policy": "All"}
    root.post(path, data, **HTMX)
    assert LocalList.objects.filter(policy="All").count() == 2


def test_lists_are_found_by_a_card_their_stations_acknowledged(station, card, root):
    local_lists.send(station=station, at=timezone.now())
    answer(Command.objects.get())
    command = Command.objects.get()
    local_lists.update_answered(command=command, status="Accepted", at=timezone.now())
    path = reverse("admin:stations_locallist_changelist")
    assert b"CP-0001" in root.get(path, {"card": card.id_tag.lower()}).content
    assert b"CP-0001" not in root.get(path, {"card": "OTHER"}).content
    assert (
        f"{path}?card={card.id_tag}"
        in root.get(reverse("admin:rfid_rfidcard_change", args=[card.pk])).content.decode()
    )
