"""What services refuse, as people read it in dialogs: in their language, and stored in English."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django.utils.translation import override

from rfid.models import RfidCard
from stations.models import ChargingStation, Command
from stations.services import batches
from tests.admin.dialogs import press


@pytest.fixture
def german(root):
    """A superuser whose browser asks for German."""
    root.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return root


def rejected(station):
    ChargingStation.objects.filter(pk=station.pk).update(registration="Rejected")
    return station


def test_a_reset_that_is_refused_says_so_in_the_readers_language(german, station):
    shown = press(german, "reset", rejected(station), kind="Soft")
    assert "Die Registrierung von CP-0001 ist „Abgelehnt“" in shown
    assert "is registered as" not in shown
    assert not Command.objects.exists()


def test_a_cache_that_is_not_cleared_says_why_in_the_readers_language(german, station):
    shown = press(german, "clear_cache", rejected(station))
    assert "Die Registrierung von CP-0001 ist „Abgelehnt“" in shown
    assert not Command.objects.exists()


def test_what_a_batch_could_not_ask_is_kept_in_english(station):
    ask = batches.Ask(station.pk, "Reset", {"type": "Soft"})
    batch = batches.create(title="Reset", asks=[ask], at=timezone.now())
    rejected(station)
    with override("de"):  # as where whoever asked for it also does the work
        batches.advance(at=timezone.now())
    assert batch.items.get().detail == "CP-0001 is registered as Rejected"


def test_a_card_whose_number_is_taken_is_refused_in_the_readers_language(german, card):
    page = german.post(
        "/admin/rfid/rfidcard/add/", {"id_tag": card.id_tag.lower(), "status": "Active"}
    )
    assert "Eine Karte mit diesem idTag gibt es schon." in page.content.decode()
    assert RfidCard.objects.count() == 1
