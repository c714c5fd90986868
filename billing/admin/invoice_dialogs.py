"""Dialogs of invoices: issue, with a preview of what it would be, and credit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from billing import selectors
from billing.admin.correcting import correct, say_limit
from billing.admin.entries import ReasonForm
from billing.models import Company, CorrectionKind, Invoice, InvoiceKind
from billing.reports import papers
from billing.services import crediting, invoices
from cms.shared import clock, dialogs, texts
from cms.shared.dialogs import ShownFirstForm, dialog
from cms.shared.errors import DomainError

_SHOWN = 12  # customers in a preview
_TIMES = (("over", lazy("Months that are over")), ("now", lazy("Everything until now")))


class IssueForm(ShownFirstForm):
    """Whom to invoice; the first press shows what it would be, the second does it."""

    user = forms.CharField(
        label=lazy("User"), required=False, max_length=150, help_text=lazy("The name of a user …")
    )
    company = forms.ModelChoiceField(
        Company.objects.all(),
        label=lazy("Company"),
        required=False,
        empty_label="–",
        help_text=lazy("… or a company; neither: everybody who is due"),
    )
    what = forms.ChoiceField(label=lazy("What"), choices=_TIMES, initial="over")

    def prepare(self) -> None:
        """Off where nobody issues."""
        try:
            self.zone = invoices.issuer().zone
        except DomainError as error:
            self.zone = "UTC"
            self.refuse(f"{texts.localised(error.message)}.")

    def clean_user(self) -> Any:
        """The user of that name."""
        name = self.cleaned_data["user"].strip()
        found = get_user_model().objects.filter(username=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError(_("There is no user of this name."))
        return found

    def clean(self) -> dict[str, Any]:
        """Show what would be issued before it is."""
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["user"] and cleaned["company"]:
            raise forms.ValidationError(_("Name a user or a company, not both."))
        if cleaned["what"] == "now" and not self.wallets():
            raise forms.ValidationError(_("For a month under way, name a user or a company."))
        self._preview()
        return cleaned

    def until(self) -> datetime:
        """Before when something has to be booked to be invoiced."""
        at = clock.now()
        return at if self.cleaned_data["what"] == "now" else invoices.over(at, self.zone)

    def wallets(self) -> list[int]:
        """Those of the customer who was named."""
        if company := self.cleaned_data["company"]:
            return selectors.wallets_of(company=company)
        user = self.cleaned_data["user"]
        return selectors.wallets_of(user=user) if user else []

    def everybody(self) -> bool:
        """Whether nobody was named."""
        return not (self.cleaned_data["company"] or self.cleaned_data["user"])

    def _preview(self) -> None:
        numbers: list[int | None] = [None] if self.everybody() else [*self.wallets()]
        until = self.until()
        found = [
            one for number in numbers for one in invoices.waiting(until=until, wallet_id=number)
        ]
        if not found:
            raise forms.ValidationError(_("Nothing waits to be invoiced."))
        texts = [_text(one) for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            more = _("… and %(count)s more customers, or more than that")
            texts.append(more % {"count": len(found) - _SHOWN})
        self.show_first(*(("blue", text) for text in texts))


class CreditForm(ReasonForm):
    """How much of an invoice, or of a session on it, goes back."""

    obj: Invoice
    amount = forms.DecimalField(
        label=lazy("Amount"),
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=4,
        help_text=lazy("Empty: all that is left"),
    )
    session = forms.IntegerField(
        label=lazy("Session"),
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text=lazy("Its number; empty: every session gives its share"),
    )

    def prepare(self) -> None:
        """What is left of it; the reason is asked for last."""
        self.order_fields(["amount", "session", "reason"])
        if self.obj.kind != InvoiceKind.INVOICE:
            self.refuse(_("A credit note is not credited."))
            return
        left = crediting.creditable(self.obj.pk).total
        if not left:
            self.refuse(_("Nothing of it is left to be credited."))
            return
        shown = papers.amount(left, self.obj.currency)
        self.warn(
            _("%(shown)s %(currency)s of it can be credited.")
            % {"shown": shown, "currency": self.obj.currency},
            "blue",
        )
        say_limit(self, self.obj.currency)


class InvoiceActions:
    """What people do with invoices. Mixed into their page."""

    def has_issue_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may issue invoices."""
        return request.user.has_perm("billing.issue_invoice")

    def has_credit_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may credit invoices."""
        return request.user.has_perm("billing.credit_invoice")

    @dialog(
        title=lazy("Issue invoices"),
        permission="issue",
        form=IssueForm,
        submit=lazy("Issue"),
        text=lazy(
            "Invoices by month, and credit notes for what was taken back. They cannot be changed."
        ),
        icon="request_quote",
        look="primary",
    )
    def issue(self, request: HttpRequest, obj: None, form: Any) -> HttpResponse:
        """For a customer, or for everybody who is due."""
        facts: dict[str, Any] = {"at": clock.now(), "by_id": request.user.pk}
        if form.everybody():
            run = invoices.issue_due(again=True, **facts)
            messages.success(request, _("Issued: %(numbers)s.") % {"numbers": run.issued})
            if run.left:
                left = _("%(count)s customers are left: see the log.")
                messages.warning(request, left % {"count": run.left})
        else:
            wallets, until = form.wallets(), form.until()
            made = invoices.issue_now(wallet_ids=wallets, until=until, **facts)
            messages.success(
                request,
                _("Issued: %(numbers)s.")
                % {"numbers": ", ".join(row.number for row in made) or _("none")},
            )
        return dialogs.leave(request, reverse("admin:billing_invoice_changelist"))

    @dialog(
        title=lazy("Credit note"),
        permission="credit",
        form=CreditForm,
        submit=lazy("Credit"),
        text=lazy(
            "Gives back what was charged, into the customer's wallet, and issues a credit note."
        ),
        icon="undo",
        danger=True,
    )
    def credit(self, request: HttpRequest, invoice: Any, form: Any) -> HttpResponse:
        """In full, in part, or one session of it."""
        return correct(
            request,
            form,
            CorrectionKind.CREDIT,
            lambda note: (_("%(note)s is issued.") % {"note": note}, note),
            invoice_id=invoice.pk,
            amount=form.cleaned_data["amount"],
            session_id=form.cleaned_data["session"],
        )


def _text(one: invoices.Waiting) -> str:
    total = papers.amount(one.gross, one.wallet.currency)
    lines = ngettext("%(count)s line", "%(count)s lines", one.rows) % {"count": one.rows}
    return f"{one.wallet.company or one.wallet.user}: {lines}, {total} {one.wallet.currency}"
