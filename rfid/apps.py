"""RFID cards as a Django app."""

from __future__ import annotations

from django.apps import AppConfig

from cms.shared import scoping


class RfidConfig(AppConfig):
    """Cards and card groups."""

    name = "rfid"
    verbose_name = "RFID cards"

    def ready(self) -> None:
        """Say that cards are of no site: they charge at all of them."""
        from rfid.models import RfidCard

        cards = ("RfidCard", "CardChange", "CardGroup", "CardImport", "CardImportProblem")
        scoping.declare(self.label, dict.fromkeys((*cards, "CardRevision"), scoping.everybody))
        scoping.declare_names({"tag_id": lambda _, tag: RfidCard.objects.all()})  # whichever it is
