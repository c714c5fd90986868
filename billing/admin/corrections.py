"""Corrections that wait for another person: the list, before and after, the dialogs; the limits."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import receipts, words
from billing.admin.entries import ReasonForm
from billing.models import CorrectionLimit, CorrectionRequest, CorrectionState
from billing.services import corrections
from billing.services.correction_kinds import Picture
from cms.shared import clock, display, texts
from cms.shared.admin import BigTableAdmin, ChoiceFilter, ModelAdmin, ReadOnlyAdmin
from cms.shared.dialogs import ConfirmForm, DialogForm, dialog, leave
from cms.shared.errors import DomainError

_TONES = {
    CorrectionState.WAITING: "amber",
    CorrectionState.APPROVED: "green",
    CorrectionState.REJECTED: "red",
}
_ASKING = (
    *("refund_wallet", "pay_out_wallet", "reverse_journalentry", "reprice_sessionbill"),
    *("credit_invoice", "refund_payment"),
)
_PAGES = {
    "session": "stations_chargingsession",
    "entry": "billing_journalentry",
    "invoice": "billing_invoice",
    "wallet": "billing_account",
    "payment": "billing_payment",
}


def _prepare(form: DialogForm) -> None:
    """Off where it is decided, or its reader asked for it; else what it would do."""
    request: CorrectionRequest = form.obj
    if not request.waits:
        form.refuse(_("It is decided already."))
    elif request.asked_by_id == form.request.user.pk:
        form.refuse(_("You asked for it: another person has to decide."))
    else:
        form.shown = receipt(request)


class ApproveForm(ConfirmForm):
    """What would be booked."""

    def prepare(self) -> None:
        """As it is now."""
        _prepare(self)


class RejectForm(ReasonForm):
    """Why not."""

    def prepare(self) -> None:
        """The same."""
        _prepare(self)


class WithdrawForm(ConfirmForm):
    """Whether it is one's own."""

    obj: CorrectionRequest

    def prepare(self) -> None:
        """Off where it is decided, or of somebody else."""
        if not self.obj.waits:
            self.refuse(_("It is decided already."))
        elif self.obj.asked_by_id != self.request.user.pk:
            self.refuse(_("Only who asked for it withdraws it."))


