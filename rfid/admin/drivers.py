"""Whose a card is, as people type it: a user name, an e-mail address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_MOST = 10


def named(user: Any) -> str:
    """What somebody is called."""
    return str(user.get_full_name() or user.get_username())


def suggested(typed: str) -> list[tuple[str, str]]:
    """People whose user name or e-mail address begins like that: what is typed, and their name."""
    if not typed:
        return []
    begins = Q(username__istartswith=typed) | Q(email__istartswith=typed)
    found = get_user_model().objects.filter(begins, is_active=True).order_by("username")
    return [(user.get_username(), named(user)) for user in found[:_MOST]]


def found(text: str) -> Any:
    """The person with this user name or e-mail address. Raises ValidationError: nobody, or two."""
    people = get_user_model().objects
    exact = people.filter(username=text).first()
    if exact is not None:
        return exact
    others = list(people.filter(Q(username__iexact=text) | Q(email__iexact=text))[:2])
    if not others:
        raise forms.ValidationError(_("Nobody is called %(name)s.") % {"name": text})
    if len(others) > 1:
        raise forms.ValidationError(
            _("Several people are called %(name)s: give the user name.") % {"name": text}
        )
    return others[0]


class DriverField(forms.CharField):
    """A text field that gives a user, or None."""

    def __init__(self, **kwargs: Any) -> None:
        own = {
            "label": gettext_lazy("Driver"),
            "help_text": gettext_lazy("User name or e-mail address"),
            "max_length": 254,
            "required": False,
        }
        super().__init__(**{**own, **kwargs})

    def clean(self, value: Any) -> Any:
        """The user. Raises ValidationError for nobody."""
        text = super().clean(value)
        return found(text) if text else None
