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
from billing.api.customers import REFUSALS, customer
from billing.models import Account, CorrectionKind, CorrectionRequest, JournalEntry, Posting
from billing.services import corrections, giving_back, holds
from cms.shared import clock
from cms.shared.api import CamelCase, Enveloped
from cms.shared.api.envelopes import Refusal
from cms.shared.errors import Conflict, NotFound
from stations.models import ChargingSession, SessionStatus


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


class RefundRefusal(Refusal):
    """That system's form, and what our own says besides."""

    code = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class RefundViews(Enveloped, GenericViewSet[Account]):
    """Refunds."""

    model = Account
    refusals = REFUSALS
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.refund_wallet"}
    scopes: ClassVar[dict[str, tuple[str, ...]]] = {"POST": ("money", "gateway")}
    queryset = Account.objects.none()
    serializer_class = RefundRequest
    refusal_serializer = RefundRefusal
    keeps = ("code", "fields")

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
        reference = holds.reference(fields["session_id"])
        key = f"refund/{wallet.account.pk}/{fields['session_id']}"
        if _is_gateway(request) and not JournalEntry.objects.filter(idempotency_key=key).exists():
            _check_open(wallet.account, reference)
        made = corrections.ask(
            kind=CorrectionKind.SESSION_REFUND,
            parameters={
                "wallet_id": wallet.account.pk,
                "reference": reference,
                "amount": fields["refund_amount"],
            },
            reason=fields.get("description") or "",
            key=key,
            at=clock.now(),
            by_id=request.user.pk,
        )
        if isinstance(made, CorrectionRequest):
            return waiting(made)
        return Response({"success": True, "transaction": _shown(made, wallet.account, fields)})


def _is_gateway(request: Request) -> bool:
    """Whether who asks may report of sessions, and nothing else with money."""
    return "money" not in getattr(request.auth, "scopes", ("money",))


def _check_open(wallet: Account, reference: str) -> None:
    """A gateway gives back what is held for a session that is over, before our bill does."""
    number = reference.partition("/")[2]
    under_way = ChargingSession.objects.filter(status=SessionStatus.ACTIVE)
    if number.isascii() and number.isdigit() and under_way.filter(pk=int(number[:18])).exists():
        raise Conflict("%(reference)s is under way: stop it first", reference=reference)
    if holds.open_hold(wallet.pk, reference) is None and giving_back.last_charge(
        wallet.pk, reference
    ):
        raise Conflict(
            "%(reference)s is charged: what was held beyond it was given back with its bill",
            reference=reference,
        )


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
