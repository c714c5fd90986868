"""Dialogs of a wallet: open, top up, pay out, terms; each one service call."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from billing.admin import words
from billing.admin.correcting import correct, say_limit
from billing.admin.entries import ReasonForm
from billing.models import Account, AccountKind, Company, CorrectionKind, Policy
from billing.services import accounts, wallets
from cms.shared import clock, display
from cms.shared.dialogs import DialogForm, dialog, leave


class CustomerForm(DialogForm):
    """Whose wallet: a user's or a company's."""

    user = forms.CharField(
        label=lazy("User"), required=False, max_length=150, help_text=lazy("The name of a user …")
    )
    company = forms.ModelChoiceField(
        Company.objects.all(),
        label=lazy("Company"),
        required=False,
        empty_label="–",
        help_text=lazy("… or a company"),
    )

    def clean_user(self) -> Any:
        """The user of that name."""
        name = self.cleaned_data["user"].strip()
        found = get_user_model().objects.filter(username=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError(_("There is no user of this name."))
        return found

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        if bool(self.cleaned_data.get("user")) == bool(self.cleaned_data.get("company")):
            raise forms.ValidationError(_("Name a user or a company."))
        return self.cleaned_data


class OpenForm(CustomerForm):
    """Whose wallet, and on what terms."""

    currency = forms.CharField(
        label=lazy("Currency"), min_length=3, max_length=3, help_text=lazy("ISO 4217")
    )
    policy = forms.ChoiceField(label=lazy("Policy"), choices=lambda: Policy.choices)
    credit_limit = forms.DecimalField(
        label=lazy("Credit limit"), min_value=0, initial=0, max_digits=15, decimal_places=4
    )

    def prepare(self) -> None:
        """The system's own currency."""
        self.fields["currency"].initial = settings.BILLING_CURRENCY


class TopUpForm(DialogForm):
    """How much, and by what receipt."""

    obj: Account
    amount = forms.DecimalField(label=lazy("Amount"), min_value=0, max_digits=15, decimal_places=4)
    reference = forms.CharField(
        label=lazy("Reference"),
        required=False,
        max_length=100,
        help_text=lazy("Such as the number of a receipt"),
    )

    def prepare(self) -> None:
        """What is there now."""
        self.warn(format_html("{} {}", _("Balance:"), words.balance(self.obj)), "blue")


class PayOutForm(ReasonForm):
    """How much, and why."""

    obj: Account
    amount = forms.DecimalField(label=lazy("Amount"), min_value=0, max_digits=15, decimal_places=4)

    def prepare(self) -> None:
        """The reason is asked for last."""
        self.order_fields(["amount", "reason"])
        say_limit(self, self.obj.currency)


class TermsForm(ReasonForm):
    """When the customer pays, and how far below zero the wallet may go."""

    obj: Account
    policy = forms.ChoiceField(label=lazy("Policy"), choices=lambda: Policy.choices)
    credit_limit = forms.DecimalField(
        label=lazy("Credit limit"), min_value=0, max_digits=15, decimal_places=4
    )

    def prepare(self) -> None:
        """As it is now."""
        self.order_fields(["policy", "credit_limit", "reason"])
        self.fields["policy"].initial = self.obj.policy
        self.fields["credit_limit"].initial = self.obj.credit_limit.normalize()


class WalletActions:
    """What people do with wallets. Mixed into the page of accounts."""

    def has_open_wallet_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may open wallets."""
        return request.user.has_perm("billing.open_wallet")

    def has_top_up_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may put money in."""
        return request.user.has_perm("billing.top_up_wallet")

    def has_pay_out_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may take money out."""
        return request.user.has_perm("billing.pay_out_wallet")

    def has_terms_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may give credit."""
        return request.user.has_perm("billing.limit_wallet")

    @dialog(
        title=lazy("Open a wallet"),
        permission="open_wallet",
        form=OpenForm,
        submit=pgettext_lazy("wallet", "Open"),
        icon="account_balance_wallet",
    )
    def open_wallet(self, request: HttpRequest, obj: None, form: Any) -> HttpResponse:
        """For a user or a company; one that has one keeps it."""
        wanted = form.cleaned_data
        wallet = wallets.open(
            customer=wanted["company"] or wanted["user"],
            currency=wanted["currency"].upper(),
            policy=wanted["policy"],
            credit_limit=wanted["credit_limit"],
            at=clock.now(),
        )
        return leave(request, display.page(wallet))

    @dialog(
        title=lazy("Top up"),
        permission="top_up",
        form=TopUpForm,
        submit=lazy("Top up"),
        text=lazy("Money was taken by hand or came by bank."),
        icon="add_card",
        look="primary",
    )
    def top_up(self, request: HttpRequest, wallet: Any, form: Any) -> HttpResponse:
        """Put money in."""
        made = wallets.top_up(
            wallet_id=wallet.pk,
            amount=form.cleaned_data["amount"],
            source=accounts.cash(wallet.currency),
            key=form.idempotency_key(),
            at=clock.now(),
            by_id=request.user.pk,
            reference=form.cleaned_data["reference"],
        )
        messages.success(request, _("%(made)s is booked.") % {"made": made})
        return leave(request, display.page(wallet))

    @dialog(
        title=lazy("Pay out"),
        permission="pay_out",
        form=PayOutForm,
        submit=lazy("Pay out"),
        text=lazy("Gives the customer's own money back, by hand or by bank."),
        icon="payments",
        danger=True,
    )
    def pay_out(self, request: HttpRequest, wallet: Any, form: Any) -> HttpResponse:
        """Take money out."""
        return correct(
            request,
            form,
            CorrectionKind.PAY_OUT,
            lambda made: (_("%(made)s is booked.") % {"made": made}, wallet),
            wallet_id=wallet.pk,
            amount=form.cleaned_data["amount"],
        )

    @dialog(
        title=lazy("Terms"),
        permission="terms",
        form=TermsForm,
        submit=lazy("Save"),
        text=lazy("When the customer pays, and how far below zero the wallet may go."),
        icon="contract",
    )
    def terms(self, request: HttpRequest, wallet: Any, form: Any) -> HttpResponse:
        """Change policy and credit limit; who and why stands in the history."""
        wanted = form.cleaned_data
        changed = wallets.set_terms(
            wallet_id=wallet.pk,
            policy=wanted["policy"],
            credit_limit=wanted["credit_limit"],
            at=clock.now(),
        )
        said = f"{changed.policy}, limit {wanted['credit_limit']}: {wanted['reason']}"
        self.log_change(request, changed, said)  # type: ignore[attr-defined]
        return leave(request, display.page(wallet))


def is_wallet(account: Account | None) -> bool:
    """Whether these dialogs are for ``account``."""
    return account is not None and account.kind == AccountKind.WALLET
