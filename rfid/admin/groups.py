"""Card groups: cards that may act for each other."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared.admin import ModelAdmin
from rfid.models import CardGroup
from rfid.services import groups


@admin.register(CardGroup)
class CardGroupAdmin(ModelAdmin):
    """Cards that may act for each other."""

    list_display = ("name", "parent_id_tag", "members")
    search_fields = ("name__istartswith", "parent_id_tag__istartswith")
    search_help_text = gettext_lazy("Name or parent id tag begins with …")
    fields = ("name", "parent_id_tag")

    def save_model(self, request: HttpRequest, obj: CardGroup, form: Any, change: bool) -> None:
        """Add a group, or change it."""
        groups.save(group=obj)

    def delete_model(self, request: HttpRequest, obj: CardGroup) -> None:
        """Forget a group."""
        groups.delete(group=obj)

    @admin.display(description=gettext_lazy("Cards"))
    def members(self, group: CardGroup) -> SafeString:
        """A link to its cards."""
        address = f"{reverse('admin:rfid_rfidcard_changelist')}?group__id__exact={group.pk}"
        return format_html('<a class="vd-link" href="{}">{}</a>', address, _("Show"))
