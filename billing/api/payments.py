"""Payments over REST: begin one, see how it stands, give it back; nobody's card comes here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q, QuerySet
from django_filters import ChoiceFilter, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.api.corrections import CorrectionSerializer, waiting
from billing.api.customers import (
    KEY,
    REFUSALS,
    WHOSE,
    WalletAccess,
    company,
    customer,
    customer_meant,
)
from billing.api.wallets import Amount
from billing.models import (
    CorrectionKind,
    CorrectionRequest,
    Payment,
    PaymentPurpose,
    PaymentRefund,
    PaymentState,
    RefundState,
)
from billing.payments.registry import NAMES
from billing.services import accounts, corrections, payment_steps, payments
from cms.shared import clock, scoping
from cms.shared.api import CamelCase, CamelCaseModel, Filters
from cms.shared.api.idempotency import needed_key
from cms.shared.errors import NotFound
from stations.services import stations


class PaymentSerializer(CamelCaseModel):
    """A payment as its customer sees it."""

    amount = Amount(lambda row: (row.amount, row.currency))
    captured = Amount(lambda row: (row.captured, row.currency))
    wallet_id = serializers.IntegerField(read_only=True)
    customer_id = serializers.IntegerField(source="user_id", read_only=True, allow_null=True)
    transaction_id = serializers.IntegerField(source="session_id", read_only=True, allow_null=True)
    error = serializers.SerializerMethodField(help_text="Why it failed, where it did")

    class Meta:
        model = Payment
        fields: tuple[str, ...] = (
            *("id", "state", "provider", "purpose", "amount", "captured", "currency"),
            *("wallet_id", "customer_id", "transaction_id", "reference", "error"),
            *("requested_at", "changed_at", "expires_at"),
        )
        read_only_fields: tuple[str, ...] = fields

    def get_error(self, row: Payment) -> str:
        """Only what is final: what is tried again is the operator's business."""
        return row.error if row.state == PaymentState.FAILED else ""


class BegunSerializer(PaymentSerializer):
    """The same, with what the customer's app completes it with."""

    client_secret = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="For the provider's SDK; null where there is nothing to complete, or the provider"
        " has not answered yet: send the same request again",
    )

    class Meta(PaymentSerializer.Meta):
        fields: tuple[str, ...] = (*PaymentSerializer.Meta.fields, "client_secret")
        read_only_fields: tuple[str, ...] = fields


