"""Companies that pay for charging, and whose charging they pay."""

from __future__ import annotations

from django.contrib import admin

from billing.models import Company, Member
from cms.shared.admin import ModelAdmin, RelatedFilter


@admin.register(Company)
class CompanyAdmin(ModelAdmin):
    """Customers that are no persons; edited here."""

    list_display = ("name", "country", "tax_number", "email")
    search_fields = ("name__istartswith",)
    search_help_text = "Name begins with …"


@admin.register(Member)
class MemberAdmin(ModelAdmin):
    """Who charges at a company's expense."""

    list_display = ("user", "company")
    list_select_related = ("user", "company")
    list_filter = (("company", RelatedFilter),)
    autocomplete_fields = ("company", "user")
    search_fields = ("user__username__istartswith", "company__name__istartswith")
    search_help_text = "User or company begins with …"
