"""Postings: what happened on accounts, newest first."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from billing.admin import words
from billing.models import Posting
from cms.shared import display
from cms.shared.admin import BigTableAdmin, ReadOnlyAdmin, RelatedFilter


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin, BigTableAdmin):
    """Rows the ledger wrote; nobody changes them."""

    list_display = ("booked", "of_account", "of_entry", "moved", "after", "reference")
    list_select_related = ("account", "entry")
    list_filter = (("account", RelatedFilter),)
    fields = (("booked", "of_account"), ("of_entry", "reference"), ("moved", "after"))

    @admin.display(description=lazy("Booked"))
    def booked(self, row: Posting) -> SafeString:
        """When."""
        return display.when(row.booked_at)

    @admin.display(description=lazy("Account"))
    def of_account(self, row: Posting) -> SafeString:
        """Where."""
        return display.link(row.account)

    @admin.display(description=lazy("Entry"))
    def of_entry(self, row: Posting) -> SafeString:
        """What happened."""
        return display.link(row.entry)

    @admin.display(description=lazy("Amount"))
    def moved(self, row: Posting) -> SafeString:
        """Above zero: a credit; below: a debit."""
        return words.amount(row.amount, row.account.currency)

    @admin.display(description=lazy("Balance after it"))
    def after(self, row: Posting) -> SafeString:
        """What the account had then."""
        return words.amount(row.balance_after, row.account.currency)

    @admin.display(description=lazy("Reference"))
    def reference(self, row: Posting) -> str | SafeString:
        """What it was for."""
        return row.entry.reference or display.NOTHING
