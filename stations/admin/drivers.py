"""Who charges: a card and its driver, shown to whom may see them, found by what one types."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import scoping
from rfid.admin import numbers
from rfid.models import CardStatus, RfidCard, masked
from stations.models import ChargingSession

_SUGGESTED = 10
_MOST = 5  # cards of one name that are told apart


def number(user: Any, id_tag: str) -> str:
    """An id tag, or as much of it as ``user`` may see."""
    return id_tag if numbers.may_see(user) else masked(id_tag)


def of_session(user: Any, session: ChargingSession) -> SafeString:
    """Who charges: the card's label or driver where ``user`` may see cards, and its number.

    The session comes with its card and the card's user at hand.
    """
    shown = number(user, session.id_tag)
    who = name(session.card) if session.card and user.has_perm("rfid.view_rfidcard") else ""
    return format_html("{} <small>{}</small>", who, shown) if who else format_html("{}", shown)


def name(card: RfidCard) -> str:
    """The driver and the label, as far as there are any."""
    driver = str(card.user.get_full_name() or card.user.get_username()) if card.user else ""
    return " · ".join(filter(None, [driver, card.label]))


def suggested(request: HttpRequest, typed: str) -> list[tuple[str, str]]:
    """Cards that charge whose number, label or driver begins with ``typed``: value and words."""
    if not typed or not request.user.has_perm("rfid.view_rfidcard"):
        return []
    begins = Q(label__istartswith=typed) | _driver("istartswith", typed)
    if numbers.may_see(request.user):
        begins |= Q(id_tag__istartswith=typed)
    own = scoping.visible(request.user, RfidCard.objects.select_related("user"))
    rows = own.filter(begins, status=CardStatus.ACTIVE)
    return [(_value(request.user, card), name(card)) for card in rows[:_SUGGESTED]]


def meant(user: Any, typed: str) -> RfidCard | None:
    """The card that ``typed`` names: by its number, else its label or driver; None: nobody's.

    Raises forms.ValidationError where it could be one of several.
    """
    by_tag = RfidCard.objects.with_tag(typed).select_related("user", "group").first()
    if by_tag is not None:
        return by_tag
    named = Q(label__iexact=typed) | _driver("iexact", typed)
    if typed.startswith("#") and typed[1:].isascii() and typed[1:].isdigit():
        named = Q(pk=int(typed[1:19]))
    rows = scoping.visible(user, RfidCard.objects.select_related("user", "group"))
    found = list(rows.filter(named)[:_MOST])
    if len(found) > 1:
        found = [card for card in found if card.status == CardStatus.ACTIVE] or found
    if len(found) > 1:
        cards = ", ".join(_value(user, card) for card in found)
        text = _("There are several cards of this name: %(cards)s. Choose one.")
        raise forms.ValidationError(text % {"cards": cards})
    return found[0] if found else None


def _value(user: Any, card: RfidCard) -> str:
    """What stands for a card in a field: its number, else the row's, which tells nothing."""
    return card.id_tag if numbers.may_see(user) else f"#{card.pk}"


def _driver(how: str, typed: str) -> Q:
    found = Q()
    for field in ("username", "first_name", "last_name", "email"):
        found |= Q(**{f"user__{field}__{how}": typed})
    first, _space, last = typed.partition(" ")
    if last:
        found |= Q(user__first_name__iexact=first, **{f"user__last_name__{how}": last})
    return found
