"""Payments in the admin: the list, a page with what happened, and dialogs that act on them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import words
from billing.admin.correcting import waiting
from billing.admin.payment_dialogs import PaymentActions
from billing.models import Payment, PaymentPurpose, PaymentState, RefundState
from billing.payments.registry import NAMES
from cms.shared import display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, FixedFilter

_LAST = 50


class ProviderFilter(FixedFilter):
    """By who takes the money."""

    title = lazy("provider")
    parameter_name = "provider"
    options = tuple((name, name.title()) for name in NAMES)


class AttentionFilter(FixedFilter):
    """Those that somebody should look at."""

    title = lazy("attention")
    parameter_name = "attention"
    options = (("1", lazy("Needs attention")),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """With an error text."""
        return queryset.exclude(error="") if self.value() else queryset


@admin.register(Payment)
class PaymentAdmin(PaymentActions, BigTableAdmin):
    """What customers paid, and what waits for a provider."""

    list_display = ("number", "status", "pays", "payer", "total", "took", "by", "asked_ago")
    list_display_links = ("number",)
    list_select_related = ("wallet", "session")
    list_filter = (
        ("state", ChoiceFilter),
        ("purpose", ChoiceFilter),
        ProviderFilter,
        AttentionFilter,
    )
    search_fields = ("id",)
    search_help_text = lazy("Number, session/4711, reference, or the provider's name for it")
    actions = None
    actions_list = ["record_cash"]
    actions_detail = ["refund", "try_again", "cancel", "settle"]
    change_form_outer_after_template = "admin/billing/payment.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("status", "pays"),
                    ("total", "took"),
                    ("payer", "requested_by"),
                    ("by", "provider_name"),
                    ("asked", "next_try"),
                    ("reference", "of_entry"),
                    ("problem",),
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: dialogs and customers begin them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: what happens changes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        """By number, session, reference or the provider's name, each whole."""
        text = search_term.strip()
        if not text:
            return queryset, False
        wanted = Q(provider_ref=text) | Q(reference=text)
        for field, number in (("pk", text), ("session", text.removeprefix("session/"))):
            if number.isascii() and number.isdigit() and len(number) < 10:
                wanted |= Q(**{field: int(number)})
        return queryset.filter(wanted), False

    def around(self, request: HttpRequest, payment: Payment) -> dict[str, Any]:
        """The facts, with refunds and history below, and what waits for another person."""
        waits = {"waiting": waiting(request, about=f"payment/{payment.pk}")}
        return {**_happened(payment), **waits}

    @admin.display(description=lazy("Payment"))
    def number(self, row: Payment) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def status(self, row: Payment) -> SafeString:
        """Where it stands, and whether somebody should look."""
        state = words.payment_state(row)
        if not row.error or row.state == PaymentState.FAILED:
            return state
        return format_html("{} {}", state, display.pill(_("Look"), "red", row.error))

    @admin.display(description=lazy("Wallet"))
    def payer(self, row: Payment) -> SafeString:
        """Where the money goes."""
        return display.link(row.wallet)

    @admin.display(description=lazy("Amount"))
    def total(self, row: Payment) -> SafeString:
        """What was agreed."""
        return words.amount(row.amount, row.currency)

    @admin.display(description=lazy("Taken"))
    def took(self, row: Payment) -> SafeString:
        """What came, or is to come."""
        return words.amount(row.captured, row.currency) if row.captured else display.NOTHING

    @admin.display(description=lazy("Provider"))
    def by(self, row: Payment) -> str:
        """Who takes it."""
        return row.provider.title()

    @admin.display(description=lazy("Name at the provider"))
    def provider_name(self, row: Payment) -> str:
        """What to look for in the provider's own pages."""
        return row.provider_ref or str(display.NOTHING)

    @admin.display(description=lazy("Asked for"))
    def asked(self, row: Payment) -> SafeString:
        """When."""
        return display.when(row.requested_at)

    @admin.display(description=lazy("Next look or attempt"))
    def next_try(self, row: Payment) -> SafeString:
        """When the provider is asked (again)."""
        return display.ago(row.next_try_at)

    @admin.display(description=lazy("Pays"))
    def pays(self, row: Payment) -> str | SafeString:
        """What for: the session, where there is one."""
        if row.session:
            return display.link(row.session)
        return _("A session") if row.purpose == PaymentPurpose.SESSION else _("Top-up")

    @admin.display(description=lazy("Asked for"))
    def asked_ago(self, row: Payment) -> SafeString:
        """How long ago."""
        return display.ago(row.requested_at)

    @admin.display(description=lazy("Booked as"))
    def of_entry(self, row: Payment) -> SafeString:
        """Its entry in the ledger."""
        return display.link(row.entry)

    @admin.display(description=lazy("What is wrong"))
    def problem(self, row: Payment) -> str:
        """In the provider's words."""
        return row.error or str(display.NOTHING)


def _happened(payment: Payment) -> dict[str, Any]:
    """Refunds and history as rows of tables, newest first."""
    return {
        "refunds": [
            {
                "when": display.when(row.requested_at),
                "state": display.pill(row.get_state_display(), _TONES[RefundState(row.state)]),
                "amount": words.amount(row.amount, payment.currency),
                "reason": row.reason,
                "name": row.provider_ref or display.NOTHING,
                "error": row.error or display.NOTHING,
            }
            for row in payment.refunds.all()[:_LAST]
        ],
        "events": [
            {
                "when": display.when(row.at),
                "what": _(row.what),
                "state": PaymentState(row.state).label,
                "detail": row.detail or display.NOTHING,
                "name": row.event_id or display.NOTHING,
            }
            for row in payment.events.all()[:_LAST]
        ],
    }


_TONES = {
    RefundState.CREATED: "grey",
    RefundState.PENDING: "amber",
    RefundState.REFUNDED: "green",
    RefundState.FAILED: "red",
}
