"""Journal entries: the list, a page with the postings, and the dialogs that give money back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import words
from billing.admin.correcting import correct, say_limit, waiting
from billing.models import CorrectionKind, EntryKind, JournalEntry
from billing.services import ledger
from cms.shared import display, texts
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ReadOnlyAdmin
from cms.shared.dialogs import DialogForm, dialog


class ReasonForm(DialogForm):
    """Why: it stands in the entry for ever."""

    reason = forms.CharField(
        label=lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReverseForm(ReasonForm):
    """Why an entry is undone."""

    obj: JournalEntry

    def prepare(self) -> None:
        """Off where it ends another way, or was reversed."""
        if hasattr(self.obj, "reversed_by"):
            self.refuse(_("It was reversed already."))
        elif refusal := ledger.not_reversed(self.obj):
            self.refuse(f"{texts.localised(refusal)}.")
        else:
            say_limit(self, _currency(self.obj))


class RefundForm(ReasonForm):
    """How much of a charge goes back."""

    obj: JournalEntry
    amount = forms.DecimalField(label=lazy("Amount"), min_value=0, max_digits=15, decimal_places=4)

    def prepare(self) -> None:
        """Only of charges; the reason is asked for last."""
        self.order_fields(["amount", "reason"])
        if self.obj.kind != EntryKind.CHARGE:
            self.refuse(_("Only what was charged is refunded."))
        else:
            say_limit(self, _currency(self.obj))


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What happened to money; corrected by reversal only."""

    list_display = ("number", "state", "booked", "reference", "description", "by")
    list_display_links = ("number",)
    list_select_related = ("booked_by", "reversed_by")
    list_filter = (("kind", ChoiceFilter),)
    search_fields = ("id",)
    search_help_text = lazy("Number, reference (session/4711) or idempotency key")
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

    def around(self, request: HttpRequest, entry: JournalEntry) -> dict[str, Any]:
        """The facts, with the postings below, and what waits for another person."""
        waits = {"waiting": waiting(request, about=f"entry/{entry.pk}")}
        if not request.user.has_perm("billing.view_posting"):
            return waits
        rows = entry.postings.select_related("account", "entry").order_by("pk")
        return {"lines": words.lines(rows), **waits}

    @dialog(
        title=lazy("Refund"),
        permission="refund",
        form=RefundForm,
        submit=lazy("Refund"),
        text=lazy("Goes back to the wallet that paid, taxes in proportion."),
        icon="undo",
    )
    def refund(self, request: HttpRequest, entry: Any, form: Any) -> HttpResponse:
        """Give a part of a charge back."""
        return correct(
            request,
            form,
            CorrectionKind.REFUND,
            lambda made: (_("%(made)s gives it back.") % {"made": made}, made),
            charge_id=entry.pk,
            amount=form.cleaned_data["amount"],
        )

    @dialog(
        title=lazy("Reverse"),
        permission="reverse",
        form=ReverseForm,
        submit=lazy("Reverse"),
        text=lazy("Books the mirror image; both entries stay."),
        icon="history",
        danger=True,
    )
    def reverse(self, request: HttpRequest, entry: Any, form: Any) -> HttpResponse:
        """Undo it."""
        return correct(
            request,
            form,
            CorrectionKind.REVERSAL,
            lambda made: (_("%(made)s undoes it.") % {"made": made}, made),
            entry_id=entry.pk,
        )

    @admin.display(description=lazy("Entry"))
    def number(self, row: JournalEntry) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("What"))
    def state(self, row: JournalEntry) -> SafeString:
        """What happened."""
        return words.entry_kind(row)

    @admin.display(description=lazy("Booked"))
    def booked(self, row: JournalEntry) -> SafeString:
        """When it was written down."""
        return display.when(row.booked_at)

    @admin.display(description=lazy("Happened"))
    def happened(self, row: JournalEntry) -> SafeString:
        """When it was."""
        return display.when(row.at)

    @admin.display(description=lazy("Booked by"))
    def by(self, row: JournalEntry) -> object:
        """The person, or nobody where the system did it."""
        return row.booked_by or display.NOTHING

    @admin.display(description=lazy("Reverses"))
    def undoes(self, row: JournalEntry) -> SafeString:
        """What it undoes."""
        return display.link(row.reverses)

    @admin.display(description=lazy("Reversed by"))
    def undone_by(self, row: JournalEntry) -> SafeString:
        """What undid it."""
        return display.link(getattr(row, "reversed_by", None))

    @admin.display(description=lazy("Ends the hold"))
    def of_hold(self, row: JournalEntry) -> SafeString:
        """What it releases."""
        return display.link(row.closes)

    @admin.display(description=lazy("Gives back of"))
    def of_charge(self, row: JournalEntry) -> SafeString:
        """What it refunds."""
        return display.link(row.corrects)


def _currency(entry: JournalEntry) -> str:
    """Of what it moved."""
    return entry.postings.select_related("account")[0].account.currency
