"""The revision of the cards: a number that grows with every change of a card or a group."""

from __future__ import annotations

from django.db.models import F

from rfid.models import CardRevision

_THE_ONE = 1


def grow() -> None:
    """Say that cards or groups are other ones now, first in the transaction that makes them so.

    Whoever changes any holds this one row until they commit: so nobody sees the number of a change
    without the change, and changes made at the same time cannot lock each other out.
    """
    if not CardRevision.objects.filter(pk=_THE_ONE).update(number=F("number") + 1):
        CardRevision.objects.get_or_create(pk=_THE_ONE, defaults={"number": 1})


def current() -> int:
    """The revision now: the same number, the same cards and groups."""
    return CardRevision.objects.filter(pk=_THE_ONE).values_list("number", flat=True).first() or 0
