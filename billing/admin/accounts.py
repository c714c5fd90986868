"""Accounts: the list, and a page with the last postings; a wallet's page has its dialogs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as lazy

from billing import selectors
from billing.admin import wallet_papers, words
from billing.admin.correcting import waiting
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
    search_help_text = lazy("Code, user or company begins with …")
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
                    ("papers", "statements"),
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

    def get_urls(self) -> list[Any]:
        """Plus the statement of a month."""
        view = self.admin_site.admin_view(self.statement)
        address = path("<int:pk>/statement/", view, name="billing_account_statement")
        return [address, *super().get_urls()]

    def statement(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A wallet's, as PDF."""
        return wallet_papers.statement(request, self.found(request, str(pk)))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only wallets have any."""
        account = self.get_object(request, str(object_id))
        actions: list[Any] = super().get_actions_detail(request, object_id)
        return actions if is_wallet(account) else []

    def around(self, request: HttpRequest, account: Account) -> dict[str, Any]:
        """The facts, with the last postings below, and what waits for another person."""
        waits = {"waiting": waiting(request, about=f"wallet/{account.pk}")}
        if not request.user.has_perm("billing.view_posting"):
            return waits
        address = reverse("admin:billing_posting_changelist")
        return {
            "lines": words.lines(selectors.postings(account)[:_LAST]),
            "all_url": f"{address}?account__id__exact={account.pk}",
            **waits,
        }

    @admin.display(description=lazy("Account"))
    def title(self, row: Account) -> str:
        """Its name."""
        return row.name

    @admin.display(description=lazy("Kind"))
    def what(self, row: Account) -> SafeString:
        """What it is for."""
        return words.kind(row)

    @admin.display(description=lazy("Customer"))
    def customer(self, row: Account) -> SafeString:
        """Whose it is; nobody's where it is ours."""
        return display.link(row.company or row.user)

    @admin.display(description=lazy("Balance"))
    def has(self, row: Account) -> SafeString:
        """What it has."""
        return words.balance(row)

    @admin.display(description=lazy("Available"))
    def may_spend(self, row: Account) -> SafeString:
        """With the credit limit."""
        return words.amount(row.available, row.currency) if is_wallet(row) else display.NOTHING

    @admin.display(description=lazy("Held for sessions"))
    def held(self, row: Account) -> SafeString:
        """Of a wallet."""
        if not is_wallet(row):
            return display.NOTHING
        return words.amount(selectors.sides(row).held, row.currency)

    @admin.display(description=lazy("Owed"))
    def owed(self, row: Account) -> SafeString:
        """By a wallet's customer."""
        if not is_wallet(row):
            return display.NOTHING
        return words.amount(selectors.sides(row).owed, row.currency)

    @admin.display(description=lazy("Terms"))
    def terms_shown(self, row: Account) -> str | SafeString:
        """Of a wallet: prepaid or postpaid."""
        return row.get_policy_display() if is_wallet(row) else display.NOTHING

    @admin.display(description=lazy("Credit limit"))
    def limit(self, row: Account) -> SafeString:
        """Of a wallet."""
        return words.amount(row.credit_limit, row.currency) if is_wallet(row) else display.NOTHING

    @admin.display(description=lazy("Invoices"))
    def papers(self, row: Account) -> SafeString:
        """Of a wallet: where they are listed."""
        return wallet_papers.invoices_of(row) if is_wallet(row) else display.NOTHING

    @admin.display(description=lazy("Statements"))
    def statements(self, row: Account) -> SafeString:
        """Of a wallet: the last months."""
        return wallet_papers.statements_of(row) if is_wallet(row) else display.NOTHING

    @admin.display(description=lazy("Opened"))
    def opened(self, row: Account) -> SafeString:
        """When."""
        return display.when(row.opened_at)
