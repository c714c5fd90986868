"""``manage.py setup_rfid``: the three test cards of the prior gateway, active."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from rfid.models import CardStatus
from rfid.services import cards

ID_TAGS = ("RFID_001", "RFID_002", "RFID_003")


class Command(BaseCommand):
    """Makes the test cards."""

    help = f"Make the test cards {', '.join(ID_TAGS)}, or make them active again."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing, activate what is blocked."""
        for id_tag in ID_TAGS:
            card = cards.find(id_tag)
            if card is None:
                cards.create(id_tag=id_tag, label="Test card")
            elif card.status != CardStatus.ACTIVE:
                cards.activate(card=card)
        self.stdout.write(f"Active: {', '.join(ID_TAGS)}")
