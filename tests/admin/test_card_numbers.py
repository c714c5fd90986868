"""Whole numbers of cards, known and unknown: on no page for whom may not see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.accounts.models import User
from cms.shared import audit
from ocpp_gateway.models import OcppMessage
from rfid.admin import numbers
from stations.models import ChargingSession, HappeningKind, Reservation, ReviewCase
from stations.services import happenings
from tests.admin.test_permissions import addresses

KNOWN, UNKNOWN = "04AABBCC", "DEADBEEF77"
LOG = "ocpp_gateway_ocppmessage"


@pytest.fixture
def everywhere(world, station, card, message):
    """Both numbers wherever stations, people and programs may leave them."""
    now = timezone.now()
    for tag, of in ((KNOWN, card), (UNKNOWN, None)):
        said = json.dumps([2, tag[::-1], "StartTransaction", {"connectorId": 1, "idTag": tag}])
        answered = json.dumps([3, tag[::-1], {"idTagInfo": {"parentIdTag": tag}}])
        more = {"station": station, "direction": "Received", "at": now, "message_id": tag[::-1]}
        kept = {"action": "StartTransaction", "response": answered, "latency_ms": 1}
        OcppMessage.objects.create(request=said, **kept, **more)
        OcppMessage.objects.create(request=said[:-3], **more)  # cut: no JSON
        connector = station.connectors.get(connector_id=1)
        ChargingSession.objects.create(
            station=station,
            connector=connector,
            card=of,
            id_tag=tag,
            stop_id_tag=tag,
            authorization="Accepted" if of else "Invalid",
            started_at=now,
            status="Inferred",
            needs_review=True,
            review_reasons=["NoStop"],
        )
        Reservation.objects.create(
            station=station,
            connector=connector,
            id_tag=tag,
            parent_id_tag=tag,
            status="Used",
            requested_at=now,
            expires_at=now,
        )
        ReviewCase.objects.create(
            kind="UnknownCard",
            subject=tag,
            id_tag=tag,
            station=station,
            evidence={"payload": {"idTag": tag}},
            changes={f"card {tag}": {"status": [None, "Active"]}},
            first_seen_at=now,
            last_seen_at=now,
        )
        happenings.note(
            HappeningKind.CARD_REFUSED, station_id=station.pk, at=now, detail=tag, outcome="Invalid"
        )
        audit.note(station, "Asked for RemoteStartTransaction", payload={"idTag": tag})
    stop = {"station": station, "id_tag": UNKNOWN, "status": "Orphaned", "stopped_at": now}
    ChargingSession.objects.create(stop_id_tag=UNKNOWN, **stop)
    entry = LogEntry.objects.log_create(card, force_log=True, action=0)
    LogEntry.objects.filter(pk=entry.pk).update(
        changes={"id_tag": ["None", KNOWN], "evidence": ["None", f'{{"idTag": "{UNKNOWN}"}}']}
    )
    return world


def reader(*without: str, role: str = "") -> Client:
    """Somebody of a role; or with all permissions but these."""
    user = User.objects.create_user(role or "nearly-all", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    else:
        codes = [name.partition(".")[2] for name in without]
        user.user_permissions.set(Permission.objects.exclude(codename__in=codes))
    client = Client()
    client.force_login(user)
    return client


def pages(world) -> Iterator[str]:
    """Every address of the admin: of each model with rows that hold a number, home, search."""
    yield from addresses(world)
    for kind in (ChargingSession, Reservation, ReviewCase, OcppMessage, LogEntry):
        name = f"admin:{kind._meta.app_label}_{kind._meta.model_name}"
        for pk in kind.objects.values_list("pk", flat=True):
            yield reverse(f"{name}_change", args=[pk])
            yield reverse(f"{name}_history", args=[pk])
            if kind is OcppMessage:
                yield reverse(f"{name}_payload", args=[pk])
    for pk in ReviewCase.objects.filter(kind="UnknownCard").values_list("pk", flat=True):
        yield reverse("admin:stations_reviewcase_adopt_card", args=[pk])
        yield reverse("admin:stations_unknowncard_adopt", args=[pk])
    for pk in ChargingSession.objects.values_list("pk", flat=True):
        yield reverse("admin:stations_chargingsession_story", args=[pk])
    yield reverse("admin:stations_reviewcase_changelist") + "?state=all"
    yield reverse("admin:index")
    yield reverse("home_part", args=["ticker"])


def body(response: Any) -> str:
    """What a page says, however it is sent, without the gaps in a number."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text = content.decode(errors="replace").upper()
    return text.replace("</I><I>", "")


def leaks(client: Client, world) -> set[str]:
    """The addresses whose pages say one of the numbers."""
    found = ((address, body(client.get(address))) for address in pages(world))
    return {address for address, text in found if KNOWN in text or UNKNOWN in text}


@pytest.mark.parametrize("role", ["Support", ""])
def test_who_may_not_see_numbers_finds_none_on_any_page(everywhere, role):
    assert leaks(reader(numbers.PERMISSION, role=role), everywhere) == set()


def test_who_may_see_them_does(everywhere):
    found = leaks(reader(role="Operator"), everywhere)
    for place in ("chargingsession", "reservation", "reviewcase", "unknowncard"):
        assert reverse(f"admin:stations_{place}_changelist") in found, place
    assert reverse("admin:rfid_rfidcard_changelist") in found
    assert {reverse(f"admin:{LOG}_{form}") for form in ("jsonl", "csv")} <= found
    payload = OcppMessage.objects.filter(action="").latest("pk")
    assert reverse(f"admin:{LOG}_payload", args=[payload.pk]) in found
    assert reverse("home_part", args=["ticker"]) in found


def test_an_auditor_sees_them_in_the_trail_too(everywhere):
    found = leaks(reader(role="Auditor"), everywhere)
    assert {reverse("admin:auditlog_logentry_changelist"), reverse("admin:audit_export")} <= found


@pytest.mark.parametrize("typed", [KNOWN[:4], KNOWN.lower()[:-1]])
def test_nobody_finds_numbers_out_by_typing(everywhere, typed):
    client = reader(numbers.PERMISSION)
    assert "VAN 7" not in body(client.get("/admin/search/", {"s": typed}))
    for kind in ("chargingsession", "reservation", "reviewcase", "unknowncard"):
        address = reverse(f"admin:stations_{kind}_changelist")
        page = client.get(address, {"q": typed})
        assert not page.context["cl"].result_list, kind


def test_one_who_knows_the_whole_number_finds_its_card(everywhere):
    found = body(reader(numbers.PERMISSION).get("/admin/search/", {"s": KNOWN.lower()}))
    assert "VAN 7" in found
    assert "••••BBCC" in found


@pytest.mark.parametrize(("without", "count"), [(numbers.PERMISSION, 0), ("x.nothing", 2)])
def test_texts_of_the_log_with_numbers_are_searched_by_whom_may_see_them(
    everywhere, station, without, count
):
    wanted = {"station__id__exact": station.pk, "text": UNKNOWN[:5]}
    page = reader(without).get(reverse(f"admin:{LOG}_changelist"), wanted)
    assert len(page.context["cl"].result_list) == count
