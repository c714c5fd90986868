"""The pages of cards: tabs, use, numbers for whom may see them, unknown cards, enrolment."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.accounts.models import User
from rfid.models import CardChange, RfidCard
from rfid.services import cards
from stations.models import CardCapture, ReviewCase, Site, UnknownCard
from stations.services import captures, strangers
from tests.admin.dialogs import HTMX, address, press

LIST = "admin:rfid_rfidcard_changelist"
APPS = ("rfid", "stations")
VIEW = ("rfid.view_rfidcard", "stations.view_unknowncard", "stations.view_cardcapture")


@pytest.fixture
def unknown(station):
    """A card somebody tapped at CP-0001, twice."""
    for _ in range(2):
        strangers.unknown_card(station_id=station.pk, id_tag="04FFEE01", at=timezone.now())
    return UnknownCard.objects.get()


@pytest.fixture
def capture(station, root):
    """Root waits for a card at CP-0001."""
    root.post(
        reverse("admin:stations_cardcapture_wait"),
        {"token": uuid.uuid4(), "station": "cp-0001"},
        **HTMX,
    )
    return CardCapture.objects.get()


def text(response):
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.content.decode()))


def test_the_list_shows_numbers_in_groups_and_what_cards_were_used_for(session, root):
    page = root.get(reverse(LIST))
    assert "<i>04AA</i><i>BBCC</i>" in page.content.decode()
    assert "CP-0001" in text(page)
    assert "1 ×5.2 kWh" in text(page)


def test_who_may_not_see_numbers_sees_their_ends(card, client_with):
    client = client_with(*VIEW)
    for shown in (client.get(reverse(LIST)), client.get(address("change", card))):
        assert "••••BBCC" in text(shown)
        assert "04AA" not in shown.content.decode()


def test_who_may_not_see_numbers_cannot_guess_them_by_searching(card, client_with):
    client = client_with(*VIEW)
    found = {q: "••••BBCC" in text(client.get(reverse(LIST), {"q": q})) for q in ("04", "04aabbcc")}
    assert found == {"04": False, "04aabbcc": True}
    assert b"<option" not in client.get(reverse("admin:rfid_rfidcard_suggest"), {"q": "04"}).content


def test_tabs_count_and_show_their_cards(card, root):
    cards.create(id_tag="GONE", status="Blocked")
    cards.create(id_tag="SOON", valid_until=timezone.now() + timedelta(days=10))
    cards.create(id_tag="OVER", valid_until=timezone.now() - timedelta(days=1))
    tabs = re.findall(
        r"(All|Active|Blocked|Expiring in 30 days|Unknown) (\d+)", text(root.get(reverse(LIST)))
    )
    assert tabs[:5] == [
        ("All", "4"),
        ("Active", "2"),
        ("Blocked", "1"),
        ("Expiring in 30 days", "1"),
        ("Unknown", "0"),
    ]
    rows = root.get(reverse(LIST), {"tab": "expiring"}).context["cl"].result_list
    assert [row.id_tag for row in rows] == ["SOON"]


def test_a_blocked_card_tells_who_blocked_it_and_why(card, root):
    press_reason = {"token": uuid.uuid4()}
    refused = root.post(address("block", card), press_reason, **HTMX)
    assert "This field is required" in text(refused)
    press(root, "block", card, reason="lost at the fair")
    shown = text(root.get(address("change", card)))
    assert "lost at the fair" in shown
    change = CardChange.objects.get(kind="Blocked")
    assert (change.by_name, change.changes["status"]) == ("root", ["Active", "Blocked"])


def test_several_are_extended_with_a_reason(card, root):
    other = RfidCard.objects.create(id_tag="OTHER")
    chosen = {"action": "extend_selected", "_selected_action": [card.pk, other.pk]}
    assert "Extend 2 cards" in text(root.post(reverse(LIST), chosen))
    root.post(
        reverse(LIST),
        {**chosen, "confirmed": "1", "reason": "new contract", "valid_until": "2031-01-01T00:00"},
    )
    assert RfidCard.objects.filter(valid_until__year__gte=2030).count() == 2
    assert CardChange.objects.filter(kind="Extended", reason="new contract").count() == 2


def test_an_unknown_card_is_shown_with_where_and_how_often_and_adopted(unknown, root):
    shown = text(root.get(reverse("admin:stations_unknowncard_changelist")))
    assert "CP-0001 2" in shown
    assert "Unknown 1" in shown
    press(root, "adopt", unknown, label="Van 9", driver="ROOT", valid_until="2031-01-01")
    card = RfidCard.objects.get()
    assert (card.id_tag, card.label, card.user.username) == ("04FFEE01", "Van 9", "root")
    assert ReviewCase.objects.get().state == "Settled"
    assert CardChange.objects.get().kind == "Adopted"


def test_a_driver_nobody_knows_is_an_error_at_the_field(unknown, root):
    shown = press(root, "adopt", unknown, driver="nobody")
    assert "Nobody is called nobody." in shown
    assert not RfidCard.objects.exists()


def test_who_may_not_add_cards_adopts_none(unknown, client_with):
    client = client_with(*VIEW, "stations.settle_reviewcase")
    page = client.get(reverse("admin:stations_unknowncard_changelist"))
    assert b"data-dialog" not in page.content
    data = {"token": uuid.uuid4()}
    assert client.post(address("adopt", unknown), data).status_code == 403


def test_the_page_of_an_enrolment_waits_then_shows_the_card_and_adopts_it(capture, root, station):
    page = address("change", capture)
    assert "Present the card now at CP-0001" in text(root.get(page))
    captures.presented(station_id=station.pk, id_tag="04AB", card=None, at=timezone.now())
    live = root.get(address("live", capture))
    assert "04AB" in text(live)
    assert 'data-state="Captured"' in live.content.decode()
    press(root, "adopt", capture, label="Enrolled")
    assert RfidCard.objects.get().label == "Enrolled"
    assert "one of ours" in text(root.get(page))


def test_an_enrolment_is_cancelled(capture, root):
    press(root, "cancel", capture)
    assert "Cancelled" in text(root.get(address("change", capture)))


def test_one_enrols_at_a_station_that_is_there(offline, root):
    wait = reverse("admin:stations_cardcapture_wait")
    for name, said in (("NOBODY", "There is no station NOBODY."), ("CP-OFF", "is offline")):
        data = {"token": uuid.uuid4(), "station": name}
        assert said in root.post(wait, data, **HTMX).content.decode()
    assert not CardCapture.objects.exists()


def test_the_page_of_a_card_says_which_stations_have_acknowledged_it(card, root):
    assert "stands in no local list" in text(root.get(address("change", card)))
    live = root.get(reverse("admin:stations_locallist_cards_live"), {"cards": f"{card.pk},x"})
    assert live.status_code == 200


def test_who_is_limited_to_other_sites_sees_cards_and_no_stations(session, unknown, capture):
    limited = User.objects.create_user("limited", is_staff=True)
    limited.user_permissions.set(Permission.objects.filter(content_type__app_label__in=APPS))
    limited.sites.add(Site.objects.create(name="South"))
    client = Client()
    client.force_login(limited)
    shown = text(client.get(reverse(LIST)))
    assert "Van 7" in shown
    assert "CP-0001" not in shown
    assert "Unknown 0" in shown
    for row in (unknown, capture):
        assert client.get(address("change", row)).status_code == 302
    wait = {"token": uuid.uuid4(), "station": "CP-0001"}
    asked = client.post(reverse("admin:stations_cardcapture_wait"), wait, **HTMX)
    assert "There is no station CP-0001." in text(asked)
