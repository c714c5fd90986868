"""Companies that pay for charging, and whose charging they pay."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy

from billing import selectors
from billing.admin.invoices import of_wallets
from billing.models import Company, Member
from cms.shared.admin import ModelAdmin, RelatedFilter


@admin.register(Company)
class CompanyAdmin(ModelAdmin):
    """Customers that are no persons; edited here."""

    list_display = ("name", "country", "tax_number", "email")
    search_fields = ("name__istartswith",)
    search_help_text = lazy("Name begins with …")
    change_form_outer_after_template = "admin/billing/invoices.html"

    def around(self, request: HttpRequest, company: Company) -> dict[str, Any]:
        """With its last invoices below."""
        if not request.user.has_perm("billing.view_invoice"):
            return {}
        address = reverse("admin:billing_invoice_changelist")
        return {
            **of_wallets(selectors.wallets_of(company=company)),
            "all_invoices_url": f"{address}?wallet__company__id__exact={company.pk}",
        }


@admin.register(Member)
class MemberAdmin(ModelAdmin):
    """Who charges at a company's expense."""

    list_display = ("user", "company")
    list_select_related = ("user", "company")
    list_filter = (("company", RelatedFilter),)
    autocomplete_fields = ("company", "user")
    search_fields = ("user__username__istartswith", "company__name__istartswith")
    search_help_text = lazy("User or company begins with …")