@admin.register(CorrectionRequest)
class CorrectionRequestAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was asked for, newest first, and what became of it."""

    list_display = ("number", "stands", "what", "subject", "total", "asker", "asked", "decider")
    list_display_links = ("number",)
    list_select_related = ("asked_by", "decided_by")
    list_filter = (("state", ChoiceFilter), ("kind", ChoiceFilter))
    search_fields = ("about",)
    search_help_text = lazy("Such as session/4711 or invoice/12")
    actions_detail = ["approve", "reject", "withdraw"]
    change_form_outer_after_template = "admin/billing/correction.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("stands", "what"),
                    ("subject", "total"),
                    ("asker", "asked"),
                    ("why",),
                    ("decider", "decided"),
                    ("said", "booked_as"),
                )
            },
        ),
    )

    def has_approve_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may decide on corrections of others."""
        return request.user.has_perm("billing.approve_correction")

    def has_withdraw_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Whoever may ask for any."""
        return any(request.user.has_perm(f"billing.{name}") for name in _ASKING)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """What its reader can do with it; nothing where it is decided."""
        row = self.get_object(request, str(object_id))
        actions: list[Any] = super().get_actions_detail(request, object_id)
        if row is None or not row.waits:
            return []
        is_own = row.asked_by_id == request.user.pk
        return [one for one in actions if one.action_name.endswith("withdraw") == is_own]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """By what it is about, whole."""
        text = search_term.strip()
        return (queryset.filter(about=text) if text else queryset), False

    def around(self, request: HttpRequest, row: CorrectionRequest) -> dict[str, Any]:
        """With before and after below."""
        return {"shown": receipt(row)}

    @dialog(
        title=lazy("Approve"),
        permission="approve",
        form=ApproveForm,
        submit=lazy("Approve and book"),
        text=lazy("Books it now, exactly as it was asked for."),
        icon="done_all",
        look="primary",
    )
    def approve(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Carry it out."""
        made = corrections.approve(request_id=row.pk, at=clock.now(), by_id=request.user.pk)
        messages.success(request, _("%(made)s books it.") % {"made": made.entry})
        return leave(request, display.page(row))

    @dialog(
        title=lazy("Reject"),
        permission="approve",
        form=RejectForm,
        submit=lazy("Reject"),
        text=lazy("Nothing is booked; who asked for it sees why."),
        icon="block",
        danger=True,
    )
    def reject(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Have it not be booked."""
        corrections.reject(
            request_id=row.pk,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
            by_id=request.user.pk,
        )
        return leave(request, display.page(row))

    @dialog(
        title=lazy("Withdraw"),
        permission="withdraw",
        form=WithdrawForm,
        submit=lazy("Withdraw"),
        text=lazy("Nothing is booked."),
        icon="undo",
    )
    def withdraw(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Take one's own back."""
        corrections.withdraw(request_id=row.pk, at=clock.now(), by_id=request.user.pk)
        return leave(request, display.page(row))

    @admin.display(description=lazy("Correction"))
    def number(self, row: CorrectionRequest) -> str:
        """Its number."""
        return f"#{row.pk}"

    @admin.display(description=lazy("State"))
    def stands(self, row: CorrectionRequest) -> SafeString:
        """Whether it waits, or what became of it."""
        tone = _TONES.get(CorrectionState(row.state), "grey")
        return display.pill(row.get_state_display(), tone, row.answer)

    @admin.display(description=lazy("What"))
    def what(self, row: CorrectionRequest) -> str:
        """Its kind."""
        return row.get_kind_display()

    @admin.display(description=lazy("About"))
    def subject(self, row: CorrectionRequest) -> SafeString:
        """What it corrects."""
        name, _sign, number = row.about.partition("/")
        if name not in _PAGES or not (number.isascii() and number.isdigit()):
            return display.plain(row.about)
        address = reverse(f"admin:{_PAGES[name]}_change", args=[number])
        return format_html('<a class="vd-link" href="{}">{}</a>', address, row.about)

    @admin.display(description=lazy("Amount"))
    def total(self, row: CorrectionRequest) -> SafeString:
        """By how much it changes a customer's money."""
        return words.amount(row.amount, row.currency)

    @admin.display(description=lazy("Asked for by"))
    def asker(self, row: CorrectionRequest) -> str:
        """Who."""
        return str(row.asked_by)

    @admin.display(description=lazy("Asked for"))
    def asked(self, row: CorrectionRequest) -> SafeString:
        """When."""
        return display.when(row.asked_at)

    @admin.display(description=lazy("Reason"))
    def why(self, row: CorrectionRequest) -> str:
        """Of who asked."""
        return row.reason

    @admin.display(description=lazy("Decided by"))
    def decider(self, row: CorrectionRequest) -> object:
        """Who, or nobody yet."""
        return row.decided_by or display.NOTHING

    @admin.display(description=lazy("Decided"))
    def decided(self, row: CorrectionRequest) -> SafeString:
        """When."""
        return display.when(row.decided_at)

    @admin.display(description=lazy("Answer"))
    def said(self, row: CorrectionRequest) -> str:
        """Why it was rejected, or is out of date."""
        return row.answer or str(display.NOTHING)

    @admin.display(description=lazy("Booked as"))
    def booked_as(self, row: CorrectionRequest) -> SafeString:
        """What it made."""
        return display.link(row.entry)


@admin.register(CorrectionLimit)
class CorrectionLimitAdmin(ModelAdmin):
    """Above which amount a correction needs another person; edited here."""

    list_display = ("currency", "above")
    fields = ("currency", "amount")

    @admin.display(description=lazy("Another person is needed above"))
    def above(self, row: CorrectionLimit) -> SafeString:
        """The amount."""
        return words.amount(row.amount, row.currency)


def receipt(row: CorrectionRequest) -> SafeString:
    """Before and after: while it waits as they are now, with the lines of bills; else as asked."""
    shown: dict[str, Any] = {"before": row.before, "after": row.after}
    if row.waits:
        try:
            now = corrections.picture(row, at=clock.now())
            shown = {"before": now.before, "after": now.after, **_lines(now)}
        except DomainError as error:
            shown["problem"] = texts.localised(error.message)
    change = shown["after"] - shown["before"]
    amounts = {name: words.amount(shown[name], row.currency) for name in ("before", "after")}
    context = {**shown, **amounts, "change": words.amount(change, row.currency), "row": row}
    return render_to_string("admin/billing/correction_receipt.html", context)


def _lines(now: Picture) -> dict[str, Any]:
    """Of a session that is priced anew: the bill that stands, and the one that would."""
    if now.priced is None or now.bill is None:
        return {}
    new = now.priced.bill
    return {"old": receipts.of_bill(now.bill), "new": receipts.table(new, new.lines)}
