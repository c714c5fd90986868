"""Cards, users and API keys: made, described, blocked, revoked."""

from __future__ import annotations

import re
from typing import Any

from django.urls import reverse
from django.utils import timezone

from cms.accounts import keys
from cms.accounts.models import ApiKey, User
from cms.shared import audit
from rfid.models import CardStatus, RfidCard
from tests.admin.dialogs import HTMX

TOKEN = {"token": "00000000-0000-0000-0000-000000000000"}


def page(name: str, *args: Any) -> str:
    """The address of a page."""
    return reverse(f"admin:{name}", args=args)


def test_a_card_is_added_once_whatever_its_letters(card, root):
    data = {"label": "", "id_tag": "04aabbcc", "valid_from_0": "", "valid_from_1": ""}
    data |= {"valid_until_0": "", "valid_until_1": ""}
    response = root.post(page("rfid_rfidcard_add"), data)
    assert "A card with this id tag exists already." in response.content.decode()
    root.post(page("rfid_rfidcard_add"), {**data, "id_tag": "NEW1"})
    assert RfidCard.objects.get(id_tag="NEW1").status == CardStatus.ACTIVE


def test_a_card_is_blocked_with_its_reason_and_activated_again(card, root):
    shown = root.post(page("rfid_rfidcard_block", card.pk), {**TOKEN, "reason": "lost"}, **HTMX)
    assert shown["HX-Redirect"] == page("rfid_rfidcard_change", card.pk)
    card.refresh_from_db()
    assert (card.status, card.status_reason) == (CardStatus.BLOCKED, "lost")
    assert "lost" in root.get(page("rfid_rfidcard_activate", card.pk)).content.decode()
    root.post(page("rfid_rfidcard_activate", card.pk), {**TOKEN, "reason": "found"})
    card.refresh_from_db()
    assert (card.status, card.status_reason) == (CardStatus.ACTIVE, "")
    assert audit.of(card).filter(action=audit.DONE).count() == 2


def test_describing_a_card_does_not_unblock_it(card, root):
    RfidCard.objects.update(status=CardStatus.BLOCKED)
    data = {"label": "Van 8", "id_tag": "OTHER", "status": "Active", "valid_from_0": ""}
    data |= {"valid_from_1": "", "valid_until_0": "", "valid_until_1": ""}
    root.post(page("rfid_rfidcard_change", card.pk), data)
    card.refresh_from_db()
    assert (card.label, card.id_tag, card.status) == ("Van 8", "04AABBCC", CardStatus.BLOCKED)


def test_several_cards_are_blocked_after_one_more_question(card, root):
    other = RfidCard.objects.create(id_tag="OTHER")
    chosen = {"action": "block_selected", "_selected_action": [card.pk, other.pk]}
    asked = root.post(page("rfid_rfidcard_changelist"), chosen)
    assert "Block 2 cards" in asked.content.decode()
    assert not RfidCard.objects.filter(status=CardStatus.BLOCKED).exists()
    confirmed = {**chosen, "confirmed": "1", "reason": "contract ended"}
    root.post(page("rfid_rfidcard_changelist"), confirmed)
    assert RfidCard.objects.filter(status_reason="contract ended").count() == 2


def test_a_bulk_action_never_takes_everything_that_matches(card, root):
    chosen = {"action": "activate_selected", "_selected_action": [card.pk], "select_across": "1"}
    RfidCard.objects.update(status=CardStatus.BLOCKED)
    response = root.post(page("rfid_rfidcard_changelist"), {**chosen, "index": "0"}, follow=True)
    assert "Select the rows of one page." in response.content.decode()
    assert RfidCard.objects.get().status == CardStatus.BLOCKED


def test_a_bulk_action_needs_its_permission(card, client_with):
    client = client_with("rfid.view_rfidcard")
    chosen = {"action": "activate_selected", "_selected_action": [card.pk], "index": "0"}
    RfidCard.objects.update(status=CardStatus.BLOCKED)
    client.post(page("rfid_rfidcard_changelist"), chosen)
    assert RfidCard.objects.get().status == CardStatus.BLOCKED


def test_cards_are_suggested_by_tag_and_label(card, root):
    RfidCard.objects.create(id_tag="04BLOCKED", status=CardStatus.BLOCKED)
    for typed in ("04a", "van"):
        found = root.get(page("rfid_rfidcard_suggest"), {"q": typed}).content.decode()
        assert found.count("<option") == 1
        assert 'value="04AABBCC"' in found
    assert not root.get(page("rfid_rfidcard_suggest"), {"q": " "}).content.strip()


def test_an_api_key_is_shown_once_and_works(root):
    user = User.objects.get()
    data = {"name": "App", "user": user.pk, "scopes": ["read", "control"]}
    data |= {"expires_at_0": "", "expires_at_1": ""}
    response = root.post(page("accounts_apikey_add"), data)
    secret = re.search(r'id="secret" tabindex="0">([^<]+)<', response.content.decode())
    assert secret
    assert "no-store" in response["Cache-Control"]
    assert keys.find(secret[1], at=timezone.now()) == ApiKey.objects.get()
    later = root.get(page("accounts_apikey_change", ApiKey.objects.get().pk)).content.decode()
    assert secret[1] not in later
    assert ApiKey.objects.get().hashed_key not in later


def test_an_api_key_is_made_for_others_only_by_superusers(root, client_with):
    client = client_with("accounts.add_apikey", "accounts.view_apikey")
    data = {"name": "App", "user": User.objects.get(username="root").pk, "scopes": ["read"]}
    data |= {"expires_at_0": "", "expires_at_1": ""}
    response = client.post(page("accounts_apikey_add"), data)
    assert "not one of the available choices" in response.content.decode()
    assert not ApiKey.objects.exists()
    own = User.objects.get(username__startswith="staff")
    client.post(page("accounts_apikey_add"), {**data, "user": own.pk})
    assert ApiKey.objects.get().user == own


def test_an_api_key_is_revoked_for_good(root):
    key, secret = keys.create(
        name="App", user=User.objects.get(), scopes=["read"], at=timezone.now()
    )
    root.post(page("accounts_apikey_revoke", key.pk), TOKEN)
    assert keys.find(secret, at=timezone.now()) is None
    page_of_key = root.get(page("accounts_apikey_change", key.pk)).content.decode()
    assert "Revoked" in page_of_key


def test_a_user_is_added_and_changed(root):
    data = {"username": "anna", "usable_password": "true"}
    data |= {"password1": "Xk29-ladestation", "password2": "Xk29-ladestation"}
    response = root.post(page("accounts_user_add"), data)
    assert response.status_code == 302
    assert User.objects.get(username="anna").check_password("Xk29-ladestation")


def test_the_address_of_a_user_is_written_on_their_page(root):
    user = User.objects.create_user("anna")
    page_of_user = root.get(page("accounts_user_change", user.pk)).content.decode()
    for name in ("phone", "country", "state", "address", "unit", "city", "postal_code"):
        assert f'name="{name}"' in page_of_user
