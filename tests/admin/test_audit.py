"""The audit trail: who did what, from where; without secrets, and at no cost of the stations."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.test import Client
from django.utils import timezone

from cms.accounts import keys
from cms.accounts.models import User
from cms.audit import watched
from cms.shared import audit, clock, display
from rfid.services import cards
from stations.models import Command
from stations.services import batches, commands
from stations.services import stations as station_service
from stations.services.batches import Ask
from tests.admin.dialogs import press

AUDIT = "/admin/auditlog/logentry/"
pytestmark = pytest.mark.django_db


def said(entry: LogEntry) -> str:
    return str((entry.additional_data or {}).get("said", ""))


def test_a_change_says_who_what_and_from_where(root, card):
    fields = {"id_tag": card.id_tag, "label": "Van 8", "status": "Active"}
    root.post(f"/admin/rfid/rfidcard/{card.pk}/change/", fields, REMOTE_ADDR="192.0.2.7")
    entry = LogEntry.objects.get_for_object(card).get(action=LogEntry.Action.UPDATE)
    assert entry.actor.username == "root"
    assert entry.remote_addr == "192.0.2.7"
    assert entry.changes["label"] == ["Van 7", "Van 8"]


def test_a_command_is_in_the_trail_of_its_station(root, station):
    press(root, "reset", station, kind="Soft")
    entry = LogEntry.objects.get_for_object(station).get()
    assert said(entry) == "Asked for Reset"
    assert entry.actor.username == "root"
    assert entry.additional_data["command"] == Command.objects.get().pk


def test_a_command_that_a_worker_sends_for_somebody_names_them(station):
    ada = User.objects.create_user("ada")
    commands.request(
        station=station,
        action="ClearCache",
        payload={},
        at=timezone.now(),
        requested_by_id=ada.pk,
    )
    assert LogEntry.objects.get_for_object(station).get().actor == ada


def test_what_the_system_does_by_itself_is_not_in_it(station, card):
    commands.request(station=station, action="ClearCache", payload={}, at=timezone.now())
    cards.block(card=card, reason="stolen")
    station_service.heard_from(station_ids=[station.pk], at=timezone.now())
    assert not LogEntry.objects.exists()


def test_a_password_is_never_in_it(root, station):
    ada = User.objects.create_user("ada")
    name = f"/admin/accounts/user/{ada.pk}/password/"
    root.post(name, {"password1": "battery staple 9", "password2": "battery staple 9"})
    press(root, "new_key", station)
    changed = LogEntry.objects.get_for_object(ada).get()
    assert changed.changes == {"password": ["***", "***"]}
    everything = json.dumps(list(LogEntry.objects.values("changes", "additional_data")))
    assert LogEntry.objects.exists()
    for secret in ("battery", "md5$", "key_hash", "hashed_key"):
        assert secret not in everything


def test_no_watched_model_shows_a_hash_or_a_password():
    secret = {"key_hash", "hashed_key", "pending_keys", "token"}
    for name in watched.WATCHED:
        fields = {field.name for field in apps.get_model(name)._meta.fields}
        assert fields & secret <= {*watched.fields_left_out(name)}


def test_a_program_is_named_by_its_key(card):
    user = User.objects.create_superuser("bot")
    key, secret = keys.create(name="Billing app", user=user, scopes=["write"], at=clock.now())
    by_key = {"Authorization": f"Api-Key {secret}"}
    address, why = f"/api/rfid/{card.id_tag}/block", {"reason": "lost"}
    answer = Client().post(address, why, "application/json", headers=by_key)
    assert answer.status_code == 200, answer.content
    entry = LogEntry.objects.get_for_object(card).get()
    assert entry.actor == user
    assert entry.additional_data["key"] == str(key)


def test_rights_that_somebody_gave_are_in_it(root):
    from django.contrib.auth.models import Group

    ada = User.objects.create_user("ada", is_staff=True)
    page = f"/admin/accounts/user/{ada.pk}/change/"
    group = Group.objects.get(name="Finance")
    fields = {"username": "ada", "groups": [group.pk], "date_joined_0": "2026-01-01"}
    fields |= {"date_joined_1": "00:00:00", "is_active": "on"}
    names = re.findall(r'name="(\w+-(?:TOTAL|INITIAL)_FORMS)"', root.get(page).content.decode())
    root.post(page, {**fields, **dict.fromkeys(names, "0")})
    found = [entry.changes.get("groups") for entry in LogEntry.objects.get_for_object(ada)]
    assert [each for each in found if each and each["objects"] == ["Finance"]]


def test_an_entry_can_neither_be_changed_nor_deleted(root, card):
    audit.note(card, "Something")
    entry = LogEntry.objects.get()
    for path in (f"{AUDIT}add/", f"{AUDIT}{entry.pk}/delete/"):
        assert root.post(path).status_code == 403
    root.post(f"{AUDIT}{entry.pk}/change/", {"action": "2"})
    entry.refresh_from_db()
    assert entry.action == audit.DONE


def test_the_list_is_for_those_who_may_see_it(root, client_with, card):
    audit.note(card, "Something to see")
    assert b"Something to see" in root.get(AUDIT).content
    assert client_with("auditlog.view_logentry").get(AUDIT).status_code == 200
    assert client_with("rfid.view_rfidcard").get(AUDIT).status_code == 403
    assert client_with("rfid.view_rfidcard").get(f"{AUDIT}export/").status_code == 403


def test_the_list_is_filtered_by_who_what_and_which(root, card, station):
    audit.note(card, "Of a card")
    audit.note(station, "Of a station")
    page = root.get(f"{AUDIT}?of=rfid.rfidcard").content
    assert b"Of a card" in page
    assert b"Of a station" not in page
    assert b"Of a card" not in root.get(f"{AUDIT}?action=2").content
    nobody = User.objects.create_user("nobody")
    assert b"Of a card" not in root.get(f"{AUDIT}?actor__id__exact={nobody.pk}").content


def test_the_file_has_what_the_list_shows_and_calculates_nothing(root, card):
    audit.note(card, "=1+1")
    answer = root.get(f"{AUDIT}export/?of=rfid.rfidcard")
    text = b"".join(answer.streaming_content).decode()
    assert "'=1+1" in text
    assert text.splitlines()[0].startswith("id,at,who,address")


def test_an_object_has_its_history(root, card):
    audit.note(card, "Looked at closely")
    page = root.get(f"/admin/rfid/rfidcard/{card.pk}/history/")
    assert b"Looked at closely" in page.content


def test_a_history_is_for_those_who_may_see_the_object(client_with, card):
    address = f"/admin/rfid/rfidcard/{card.pk}/history/"
    assert client_with("stations.view_site").get(address).status_code == 403


def test_a_login_is_in_it(root):
    User.objects.create_user("ada", password="correct horse", is_staff=True)
    Client().post("/admin/login/", {"username": "ada", "password": "correct horse"})
    entry = LogEntry.objects.get(object_repr="ada")
    assert said(entry) == "Logged in"
    assert entry.actor.username == "ada"


def test_entries_are_forgotten_after_their_time(card):
    audit.note(card, "Long ago")
    audit.note(card, "Now")
    long_ago = timezone.now() - timedelta(days=4000)
    LogEntry.objects.filter(additional_data__said="Long ago").update(timestamp=long_ago)
    assert audit.forget(before=timezone.now() - timedelta(days=3650)) == 1
    assert said(LogEntry.objects.get()) == "Now"


def test_django_keeps_no_trail_of_its_own(root, card):
    from django.contrib.admin.models import LogEntry as DjangosEntry

    fields = {"id_tag": card.id_tag, "label": "Van 8", "status": "Active"}
    root.post(f"/admin/rfid/rfidcard/{card.pk}/change/", fields)
    assert not DjangosEntry.objects.exists()


def test_pages_nobody_edits_lead_to_their_history_where_the_trail_watches_them(root, station):
    now = timezone.now()
    batch = batches.create(title="Reset", asks=[Ask(station.pk, "Reset", {})], at=now)
    command = commands.request(station=station, action="ClearCache", payload={}, at=now)
    pages = [root.get(display.page(row)).content.decode() for row in (batch, command)]
    assert [f"/{batch.pk}/history/" in pages[0], "/history/" in pages[1]] == [True, False]
