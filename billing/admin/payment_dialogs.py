"""Dialogs of payments: record cash, refund, try again, cancel; each one service call."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import words
from billing.admin.correcting import correct, say_limit
from billing.admin.entries import ReasonForm
from billing.admin.wallet_dialogs import CustomerForm
from billing.models import CorrectionKind, Payment, PaymentState
from billing.services import payment_refunds, payment_steps, payments
from cms.shared import clock, display
from cms.shared.dialogs import ConfirmForm, dialog, leave


class CashForm(CustomerForm):
    """Who paid, and how much."""

    amount = forms.DecimalField(label=lazy("Amount"), min_value=0, max_digits=15, decimal_places=4)
    currency = forms.CharField(
        label=lazy("Currency"), min_length=3, max_length=3, help_text=lazy("ISO 4217")
    )
    reference = forms.CharField(
        label=lazy("Reference"),
        required=False,
        max_length=100,
        help_text=lazy("Such as the number of a receipt"),
    )

    def prepare(self) -> None:
        """The system's own currency."""
        self.fields["currency"].initial = settings.BILLING_CURRENCY


class RefundForm(ReasonForm):
    """How much goes back."""

    obj: Payment
    amount = forms.DecimalField(label=lazy("Amount"), min_value=0, max_digits=15, decimal_places=4)

    def prepare(self) -> None:
        """No more than is left, and than the wallet has."""
        self.order_fields(["amount", "reason"])
        left = payment_refunds.left(self.obj)
        if not left:
            self.refuse(_("Nothing is left of it."))
            return
        shown = words.amount(left, self.obj.currency)
        has = words.amount(self.obj.wallet.balance, self.obj.currency)
        self.warn(
            _("%(amount)s can go back; the wallet has %(balance)s.")
            % {"amount": _plain(shown), "balance": _plain(has)},
            "blue",
        )
        say_limit(self, self.obj.currency)


class RetryForm(ConfirmForm):
    """Whether there is anything to try."""

    obj: Payment

    def prepare(self) -> None:
        """Off where nothing waits."""
        waiting = self.obj.refunds.filter(next_try_at__isnull=False)
        if self.obj.next_try_at is None and not waiting.exists():
            self.refuse(_("Nothing waits to be tried again."))


class DealtWithForm(ReasonForm):
    """What came of it."""

    obj: Payment

    def prepare(self) -> None:
        """Off where nothing is wrong."""
        if not self.obj.error:
            self.refuse(_("Nothing is wrong with it."))
        else:
            self.warn(self.obj.error)


class CancelForm(ConfirmForm):
    """Whether it can be let go of."""

    obj: Payment

    def prepare(self) -> None:
        """Off where that is too late."""
        open_ones = (PaymentState.PENDING, PaymentState.AUTHORISED)
        if self.obj.state not in open_ones or self.obj.session_id:
            self.refuse(_("It is over, or a session uses it."))


class PaymentActions:
    """What people do with payments. Mixed into their page."""

    def has_record_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may record cash, and cancel."""
        return request.user.has_perm("billing.record_payment")

    def has_refund_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may give payments back."""
        return request.user.has_perm("billing.refund_payment")

    def has_retry_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Who may have one tried again."""
        return request.user.has_perm("billing.retry_payment")

    @dialog(
        title=lazy("Record a cash payment"),
        permission="record",
        form=CashForm,
        submit=lazy("Record"),
        text=lazy("Money was taken by hand: it goes into the customer's wallet, which this opens."),
        icon="payments",
    )
    def record_cash(self, request: HttpRequest, obj: None, form: Any) -> HttpResponse:
        """Into the wallet, at once."""
        wanted = form.cleaned_data
        payment, _known = payment_steps.order(
            provider="cash",
            customer=wanted["company"] or wanted["user"],
            amount=wanted["amount"],
            currency=wanted["currency"].upper(),
            reference=wanted["reference"],
            key=form.idempotency_key(),
            at=clock.now(),
            by_id=request.user.pk,
        )
        messages.success(request, _("%(payment)s is recorded.") % {"payment": payment})
        return leave(request, display.page(payment))

    @dialog(
        title=lazy("Refund"),
        permission="refund",
        form=RefundForm,
        submit=lazy("Refund"),
        text=lazy("Leaves the wallet now, and goes back the way the payment came."),
        icon="undo",
        danger=True,
    )
    def refund(self, request: HttpRequest, payment: Any, form: Any) -> HttpResponse:
        """Give a part back."""
        return correct(
            request,
            form,
            CorrectionKind.PAYMENT_REFUND,
            lambda made: (f"{made}: {made.get_state_display()}.", payment),
            payment_id=payment.pk,
            amount=form.cleaned_data["amount"],
        )

    @dialog(
        title=lazy("Try again"),
        permission="retry",
        form=RetryForm,
        submit=lazy("Try again"),
        text=lazy("The provider is asked within seconds, by the same key: nothing is done twice."),
        icon="refresh",
    )
    def try_again(self, request: HttpRequest, payment: Any, form: Any) -> HttpResponse:
        """Without waiting for the next attempt."""
        payment_steps.try_again(payment_id=payment.pk, at=clock.now(), by=str(request.user))
        messages.success(
            request, _("%(payment)s is tried again within seconds.") % {"payment": payment}
        )
        return leave(request, display.page(payment))

    @dialog(
        title=lazy("Dealt with"),
        permission="retry",
        form=DealtWithForm,
        submit=lazy("Dealt with"),
        text=lazy("Takes it off the list of what needs attention; both stay in its history."),
        icon="task_alt",
    )
    def settle(self, request: HttpRequest, payment: Any, form: Any) -> HttpResponse:
        """Somebody looked."""
        payments.dealt_with(
            payment_id=payment.pk,
            reason=form.cleaned_data["reason"],
            by=str(request.user),
            at=clock.now(),
        )
        return leave(request, display.page(payment))

    @dialog(
        title=lazy("Cancel"),
        permission="record",
        form=CancelForm,
        submit=lazy("Cancel the payment"),
        text=lazy("Lets go of what the customer reserved, or has not completed."),
        icon="cancel",
        danger=True,
    )
    def cancel(self, request: HttpRequest, payment: Any, form: Any) -> HttpResponse:
        """Let go of it."""
        payments.cancel(payment_id=payment.pk, at=clock.now(), by=str(request.user))
        return leave(request, display.page(payment))


def _plain(amount: SafeString) -> str:
    return amount.replace('<span class="vd-number">', "").replace("</span>", "")
