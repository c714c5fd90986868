"""Wallets over REST: /api/wallet, its postings and top-ups."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django_filters import ChoiceFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing import selectors
from billing.api.customers import (
    KEY,
    REFUSALS,
    WHOSE,
    WalletAccess,
    company,
    customer,
    wallet_meant,
)
from billing.models import Account, EntryKind, Policy, Posting
from billing.services import accounts, wallets
from cms.shared import clock, money
from cms.shared.api import CamelCase, CamelCaseModel, Filters, Moment
from cms.shared.api.idempotency import needed_key


@extend_schema_field(str)
class Amount(serializers.Field[Any, Any, str, Any]):
    """An amount as text, with the decimals of its currency. Read only; ``of`` finds it."""

    def __init__(self, of: Any, **kwargs: Any) -> None:
        self.of = of
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, value: Any) -> str:
        """The amount that ``of`` finds in ``value`` with its currency."""
        amount, currency = self.of(value)
        return f"{money.rounded(amount, currency):f}"


def _in_wallet(read: Any) -> Amount:
    return Amount(lambda wallet: (read(wallet), wallet.account.currency))


def _in_posting(read: Any) -> Amount:
    return Amount(lambda posting: (read(posting), posting.account.currency))


class WalletSerializer(CamelCase):
    """What a customer has: ``available`` is the balance and the credit limit together."""

    id = serializers.IntegerField(source="account.pk", read_only=True)
    name = serializers.CharField(source="account.name", read_only=True)
    customer_id = serializers.IntegerField(
        source="account.user_id", read_only=True, allow_null=True
    )
    company_id = serializers.IntegerField(
        source="account.company_id", read_only=True, allow_null=True
    )
    currency = serializers.CharField(source="account.currency", read_only=True)
    policy = serializers.ChoiceField(Policy.choices, source="account.policy", read_only=True)
    balance = _in_wallet(lambda wallet: wallet.account.balance)
    available = _in_wallet(lambda wallet: wallet.account.available)
    credit_limit = _in_wallet(lambda wallet: wallet.account.credit_limit)
    held = _in_wallet(lambda wallet: wallet.held)
    owed = _in_wallet(lambda wallet: wallet.owed)


class PostingSerializer(CamelCaseModel):
    """Something that happened on a wallet: above zero came in, below zero went out."""

    entry_id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(EntryKind.choices, source="entry.kind", read_only=True)
    amount = _in_posting(lambda posting: posting.amount)
    balance_after = _in_posting(lambda posting: posting.balance_after)
    at = serializers.DateTimeField(source="entry.at", read_only=True)
    reference = serializers.CharField(source="entry.reference", read_only=True)
    description = serializers.CharField(source="entry.description", read_only=True)
    reason = serializers.CharField(source="entry.reason", read_only=True)

    class Meta:
        model = Posting
        fields = (
            "id",
            "entry_id",
            "kind",
            "amount",
            "balance_after",
            "at",
            "booked_at",
            "reference",
            "description",
            "reason",
        )
        read_only_fields = fields


class TopUpRequest(CamelCase):
    """How much, and into whose wallet; a customer's first top-up opens it."""

    amount = serializers.DecimalField(max_digits=15, decimal_places=4)
    customer_id = serializers.CharField(
        required=False, max_length=200, help_text="Number or name of a user"
    )
    company_id = serializers.IntegerField(required=False, min_value=1)
    currency = serializers.CharField(required=False, max_length=3)
    reference = serializers.CharField(
        required=False, max_length=100, help_text="Such as the number of a receipt"
    )


class PostingFilters(Filters):
    """Which postings."""

    also: ClassVar[frozenset[str]] = Filters.also | {"customerId", "companyId", "currency"}

    kind = ChoiceFilter(choices=EntryKind.choices, field_name="entry__kind")
    booked_after = Moment(field_name="booked_at", lookup_expr="gte")
    booked_before = Moment(field_name="booked_at", lookup_expr="lt")


class WalletViews(GenericViewSet[Account]):
    """What a customer has."""

    model = Account
    permission_classes = (WalletAccess,)
    refusals = REFUSALS
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.top_up_wallet"}
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = Account.objects.none()
    serializer_class: Any = WalletSerializer

    @extend_schema(parameters=WHOSE, operation_id="wallet_retrieve")
    def retrieve(self, request: Request) -> Response:
        """Your own wallet, or with a scope or permission that of another customer."""
        return Response(WalletSerializer(wallet_meant(request)).data)

    @extend_schema(
        request=TopUpRequest,
        parameters=[KEY],
        responses={201: WalletSerializer},
        operation_id="wallet_top_up",
    )
    def top_up(self, request: Request) -> Response:
        """Money was taken by hand or by bank: put it into a wallet."""
        wanted, at = TopUpRequest(data=request.data), clock.now()
        wanted.is_valid(raise_exception=True)
        fields = wanted.validated_data
        currency = accounts.known_currency(fields.get("currency", settings.BILLING_CURRENCY))
        account = wallets.open(customer=_customer(request, fields), currency=currency, at=at)
        wallets.top_up(
            wallet_id=account.pk,
            amount=fields["amount"],
            source=accounts.cash(currency),
            key=f"top-up/{needed_key(request)}",
            at=at,
            by_id=request.user.pk,
            reference=fields.get("reference", ""),
        )
        account.refresh_from_db()
        return Response(WalletSerializer(selectors.sides(account)).data, status=201)


class PostingViews(GenericViewSet[Posting]):
    """What happened on a wallet, newest first."""

    model = Account
    permission_classes = (WalletAccess,)
    refusals = REFUSALS
    queryset = Posting.objects.none()
    serializer_class = PostingSerializer
    filterset_class = PostingFilters
    keyset = ("-id",)

    @extend_schema(parameters=WHOSE, operation_id="wallet_postings_list")
    def list(self, request: Request) -> Response:
        """Postings of your own wallet, or of another customer's, page by page."""
        rows: QuerySet[Posting] = selectors.postings(wallet_meant(request).account)
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def _customer(request: Request, fields: dict[str, Any]) -> Any:
    if "company_id" in fields:
        return company(fields["company_id"])
    return customer(fields["customer_id"]) if "customer_id" in fields else request.user
