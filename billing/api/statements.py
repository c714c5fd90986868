"""Statements of account over REST: /api/wallet/statement, as JSON and as PDF."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing import selectors
from billing.api.customers import REFUSALS, WHOSE, WalletAccess, wallet_meant
from billing.api.pdf import PDF, PdfRenderer, file
from billing.api.wallets import Amount
from billing.models import Account, JournalEntry
from billing.reports import statements
from billing.reports.statements import Statement
from billing.services import invoices
from cms.shared import clock, money
from cms.shared.api import CamelCase, CamelCaseModel, OrjsonRenderer

_FOREVER = ("1970-01-01T00:00:00Z", "9999-12-29T00:00:00Z")
_WHEN = [
    *WHOSE,
    OpenApiParameter("since", str, description="From when on (booked)"),
    OpenApiParameter("until", str, description="Until when, not included"),
    OpenApiParameter(
        "month", str, description="Instead: a month such as 2026-01, by the issuer's clocks"
    ),
]
_PAGES = [
    OpenApiParameter("limit", int, description="How many lines at most (default 100, up to 1000)"),
    OpenApiParameter("cursor", str, description="Where to go on: part of the Link header"),
]


def _in_statement(name: str) -> Amount:
    return Amount(lambda found: (getattr(found, name), found.wallet.currency))


class StatementLineSerializer(CamelCaseModel):
    """What happened, and the session and site it was for, where it was for one."""

    entry_id = serializers.IntegerField(source="pk", read_only=True)
    amount = serializers.SerializerMethodField()
    balance_after = serializers.SerializerMethodField()
    session_id = serializers.IntegerField(read_only=True, allow_null=True)
    site_name = serializers.CharField(read_only=True)

    class Meta:
        model = JournalEntry
        fields = (
            *("entry_id", "kind", "amount", "balance_after", "at", "booked_at"),
            *("session_id", "site_name", "reference", "description", "reason"),
        )
        read_only_fields = fields

    def get_amount(self, entry: Any) -> str:
        """Above zero came in, below zero went out."""
        return _text(entry.amount, self.context["currency"])

    def get_balance_after(self, entry: Any) -> str:
        """What the customer had then."""
        return _text(entry.balance_after, self.context["currency"])


class StatementSerializer(CamelCase):
    """A customer's account over a time, what is held and owed included.

    opening + charged + givenBack + paid + other = closing = opening + credits + debits.
    """

    currency = serializers.CharField(source="wallet.currency", read_only=True)
    since = serializers.DateTimeField(read_only=True)
    until = serializers.DateTimeField(read_only=True)
    opening = _in_statement("opening")
    charged = _in_statement("charged")
    given_back = _in_statement("given_back")
    paid = _in_statement("paid")
    other = _in_statement("other")
    credits = _in_statement("credits")
    debits = _in_statement("debits")
    closing = _in_statement("closing")
    lines = serializers.SerializerMethodField(help_text="The oldest first, page by page")

    @extend_schema_field(StatementLineSerializer(many=True))
    def get_lines(self, found: Statement) -> Any:
        """Those of the page that is asked for."""
        context = {"currency": found.wallet.currency}
        return StatementLineSerializer(self.context["lines"], many=True, context=context).data


class StatementViews(GenericViewSet[Account]):
    """What a customer had, and what came of it."""

    model = Account
    permission_classes = (WalletAccess,)
    queryset = Account.objects.none()
    serializer_class: Any = StatementSerializer
    renderer_classes = (OrjsonRenderer, PdfRenderer)
    keyset = ("id",)
    refusals = {**REFUSALS, "409": f"A file of more than {statements.MOST} lines"}

    @extend_schema(
        parameters=[*_WHEN, *_PAGES],
        responses={
            (200, "application/json"): StatementSerializer,
            (200, PDF): OpenApiTypes.BINARY,
        },
        operation_id="wallet_statement",
    )
    def retrieve(self, request: Request) -> Response | HttpResponse:
        """The sums of the whole time, and its lines page by page (the Link header goes on).

        With `Accept: application/pdf` all lines, as a file.
        """
        if getattr(request.accepted_renderer, "format", "") == "pdf":
            return _file(request)
        found = _meant(request)
        rows: Any = statements.entries(found)
        lines = statements.with_balances(found, self.paginate_queryset(rows) or [])
        shown = StatementSerializer(found, context={"lines": lines})
        return self.get_paginated_response(shown.data)


class StatementPdfViews(GenericViewSet[Account]):
    """The same as a file."""

    model = Account
    permission_classes = (WalletAccess,)
    queryset = Account.objects.none()
    renderer_classes = (PdfRenderer, OrjsonRenderer)
    refusals = StatementViews.refusals

    @extend_schema(
        parameters=_WHEN,
        responses={(200, PDF): OpenApiTypes.BINARY},
        operation_id="wallet_statement_pdf",
    )
    def retrieve(self, request: Request) -> HttpResponse:
        """Each posting with the balance after it; 409 where that are too many."""
        return _file(request)


def _file(request: Request) -> HttpResponse:
    query = request.query_params
    if "month" not in query and not ("since" in query and "until" in query):
        raise ValidationError({"month": ["is needed for a file, or since and until"]})
    found = _meant(request)
    content = statements.pdf(found, zone=selectors.zone(), at=clock.now())
    return file(content, f"statement-{found.since:%Y%m%d}-{found.until:%Y%m%d}.pdf")


def _meant(request: Request) -> Statement:
    since, until = _time(request)
    return statements.statement(wallet_meant(request).account, since=since, until=until)


def _time(request: Request) -> tuple[datetime, datetime]:
    if month := request.query_params.get("month"):
        return invoices.month_of(_middle(month), selectors.zone())
    names = zip(("since", "until"), _FOREVER, strict=True)
    since, until = (_moment(request, name, default) for name, default in names)
    return since, until


def _middle(month: str) -> datetime:
    """A moment that is in ``month`` by all clocks."""
    try:
        if not "1970" <= month < "3000":
            raise ValueError(month)
        return datetime.strptime(f"{month[:7]}-15", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ValidationError({"month": ["should be a month such as 2026-01"]}) from None


def _moment(request: Request, name: str, default: str) -> Any:
    try:
        return clock.parse(request.query_params.get(name) or default)
    except ValueError:
        hint = "should be a time such as 2026-01-31T18:00:00Z"
        raise ValidationError({name: [hint]}) from None


def _text(amount: Decimal, currency: str) -> str:
    return f"{money.rounded(amount, currency):f}"