class PaymentRequest(CamelCase):
    """How much, by whom, what for."""

    amount = serializers.DecimalField(max_digits=15, decimal_places=4)
    currency = serializers.CharField(required=False, max_length=3)
    provider = serializers.ChoiceField([(name, name) for name in NAMES], default="stripe")
    purpose = serializers.ChoiceField(PaymentPurpose.choices, default=PaymentPurpose.TOP_UP)
    transaction_id = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="A session under way"
    )
    cp_id = serializers.CharField(
        required=False, max_length=255, help_text="The station at which the session will begin"
    )
    customer_id = serializers.CharField(
        required=False, max_length=200, help_text="Number or name of a user; default: yourself"
    )
    company_id = serializers.IntegerField(required=False, min_value=1)
    reference = serializers.CharField(
        required=False, max_length=100, help_text="Such as the number of a receipt"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Sessions are those of a user, and only payments for sessions name one."""
        session = attrs["purpose"] == PaymentPurpose.SESSION
        for name, shown in (("transaction_id", "transactionId"), ("cp_id", "cpId")):
            if name in attrs and not session:
                raise ValidationError({shown: ["is for payments with the purpose Session"]})
        if session and "company_id" in attrs:
            raise ValidationError({"companyId": ["has no sessions: name a user"]})
        return attrs


class GiveBackRequest(CamelCase):
    """How much goes back, and why."""

    amount = serializers.DecimalField(max_digits=15, decimal_places=4)
    reason = serializers.CharField(max_length=500)


class PaymentRefundSerializer(CamelCaseModel):
    """A part of a payment that goes back."""

    payment_id = serializers.IntegerField(read_only=True)
    state = serializers.ChoiceField(RefundState.choices, read_only=True)
    amount = Amount(lambda row: (row.amount, row.payment.currency))
    currency = serializers.CharField(source="payment.currency", read_only=True)

    class Meta:
        model = PaymentRefund
        fields = (
            *("id", "payment_id", "state", "amount", "currency", "reason"),
            *("requested_at", "changed_at"),
        )
        read_only_fields = fields


class PaymentFilters(Filters):
    """Which payments."""

    also: ClassVar[frozenset[str]] = Filters.also | {"customerId", "companyId"}

    state = ChoiceFilter(choices=PaymentState.choices)
    purpose = ChoiceFilter(choices=PaymentPurpose.choices)
    session_id = NumberFilter(field_name="session", min_value=1, max_value=2**31 - 1)


class PaymentAccess(WalletAccess):
    """Everybody pays for themselves; for others, and in cash, who has the scope or permission."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        scopes = getattr(request.auth, "scopes", None) is not None
        if request.user.is_authenticated and not scopes and view.action in ("create", "cancel"):
            body = request.data if isinstance(request.data, dict) else {}
            if not {"customerId", "companyId"} & body.keys() and body.get("provider") != "cash":
                return True
        return super().has_permission(request, view)


class PaymentViews(GenericViewSet[Payment]):
    """Payments of customers."""

    model = Payment
    permission_classes = (PaymentAccess,)
    refusals = REFUSALS
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.record_payment"}
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = Payment.objects.none()
    serializer_class: Any = PaymentSerializer
    filterset_class = PaymentFilters
    keyset = ("-id",)

    @extend_schema(parameters=WHOSE[:2], operation_id="payments_list")
    def list(self, request: Request) -> Response:
        """Your own payments, or another customer's, newest first."""
        rows = _of(customer_meant(request))
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(operation_id="payments_retrieve")
    def retrieve(self, request: Request, payment_id: int) -> Response:
        """How a payment stands."""
        row = _seen(request, payment_id, "billing.view_payment")
        return Response(PaymentSerializer(row).data)

    @extend_schema(
        request=PaymentRequest,
        parameters=[KEY],
        responses={201: BegunSerializer},
        operation_id="payments_create",
    )
    def create(self, request: Request) -> Response:
        """Begin a payment. The customer's app completes it with the client secret.

        The same key gives the same payment, and its client secret again. Where the provider does
        not answer in time the state is Created: it is asked again by itself.
        """
        wanted = PaymentRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        station = stations.find(fields["cp_id"]) if "cp_id" in fields else None
        if "cp_id" in fields and station is None:
            raise NotFound("There is no such station", fields={"cpId": ["is not known here"]})
        payment, secret = payment_steps.order(
            provider=fields["provider"],
            purpose=fields["purpose"],
            customer=_customer(request, fields),
            amount=fields["amount"],
            currency=accounts.known_currency(fields.get("currency", settings.BILLING_CURRENCY)),
            session_id=fields.get("transaction_id"),
            station=station,
            reference=fields.get("reference", ""),
            key=f"payment/{needed_key(request)}",
            at=clock.now(),
            by_id=request.user.pk,
        )
        shown = PaymentSerializer(payment).data
        return Response({**shown, "clientSecret": secret or None}, status=201)

    @extend_schema(request=None, operation_id="payments_cancel")
    def cancel(self, request: Request, payment_id: int) -> Response:
        """Let go of a payment that nothing was taken of, and that no session uses."""
        row = _seen(request, payment_id, "billing.record_payment")
        cancelled = payments.cancel(payment_id=row.pk, at=clock.now())
        return Response(PaymentSerializer(cancelled).data)


class PaymentRefundViews(GenericViewSet[PaymentRefund]):
    """What goes back of payments."""

    model = PaymentRefund
    permissions: ClassVar[dict[str, str]] = {
        "GET": "billing.view_payment",
        "POST": "billing.refund_payment",
    }
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = PaymentRefund.objects.none()
    serializer_class = PaymentRefundSerializer
    keyset = ("-id",)

    @extend_schema(operation_id="payment_refunds_list")
    def list(self, request: Request, payment_id: int) -> Response:
        """The refunds of a payment, newest first."""
        rows = PaymentRefund.objects.select_related("payment").filter(payment=payment_id)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=GiveBackRequest,
        parameters=[KEY],
        responses={201: PaymentRefundSerializer, 202: CorrectionSerializer},
        operation_id="payment_refunds_create",
    )
    def create(self, request: Request, payment_id: int) -> Response:
        """Give a part of a payment back, out of the wallet; the same key gives back once.

        202 where another person has to approve it first: nothing is booked before.
        """
        wanted = GiveBackRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = corrections.ask(
            kind=CorrectionKind.PAYMENT_REFUND,
            parameters={"payment_id": payment_id, "amount": wanted.validated_data["amount"]},
            reason=wanted.validated_data["reason"],
            key=f"payment-refund/{needed_key(request)}",
            at=clock.now(),
            by_id=request.user.pk,
        )
        if isinstance(made, CorrectionRequest):
            return waiting(made)
        return Response(PaymentRefundSerializer(made).data, status=201)


def _customer(request: Request, fields: dict[str, Any]) -> Any:
    if "company_id" in fields:
        return company(fields["company_id"])
    return customer(fields["customer_id"]) if "customer_id" in fields else request.user


def _of(who: Any) -> QuerySet[Payment]:
    """The payments of a user or a Company."""
    if who._meta.model_name == "company":
        return Payment.objects.filter(wallet__company=who)
    return Payment.objects.filter(Q(user=who) | Q(wallet__user=who))


def _seen(request: Request, payment_id: int, permission: str) -> Payment:
    """The payment, where the caller may see it. Raises NotFound, also where they may not."""
    scopes = getattr(request.auth, "scopes", None) is not None  # HasScope has looked at them
    user = request.user
    others = scopes or (user.is_staff and user.has_perm(permission))
    others = others and scoping.limit_of(user) is None  # they are the whole company's
    found = (Payment.objects if others else _of(user)).filter(pk=payment_id).first()
    if found is None:
        raise NotFound("There is no payment %(payment_id)s", payment_id=payment_id)
    return found
