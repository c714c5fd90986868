"""What permissions are called, in the language of whoever hands them out.

Their names are stored once, in English, when the database is migrated.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.utils.translation import gettext, pgettext_lazy

_DEEDS = {
    "add": pgettext_lazy("permission", "add"),
    "change": pgettext_lazy("permission", "change"),
    "delete": pgettext_lazy("permission", "delete"),
    "view": pgettext_lazy("permission", "view"),
}


def label(permission: Any) -> str:
    """What it is for, and what it allows: "Billing | tariff | view"."""
    kind = permission.content_type
    deed, _, model = permission.codename.partition("_")
    what = _DEEDS[deed] if model == kind.model and deed in _DEEDS else gettext(permission.name)
    return f"{kind} | {what}"


class NamedPowers:
    """Of an admin: lets people choose permissions by these names."""

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """The field, with names people can read."""
        parent: Any = super()
        field = parent.formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.remote_field.model is Permission:
            field.label_from_instance = label
        return field
