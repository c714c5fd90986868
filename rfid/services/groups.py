"""Card groups: cards that may act for each other (parentIdTag, OCPP 1.6 section 3.5)."""

from __future__ import annotations

from django.db import transaction

from rfid.models import CardGroup
from rfid.services import revisions


@transaction.atomic
def save(*, group: CardGroup) -> CardGroup:
    """Add ``group``, or change it as it stands."""
    revisions.grow()
    group.save()
    return group


@transaction.atomic
def delete(*, group: CardGroup) -> None:
    """Forget ``group``; its cards stay, each for itself."""
    revisions.grow()
    group.delete()
