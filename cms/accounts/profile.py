"""What the system knows of a person besides their login: how to reach them, and their address.

All of it stands in the row of the user: ``name`` is ``first_name`` and ``last_name`` together,
``email`` is Django's own; ``phone``, ``country``, ``state``, ``address``, ``unit``, ``city`` and
``postal_code`` (apps call it ``zip``) are added here. They are written by ``people.change``.
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

ADDRESS = ("phone", "address", "unit", "postal_code", "city", "state", "country")
_phone = RegexValidator(r"^\+?[0-9][0-9 ()/.-]{3,29}$", _("Digits, such as +49 30 1234567."))


class Profile(models.Model):
    """Of a user: everything may be empty. A country is a word or a code, as people write it."""

    phone = models.CharField(_("telephone"), max_length=30, blank=True, validators=[_phone])
    country = models.CharField(_("country"), max_length=100, blank=True)
    state = models.CharField(_("state or region"), max_length=100, blank=True)
    address = models.CharField(_("street and number"), max_length=200, blank=True)
    unit = models.CharField(_("flat or unit"), max_length=50, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        """First and last name, with one space between."""
        return f"{getattr(self, 'first_name', '')} {getattr(self, 'last_name', '')}".strip()
