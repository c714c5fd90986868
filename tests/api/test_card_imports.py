"""/api/rfid-imports: many cards at once, good rows in, wrong ones named."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from rfid.models import CardGroup, RfidCard

PATH = "/api/rfid-imports"


def test_good_rows_come_in_and_wrong_ones_are_named(api: APIClient, user):
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    rows = [
        {"tagId": "04:aa:00:01", "label": "Van", "group": "fleet", "driver": user.username},
        {"label": "nothing"},
        {"tagId": "0x04AA0002", "status": "blocked", "reason": "lost"},
    ]
    found = api.post(PATH, {"rows": rows}, format="json").json()
    assert {k: found[k] for k in ("added", "changed", "skipped", "wrong")} == {
        "added": 2,
        "changed": 0,
        "skipped": 0,
        "wrong": 1,
    }
    assert [(each["row"], each["field"]) for each in found["problems"]] == [(2, "tagId")]
    first, second = RfidCard.objects.order_by("pk")
    assert (first.id_tag, first.group, first.user) == ("04AA0001", group, user)
    assert (second.status, second.status_reason) == ("Blocked", "lost")


def test_a_dry_run_changes_nothing_and_a_repeat_is_skipped(api: APIClient):
    body: dict[str, Any] = {"rows": [{"tagId": "C3B2A104"}], "reversed": True}
    assert api.post(PATH, {**body, "dryRun": True}, format="json").json()["added"] == 1
    assert not RfidCard.objects.exists()
    api.post(PATH, body, format="json")
    assert RfidCard.objects.get().id_tag == "04A1B2C3"
    assert api.post(PATH, body, format="json").json()["skipped"] == 1


def test_what_is_no_list_of_cards_is_refused(api: APIClient, reader):
    bodies: tuple[dict[str, Any], ...] = (
        {},
        {"rows": []},
        {"rows": "x"},
        {"rows": [{"tagId": ["x"]}]},
    )
    for body in bodies:
        assert api.post(PATH, body, format="json").status_code == 400
    assert reader.post(PATH, {"rows": [{"tagId": "A"}]}, format="json").status_code == 403
