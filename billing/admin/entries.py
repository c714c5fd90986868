"""Journal entries: the list, a page with the postings, and the dialogs that give money back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from billing.admin import words
from billing.models import EntryKind, JournalEntry
from billing.services import giving_back, ledger
from cms.shared import clock, display
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin
from cms.shared.dialogs import DialogForm, dialog, leave


class ReasonForm(DialogForm):
    """Why: it stands in the entry for ever."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ReverseForm(ReasonForm):
    """Why an entry is undone."""

    obj: JournalEntry

    def prepare(self) -> None:
        """Off where it ends another way, or was reversed."""
        if hasattr(self.obj, "reversed_by"):
            self.refuse("It was reversed already.")
        elif refusal := ledger.not_reversed(self.obj):
            self.refuse(f"{refusal}.")


class RefundForm(ReasonForm):
    """How much of a charge goes back."""

    obj: JournalEntry
    amount = forms.DecimalField(min_value=0, max_digits=15, decimal_places=4)

    def prepare(self) -> None:
        """Only of charges; the reason is asked for last."""
        self.order_fields(["amount", "reason"])
        if self.obj.kind != EntryKind.CHARGE:
            self.refuse("Only what was charged is refunded.")


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What happened to money; corrected by reversal only."""

    list_display = ("number", "state", "booked", "reference", "description", "by")
    list_display_links = ("number",)
    list_select_related = ("booked_by", "reversed_by")
    list_filter = (("kind", ChoiceFilter),)
    search_fields = ("id",)
    search_help_text = "Number, reference (session/4711) or idempotency key"
    actions_detail = ["refund", "reverse"]
    change_form_outer_after_template = "admin/billing/lines.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("state", "by"),
                    ("happened", "booked"),
                    ("reference", "idempotency_key"),
                    ("description", "reason"),
                    ("undoes", "undone_by"),
                    ("of_hold", "of_charge"),
                )
            },
        ),
    )

    def has_reverse_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may undo entries."""
        return request.user.has_perm("billing.reverse_journalentry")

    def has_refund_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may give money back."""
        return request.user.has_perm("billing.refund_wallet")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[JournalEntry], search_term: str
    ) -> tuple[QuerySet[JournalEntry], bool]:
        """By number, reference or key, each whole."""
        text = search_term.strip()
        if not text:
            return queryset, False
        wanted = Q(reference=text) | Q(idempotency_key=text)
        if text.isascii() and text.isdigit() and len(text) < 19:
            wanted |= Q(pk=int(text))
        return queryset.filter(wanted), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The facts, with the postings below."""
        entry = self.get_object(request, object_id)
        shown: dict[str, Any] = {}
        if entry and request.user.has_perm("billing.view_posting"):
            rows = entry.postings.select_related("account", "entry").order_by("pk")
            shown = {"lines": words.lines(rows)}
        response: HttpResponse = super().change_view(
            request, object_id, form_url, {**shown, **(extra_context or {})}
        )
        return response

    @dialog(
        title="Refund",
        permission="refund",
        form=RefundForm,
        submit="Refund",
        text="Goes back to the wallet that paid, taxes in proportion.",
        icon="undo",
    )
    def refund(self, request: HttpRequest, entry: Any, form: Any) -> HttpResponse:
        """Give a part of a charge back."""
        made = giving_back.refund(
            charge_id=entry.pk,
            amount=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            key=form.idempotency_key(),
            at=clock.now(),
            by_id=request.user.pk,
        )
        messages.success(request, f"{made} gives it back.")
        return leave(request, display.page(made))

    @dialog(
        title="Reverse",
        permission="reverse",
        form=ReverseForm,
        submit="Reverse",
        text="Books the mirror image; both entries stay.",
        icon="history",
        danger=True,
    )
    def reverse(self, request: HttpRequest, entry: Any, form: Any) -> HttpResponse:
        """Undo it."""
        made = ledger.reverse(
            entry_id=entry.pk,
            key=form.idempotency_key(),
            reason=form.cleaned_data["reason"],
            at=clock.now(),
            by_id=request.user.pk,
        )
        messages.success(request, f"{made} undoes it.")
        return leave(request, display.page(made))

    @admin.display(description="Entry")
    def number(self, row: JournalEntry) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description="What")
    def state(self, row: JournalEntry) -> SafeString:
        """What happened."""
        return words.entry_kind(row)

    @admin.display(description="Booked")
    def booked(self, row: JournalEntry) -> SafeString:
        """When it was written down."""
        return display.when(row.booked_at)

    @admin.display(description="Happened")
    def happened(self, row: JournalEntry) -> SafeString:
        """When it was."""
        return display.when(row.at)

    @admin.display(description="Booked by")
    def by(self, row: JournalEntry) -> object:
        """The person, or nobody where the system did it."""
        return row.booked_by or display.NOTHING

    @admin.display(description="Reverses")
    def undoes(self, row: JournalEntry) -> SafeString:
        """What it undoes."""
        return display.link(row.reverses)

    @admin.display(description="Reversed by")
    def undone_by(self, row: JournalEntry) -> SafeString:
        """What undid it."""
        return display.link(getattr(row, "reversed_by", None))

    @admin.display(description="Ends the hold")
    def of_hold(self, row: JournalEntry) -> SafeString:
        """What it releases."""
        return display.link(row.closes)

    @admin.display(description="Gives back of")
    def of_charge(self, row: JournalEntry) -> SafeString:
        """What it refunds."""
        return display.link(row.corrects)
