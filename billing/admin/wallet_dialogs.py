"""Dialogs of a wallet: open, top up, pay out, terms; each one service call."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse

from billing.admin import words
from billing.admin.entries import ReasonForm
from billing.models import Account, AccountKind, Company, Policy
from billing.services import accounts, wallets
from cms.shared import clock, display
from cms.shared.dialogs import DialogForm, dialog, leave


class OpenForm(DialogForm):
    """Whose wallet, and on what terms."""

    user = forms.CharField(required=False, max_length=150, help_text="The name of a user …")
    company = forms.ModelChoiceField(
        Company.objects.all(), required=False, empty_label="–", help_text="… or a company"
    )
    currency = forms.CharField(min_length=3, max_length=3, help_text="ISO 4217")
    policy = forms.ChoiceField(choices=Policy.choices)
    credit_limit = forms.DecimalField(min_value=0, initial=0, max_digits=15, decimal_places=4)

    def prepare(self) -> None:
        """The system's own currency."""
        self.fields["currency"].initial = settings.BILLING_CURRENCY

    def clean_user(self) -> Any:
        """The user of that name."""
        name = self.cleaned_data["user"].strip()
        found = get_user_model().objects.filter(username=name).first() if name else None
        if name and found is None:
            raise forms.ValidationError("There is no user of this name.")
        return found

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        if bool(self.cleaned_data.get("user")) == bool(self.cleaned_data.get("company")):
            raise forms.ValidationError("Name a user or a company.")
        return self.cleaned_data


class TopUpForm(DialogForm):
    """How much, and by what receipt."""

    obj: Account
    amount = forms.DecimalField(min_value=0, max_digits=15, decimal_places=4)
    reference = forms.CharField(
        required=False, max_length=100, help_text="Such as the number of a receipt"
    )

    def prepare(self) -> None:
        """What is there now."""
        self.warn(f"Balance: {words.balance(self.obj)}", "blue")


class PayOutForm(ReasonForm):
    """How much, and why."""

    obj: Account
    amount = forms.DecimalField(min_value=0, max_digits=15, decimal_places=4)

    def prepare(self) -> None:
        """The reason is asked for last."""
        self.order_fields(["amount", "reason"])


class TermsForm(ReasonForm):
    """When the customer pays, and how far below zero the wallet may go."""

    obj: Account
    policy = forms.ChoiceField(choices=Policy.choices)
    credit_limit = forms.DecimalField(min_value=0, max_digits=15, decimal_places=4)

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
        title="Open a wallet",
        permission="open_wallet",
        form=OpenForm,
        submit="Open",
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
        title="Top up",
        permission="top_up",
        form=TopUpForm,
        submit="Top up",
        text="Money was taken by hand or came by bank.",
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
        messages.success(request, f"{made} is booked.")
        return leave(request, display.page(wallet))

    @dialog(
        title="Pay out",
        permission="pay_out",
        form=PayOutForm,
        submit="Pay out",
        text="Gives the customer's own money back, by hand or by bank.",
        icon="payments",
        danger=True,
    )
    def pay_out(self, request: HttpRequest, wallet: Any, form: Any) -> HttpResponse:
        """Take money out."""
        made = wallets.pay_out(
            wallet_id=wallet.pk,
            amount=form.cleaned_data["amount"],
            target=accounts.cash(wallet.currency),
            key=form.idempotency_key(),
            reason=form.cleaned_data["reason"],
            at=clock.now(),
            by_id=request.user.pk,
        )
        messages.success(request, f"{made} is booked.")
        return leave(request, display.page(wallet))

    @dialog(
        title="Terms",
        permission="terms",
        form=TermsForm,
        submit="Save",
        text="When the customer pays, and how far below zero the wallet may go.",
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
