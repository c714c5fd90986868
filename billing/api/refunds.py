"""POST /api/wallet/refund, as the prior OCPP WebSocket Service calls it when a session ended."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing import selectors
from billing.api.corrections import CorrectionSerializer, waiting
from billing.api.customers import customer
from billing.models import Account, CorrectionKind, CorrectionRequest, JournalEntry, Posting
from billing.services import corrections
from cms.shared import clock
from cms.shared.api import CamelCase
from cms.shared.errors import NotFound


class RefundRequest(CamelCase):
    """What a session did not use of the amount paid for it before."""

    customer_id = serializers.CharField(max_length=200, help_text="Number or name of a user")
    refund_amount = serializers.DecimalField(max_digits=15, decimal_places=4)
    session_id = serializers.CharField(max_length=80, help_text="Refunded once")
    energy_consumed = serializers.FloatField(required=False, allow_null=True)
    final_amount = serializers.DecimalField(
        max_digits=15, decimal_places=4, required=False, allow_null=True
    )
    amount_deducted = serializers.DecimalField(
        max_digits=15, decimal_places=4, required=False, allow_null=True
    )
    description = serializers.CharField(
        required=False,
        max_length=200,
        allow_blank=True,
        help_text="Why; needed where the session was charged already",
    )


class RefundTransaction(CamelCase):
    """The refund, in the prior system's words."""

    id = serializers.IntegerField()
    customer_id = serializers.CharField()
    transaction_type = serializers.CharField(help_text="refund")
    amount = serializers.FloatField()
    balance_before = serializers.FloatField()
    balance_after = serializers.FloatField()
    reference_id = serializers.CharField(help_text="The session")
    status = serializers.CharField(help_text="completed")
    transaction_category = serializers.CharField(help_text="refund")
    description = serializers.CharField()


class RefundAnswer(CamelCase):
    """It was done, now or before."""

    success = serializers.BooleanField()
    transaction = RefundTransaction()


class RefundViews(GenericViewSet[Account]):
    """Refunds."""

    model = Account
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.refund_wallet"}
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = Account.objects.none()
    serializer_class = RefundRequest

    @extend_schema(
        request=RefundRequest,
        responses={200: RefundAnswer, 202: CorrectionSerializer},
        operation_id="wallet_refund",
    )
    def create(self, request: Request) -> Response:
        """Give money back for a session, once for each session.

        What is held for it is released so far and the rest stays held; where it was charged, the
        charge is refunded, its taxes in proportion, which needs a ``description``. 202 where
        another person has to approve it first.
        """
        wanted = RefundRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        _check(fields["refund_amount"], fields.get("amount_deducted"))
        wallet = selectors.wallet_of(customer(fields["customer_id"]), settings.BILLING_CURRENCY)
        if wallet is None:
            raise NotFound("This customer has no wallet", fields={"customerId": ["has no wallet"]})
        made = corrections.ask(
            kind=CorrectionKind.SESSION_REFUND,
            parameters={
                "wallet_id": wallet.account.pk,
                "reference": f"session/{fields['session_id']}",
                "amount": fields["refund_amount"],
            },
            reason=fields.get("description") or "",
            key=f"refund/{wallet.account.pk}/{fields['session_id']}",
            at=clock.now(),
            by_id=request.user.pk,
        )
        if isinstance(made, CorrectionRequest):
            return waiting(made)
        return Response({"success": True, "transaction": _shown(made, wallet.account, fields)})


def _check(amount: Decimal, deducted: Decimal | None) -> None:
    if deducted is not None and amount > deducted:
        raise ValidationError({"refundAmount": ["is more than amountDeducted"]})


def _shown(entry: JournalEntry, wallet: Account, fields: dict[str, Any]) -> dict[str, Any]:
    """``entry`` and, where it released a hold, what is held anew of it, as one transaction."""
    keys = [entry.idempotency_key, f"{entry.idempotency_key}/rest"]
    rows = Posting.objects.filter(account=wallet, entry__idempotency_key__in=keys).order_by("pk")
    first, *_ = moves = list(rows)
    amount = sum((row.amount for row in moves), Decimal(0))
    return {
        "id": entry.pk,
        "customerId": fields["customer_id"],
        "transactionType": "refund",
        "amount": float(amount),
        "balanceBefore": float(first.balance_after - first.amount),
        "balanceAfter": float(moves[-1].balance_after),
        "referenceId": fields["session_id"],
        "status": "completed",
        "transactionCategory": "refund",
        "description": fields.get("description") or "",
    }
