"""Accounts: the list, and a page with the last postings; a wallet's page has its dialogs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from billing import selectors
from billing.admin import words
from billing.admin.wallet_dialogs import WalletActions, is_wallet
from billing.models import Account
from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, RelatedFilter

_LAST = 25


@admin.register(Account)
class AccountAdmin(WalletActions, BigTableAdmin):
    """Where money is; balances are written by postings alone."""

    list_display = ("title", "what", "customer", "has", "terms_shown", "opened")
    list_display_links = ("title",)
    list_select_related = ("user", "company")
    list_filter = (("kind", ChoiceFilter), ("company", RelatedFilter))
    search_fields = (
        "code__istartswith",
        "user__username__istartswith",
        "company__name__istartswith",
    )
    search_help_text = "Code, user or company begins with …"
    actions = None
    actions_list = ["open_wallet"]
    actions_detail = ["top_up", "pay_out", "terms"]
    change_form_outer_after_template = "admin/billing/lines.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("title", "what"),
                    ("code", "currency"),
                    ("customer", "opened"),
                    ("has", "may_spend"),
                    ("held", "owed"),
                    ("terms_shown", "limit"),
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: wallets are opened in a dialog, ours are made when first booked on."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: postings change balances, a dialog changes terms."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody."""
        return False

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only wallets have any."""
        account = self.get_object(request, str(object_id))
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return actions if is_wallet(account) else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The facts, with the last postings below."""
        account = self.get_object(request, object_id)
        shown: dict[str, Any] = {}
        if account and request.user.has_perm("billing.view_posting"):
            address = reverse("admin:billing_posting_changelist")
            shown = {
                "lines": words.lines(selectors.postings(account)[:_LAST]),
                "all_url": f"{address}?account__id__exact={account.pk}",
            }
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    @admin.display(description="Account")
    def title(self, row: Account) -> str:
        """Its name."""
        return row.name

    @admin.display(description="Kind")
    def what(self, row: Account) -> SafeString:
        """What it is for."""
        return words.kind(row)

    @admin.display(description="Customer")
    def customer(self, row: Account) -> SafeString:
        """Whose it is; nobody's where it is ours."""
        return display.link(row.company or row.user)

    @admin.display(description="Balance")
    def has(self, row: Account) -> SafeString:
        """What it has."""
        return words.balance(row)

    @admin.display(description="Available")
    def may_spend(self, row: Account) -> SafeString:
        """With the credit limit."""
        return words.amount(row.available, row.currency) if is_wallet(row) else display.NOTHING

    @admin.display(description="Held for sessions")
    def held(self, row: Account) -> SafeString:
        """Of a wallet."""
        if not is_wallet(row):
            return display.NOTHING
        return words.amount(selectors.sides(row).held, row.currency)

    @admin.display(description="Owed")
    def owed(self, row: Account) -> SafeString:
        """By a wallet's customer."""
        if not is_wallet(row):
            return display.NOTHING
        return words.amount(selectors.sides(row).owed, row.currency)

    @admin.display(description="Terms")
    def terms_shown(self, row: Account) -> str | SafeString:
        """Of a wallet: prepaid or postpaid."""
        return row.get_policy_display() if is_wallet(row) else display.NOTHING

    @admin.display(description="Credit limit")
    def limit(self, row: Account) -> SafeString:
        """Of a wallet."""
        return words.amount(row.credit_limit, row.currency) if is_wallet(row) else display.NOTHING

    @admin.display(description="Opened")
    def opened(self, row: Account) -> SafeString:
        """When."""
        return display.when(row.opened_at)
