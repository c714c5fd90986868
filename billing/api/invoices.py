"""Invoices and credit notes over REST: /api/invoices, their lines and files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import ChoiceFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing import selectors
from billing.api.customers import REFUSALS, WalletAccess, company, company_named, customer
from billing.api.pdf import PDF, PdfRenderer, file
from billing.api.wallets import Amount
from billing.models import Invoice, InvoiceKind, InvoiceLine
from billing.reports import papers
from billing.services import accounts, invoices
from cms.shared import clock, money, scoping
from cms.shared.api import CamelCase, CamelCaseModel, Filters, Kilo, Moment, OrjsonRenderer
from cms.shared.errors import Conflict, NotFound

_WHOSE = [
    OpenApiParameter("customerId", str, description="Those of a user, by number or name"),
    OpenApiParameter("companyId", int, description="Those of a company"),
]


def _of_invoice(name: str) -> Amount:
    return Amount(lambda row: (getattr(row, name), row.currency))


def _of_line(name: str) -> Amount:
    return Amount(lambda row: (getattr(row, name), row.invoice.currency))


class TaxSerializer(CamelCase):
    """What was sold at one rate of one country."""

    country = serializers.CharField()
    rate = serializers.CharField(help_text="Percent")
    net = serializers.CharField()
    tax = serializers.CharField()


def _taxes(row: Invoice | InvoiceLine, currency: str) -> list[dict[str, str]]:
    return [
        {"country": country, "rate": rate, "net": _text(net, currency), "tax": _text(tax, currency)}
        for country, rate, net, tax in row.taxes
    ]


def _text(amount: str, currency: str) -> str:
    return f"{money.rounded(Decimal(amount), currency):f}"


class InvoiceSerializer(CamelCaseModel):
    """An invoice, or a credit note: amounts of that one are below zero."""

    kind = serializers.ChoiceField(InvoiceKind.choices, read_only=True)
    customer_id = serializers.IntegerField(source="wallet.user_id", allow_null=True, read_only=True)
    company_id = serializers.IntegerField(
        source="wallet.company_id", allow_null=True, read_only=True
    )
    corrects = serializers.CharField(
        source="corrects.number", default=None, allow_null=True, read_only=True
    )
    net = _of_invoice("net")
    tax = _of_invoice("tax")
    gross = _of_invoice("gross")
    payable = _of_invoice("payable")
    taxes = serializers.SerializerMethodField()

    class Meta:
        model = Invoice
        fields = (
            *("id", "number", "kind", "corrects", "customer_id", "company_id"),
            *("recipient_name", "recipient_address", "recipient_country", "recipient_tax_number"),
            *("issuer_name", "issuer_address", "issuer_country", "issuer_tax_number"),
            *("currency", "since", "until", "issued_at", "due_on", "net", "tax", "gross"),
            *("payable", "taxes", "reason", "hash", "previous_hash"),
        )
        read_only_fields = fields
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "since": {"help_text": "Its lines were booked from then on"},
            "until": {"help_text": "and before that"},
            "due_on": {"help_text": "Nothing where nothing is to be paid"},
            "hash": {"help_text": "SHA-256 over its content and the hash of the one before it"},
        }

    @extend_schema_field(TaxSerializer(many=True))
    def get_taxes(self, row: Invoice) -> list[dict[str, str]]:
        """By country and rate."""
        return _taxes(row, row.currency)


class InvoiceLineSerializer(CamelCaseModel):
    """A session that was billed or taken back, or a part of one that was given back."""

    session_id = serializers.IntegerField(
        source="bill.session_id", default=None, allow_null=True, read_only=True
    )
    energy_kwh = Kilo(source="energy_wh")
    net = _of_line("net")
    tax = _of_line("tax")
    gross = _of_line("gross")
    taxes = serializers.SerializerMethodField()

    class Meta:
        model = InvoiceLine
        fields = (
            *("position", "text", "session_id", "bill_id", "entry_id", "began_at", "ended_at"),
            *("energy_kwh", "net", "tax", "gross", "taxes"),
        )
        read_only_fields = fields

    @extend_schema_field(TaxSerializer(many=True))
    def get_taxes(self, row: InvoiceLine) -> list[dict[str, str]]:
        """By country and rate."""
        return _taxes(row, row.invoice.currency)


class IssueRequest(CamelCase):
    """Whom to invoice now, and for what."""

    customer_id = serializers.CharField(
        required=False, max_length=200, help_text="Number or name of a user"
    )
    company_id = serializers.IntegerField(required=False, min_value=1)
    currency = serializers.CharField(required=False, max_length=3)
    until = serializers.DateTimeField(
        required=False, help_text="What was booked before; absent: everything until now"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("customer_id" in attrs) == ("company_id" in attrs):
            raise serializers.ValidationError({"customerId": ["name a customer or a company"]})
        return attrs


class IssuedSerializer(CamelCase):
    """What was issued, in the order of the months."""

    invoices = InvoiceSerializer(many=True)


class InvoiceFilters(Filters):
    """Which invoices."""

    also: ClassVar[frozenset[str]] = Filters.also | {"customerId", "companyId"}

    kind = ChoiceFilter(choices=InvoiceKind.choices)
    issued_after = Moment(field_name="issued_at", lookup_expr="gte")
    issued_before = Moment(field_name="issued_at", lookup_expr="lt")


class InvoiceViews(GenericViewSet[Invoice]):
    """Invoices and credit notes, newest first."""

    model = Invoice
    permission_classes = (WalletAccess,)
    refusals = REFUSALS
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.issue_invoice"}
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = Invoice.objects.none()
    serializer_class: Any = InvoiceSerializer
    filterset_class = InvoiceFilters
    keyset = ("-id",)

    @extend_schema(parameters=_WHOSE)
    def list(self, request: Request) -> Response:
        """Your own; with the scope `read`, or as staff who may view invoices, all of them."""
        rows: QuerySet[Invoice] = selectors.invoices(_wallets(request))
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, invoice_id: str) -> Response:
        """One of those."""
        return Response(self.get_serializer(_found(request, invoice_id)).data)

    @extend_schema(request=IssueRequest, responses={201: IssuedSerializer})
    def create(self, request: Request) -> Response:
        """Invoice what waits for one customer; 409 where that is nothing.

        An invoice for each month, and credit notes for what takes back what was invoiced before.
        """
        wanted, at = IssueRequest(data=request.data), clock.now()
        wanted.is_valid(raise_exception=True)
        made = invoices.issue(
            wallet_id=_wallet(wanted.validated_data),
            until=min(wanted.validated_data.get("until", at), at),
            at=at,
            by_id=request.user.pk,
        )
        if not made:
            raise Conflict("Nothing waits to be invoiced")
        return Response(IssuedSerializer({"invoices": made}).data, status=201)


class InvoiceLineViews(GenericViewSet[InvoiceLine]):
    """The lines of an invoice."""

    model = Invoice
    permission_classes = (WalletAccess,)
    queryset = InvoiceLine.objects.none()
    serializer_class = InvoiceLineSerializer
    keyset = ("position",)

    @extend_schema(operation_id="invoices_lines_list")
    def list(self, request: Request, invoice_id: str) -> Response:
        """In their order, page by page."""
        lines = _found(request, invoice_id).lines.select_related("invoice", "bill")
        page = self.paginate_queryset(lines)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class InvoicePdfViews(GenericViewSet[Invoice]):
    """An invoice as a file."""

    model = Invoice
    permission_classes = (WalletAccess,)
    queryset = Invoice.objects.none()
    renderer_classes = (PdfRenderer, OrjsonRenderer)

    @extend_schema(responses={(200, PDF): OpenApiTypes.BINARY}, operation_id="invoices_pdf")
    def retrieve(self, request: Request, invoice_id: str) -> HttpResponse:
        """The same file whenever it is asked for."""
        invoice = _found(request, invoice_id)
        return file(papers.pdf(invoice), papers.file_name(invoice))


def _found(request: Request, invoice_id: str) -> Invoice:
    """One that the caller may see. Raises NotFound, also for those of others."""
    mine = None if _sees_all(request) else selectors.wallets_of(user=request.user.pk)
    found = selectors.invoices(mine).filter(pk=int(invoice_id)).first()
    if found is None:
        raise NotFound("There is no invoice %(invoice_id)s", invoice_id=invoice_id)
    return found


def _wallets(request: Request) -> list[int] | None:
    """Whose invoices a list is about; None: everybody's."""
    query = request.query_params
    if "companyId" in query:
        return selectors.wallets_of(company=company_named(query["companyId"]))
    if "customerId" in query:
        return selectors.wallets_of(user=customer(query["customerId"]))
    return None if _sees_all(request) else selectors.wallets_of(user=request.user.pk)


def _sees_all(request: Request) -> bool:
    """Programs with the scope, which was checked, and staff with the permission."""
    user = request.user
    if scoping.limit_of(user) is not None:  # invoices are of the whole company
        return False
    is_program = getattr(request.auth, "scopes", None) is not None
    return is_program or (user.is_staff and user.has_perm("billing.view_invoice"))


def _wallet(fields: dict[str, Any]) -> int:
    currency = accounts.known_currency(fields.get("currency", settings.BILLING_CURRENCY))
    who = (
        company(fields["company_id"]) if "company_id" in fields else customer(fields["customer_id"])
    )
    wallet = selectors.wallet_of(who, currency)
    if wallet is None:
        raise NotFound("There is no wallet in %(currency)s yet", currency=currency)
    return wallet.account.pk
