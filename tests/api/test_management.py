"""The management commands that set the API up."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from cms.accounts.models import ApiKey
from rfid.models import RfidCard
from rfid.services import cards


def create_api_key(*options: str) -> tuple[str, str]:
    """What it prints, on standard output and beside it."""
    out, beside = StringIO(), StringIO()
    call_command("create_api_key", "--name", "robot", *options, stdout=out, stderr=beside)
    return out.getvalue(), beside.getvalue()


def test_a_key_is_printed_alone_and_opens_the_api(user):
    key, beside = create_api_key("--user", "ada", "--scopes", "read,write")
    assert APIClient().get("/api/rfid", HTTP_X_API_KEY=key.strip()).status_code == 200
    assert key.strip() not in beside
    assert ApiKey.objects.get().scopes == ["read", "write"]
    assert ApiKey.objects.get().expires_at is None


def test_a_key_may_only_read_unless_more_is_said(user):
    create_api_key("--user", "ada")
    assert ApiKey.objects.get().scopes == ["read"]


def test_a_key_may_end(user):
    create_api_key("--user", "ada", "--expires-days", "30")
    key = ApiKey.objects.get()
    assert key.expires_at == key.created_at + timedelta(days=30)


@pytest.mark.parametrize(
    "options",
    [
        ("--user", "nobody"),
        ("--user", "ada", "--scopes", "read,fly"),
        ("--user", "ada", "--scopes", ""),
        ("--user", "ada", "--expires-days", "0"),
    ],
)
def test_what_makes_no_sense_makes_no_key(user, options):
    with pytest.raises(CommandError):
        create_api_key(*options)
    assert not ApiKey.objects.exists()


@pytest.mark.django_db
def test_the_three_test_cards_are_made_once():
    for _ in range(2):
        call_command("setup_rfid", stdout=StringIO())
    found = RfidCard.objects.values_list("id_tag", "status")
    assert list(found) == [(f"RFID_00{n}", "Active") for n in (1, 2, 3)]


@pytest.mark.django_db
def test_a_blocked_test_card_is_made_active_again():
    cards.block(card=cards.create(id_tag="rfid_002"))
    call_command("setup_rfid", stdout=StringIO())
    assert RfidCard.objects.count() == 3
    assert not RfidCard.objects.exclude(status="Active").exists()
