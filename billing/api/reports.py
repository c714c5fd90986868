"""The billing report over REST: /api/reports/billing as JSON, CSV, workbook and statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.models import SessionBill
from billing.reports import asked, exports, periods
from billing.reports.asked import Asked
from billing.reports.books import Line
from billing.reports.report import report
from billing.services import report_files
from cms.shared import clock, money, scoping
from cms.shared.api import CamelCase, HasScope, Kilo
from cms.shared.downloads import streamed, taken

PERMISSION = "billing.view_report"
REPORT_PARAMETERS = [
    OpenApiParameter(
        "period",
        str,
        enum=[*periods.NAMES, asked.CUSTOM],
        description="By the calendar of the zone; default: thisMonth",
    ),
    OpenApiParameter(
        "since", str, description="Instead of a period: a day, or a time such as 2026-01-31T18:00Z"
    ),
    OpenApiParameter(
        "until", str, description="The last day (whole), or a time (not included); default: now"
    ),
    OpenApiParameter("zone", str, description="Whose days they are; default: the system's"),
    OpenApiParameter("groupBy", str, enum=list(asked.GROUP_NAMES), description="Default: site"),
    OpenApiParameter(
        "sort", str, description=f"{', '.join(asked.SORTS)}; with - in front downwards"
    ),
    OpenApiParameter(
        "limit",
        int,
        description=f"Groups shown by name in each table, at most {asked.MOST}"
        f" (default {asked.DEFAULT_LIMIT}); what is beyond is summed up",
    ),
    OpenApiParameter("currency", str, description="Only this one (ISO 4217)"),
    *(
        OpenApiParameter(name, int, description=f"Only of this {group.replace('_', ' ')}")
        for name, (group, _) in asked.ONLY.items()
    ),
]


class AmountField(serializers.CharField):
    """An amount as text, with the decimals of its currency. Read only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> str:
        """As it was rounded."""
        return f"{value:f}"


class BillingSumsSerializer(CamelCase):
    """What bills come to; ``sessions`` less those taken back."""

    sessions = serializers.IntegerField(read_only=True)
    energy_kwh = Kilo(source="energy_wh")
    net = AmountField()
    tax = AmountField()
    gross = AmountField()


class BillingGroupSerializer(CamelCase):
    """The sums of one site, owner ...; no id: of bills that belong to none."""

    id = serializers.IntegerField(source="key", read_only=True, allow_null=True)
    name = serializers.CharField(read_only=True)
    sums = BillingSumsSerializer(read_only=True)


class BillingVatSerializer(CamelCase):
    """What was sold at one rate of one country."""

    country = serializers.CharField(read_only=True)
    rate = serializers.SerializerMethodField(help_text="Percent")
    net = AmountField()
    tax = AmountField()
    gross = AmountField()

    def get_rate(self, vat: Any) -> str:
        """Without zeros at its end."""
        return f"{vat.rate.normalize():f}"


class BillingBooksSerializer(CamelCase):
    """What was billed and given back, beside what was booked on income and tax: of everything."""

    report_total = serializers.CharField(read_only=True)
    ledger_total = serializers.CharField(read_only=True)
    difference = serializers.CharField(read_only=True)
    agrees = serializers.BooleanField(
        read_only=True, help_text="Part by part: net, tax, what was given back, nothing else"
    )

    def to_representation(self, line: Line) -> dict[str, Any]:
        """With the decimals of the currency."""
        shown = {
            name: f"{money.rounded(getattr(line, of), line.currency):f}"
            for name, of in _BOOKS.items()
        }
        return {**shown, "agrees": line.agrees}


_BOOKS = {
    "reportTotal": "report_total",
    "ledgerTotal": "ledger_total",
    "difference": "difference",
}


class BillingTableSerializer(CamelCase):
    """Everything in one currency."""

    currency = serializers.CharField(read_only=True)
    groups = BillingGroupSerializer(many=True, read_only=True)
    others = serializers.IntegerField(read_only=True, help_text="Groups beyond the limit")
    rest = BillingSumsSerializer(read_only=True, help_text="What those come to")
    total = BillingSumsSerializer(read_only=True)
    vat = BillingVatSerializer(many=True, read_only=True)
    refunds = AmountField(help_text="Refunds and credit notes, below zero")
    outstanding = AmountField(
        allow_null=True,
        help_text="What customers owed at the end of the time; null where anything but an owner"
        " is chosen, for no debt is of a site",
    )
    reconciliation = BillingBooksSerializer(
        source="books",
        read_only=True,
        allow_null=True,
        help_text="Null for who sees some sites only: the ledger knows no sites",
    )


class BillingUnfinishedSerializer(CamelCase):
    """Sessions from before the end of the time that have no bill yet."""

    open = serializers.IntegerField(read_only=True)
    in_review = serializers.IntegerField(read_only=True)
    failed = serializers.IntegerField(read_only=True)
    due = serializers.IntegerField(read_only=True)


class ReportPeriodSerializer(CamelCase):
    """A closed period the report has a part in."""

    number = serializers.IntegerField(read_only=True)
    since = serializers.DateTimeField(read_only=True)
    until = serializers.DateTimeField(read_only=True)
    closed_at = serializers.DateTimeField(read_only=True)
    hash = serializers.CharField(read_only=True)


class BillingReportSerializer(CamelCase):
    """The report: a table for each currency, for amounts of two are never added."""

    since = serializers.DateTimeField(source="asked.scope.since", read_only=True)
    until = serializers.DateTimeField(source="asked.scope.until", read_only=True)
    zone = serializers.CharField(source="asked.scope.zone", read_only=True)
    group_by = serializers.CharField(source="asked.group", read_only=True)
    made_at = serializers.DateTimeField(read_only=True)
    tables = BillingTableSerializer(source="statements", many=True, read_only=True)
    unfinished = BillingUnfinishedSerializer(read_only=True)
    misfits = serializers.IntegerField(
        read_only=True, help_text="Bills, of whatever time, that no longer fit their sessions"
    )
    closed_periods = ReportPeriodSerializer(source="closed", many=True, read_only=True)


class ReportAccess(HasScope):
    """Money is shown to nobody unknown, not even in development."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        return request.user.is_authenticated and super().has_permission(request, view)


class AnyFormat(DefaultContentNegotiation):
    """Leaves ``?format=`` to the view: what it chooses is no renderer."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """JSON, for errors too."""
        return renderers[0], renderers[0].media_type


class ReportViews(GenericViewSet[SessionBill]):
    """What was billed in a time."""

    model = SessionBill
    permission_classes = (ReportAccess,)
    permissions: ClassVar[dict[str, str]] = dict.fromkeys(("GET", "HEAD", "OPTIONS"), PERMISSION)
    content_negotiation_class = AnyFormat
    queryset = SessionBill.objects.none()
    serializer_class = BillingReportSerializer
    refusals: ClassVar[dict[str, str]] = {
        "400": "A parameter is wrong; `fields` says what was expected",
        "409": "Too much for a workbook at once: ask for an export",
    }

    @extend_schema(
        parameters=[
            *REPORT_PARAMETERS,
            OpenApiParameter(
                "format", str, enum=["json", *report_files.KINDS], description="Default: json"
            ),
        ],
        responses={
            200: BillingReportSerializer,
            **{(200, kind): OpenApiTypes.BINARY for kind in report_files.TYPES.values()},
        },
        operation_id="billing_report",
    )
    def retrieve(self, request: Request) -> HttpResponseBase:
        """By the zone's days; CSV is streamed however long it is, a workbook has a limit."""
        wanted, kind = asked_by(request), request.query_params.get("format") or "json"
        if kind not in _ANSWERS:
            known = ", ".join(_ANSWERS)
            raise ValidationError({"format": [f"should be one of {known}"]})
        return _ANSWERS[kind](wanted)


def asked_by(request: Request, *also: str) -> Asked:
    """What the parameters ask for. Raises ValidationError and DomainError (400)."""
    known = {*asked.NAMES, "format", *also}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        hint = f"is not known here; known are {', '.join(sorted(known))}"
        raise ValidationError({name: [hint] for name in unknown})
    return asked.read(
        request.query_params.dict(), at=clock.now(), within=scoping.limit_of(request.user)
    )


def _json(wanted: Asked) -> HttpResponseBase:
    return Response(BillingReportSerializer(report(wanted, at=clock.now())).data)


def _csv(wanted: Asked) -> HttpResponseBase:
    name = report_files.name(wanted, "csv")
    return streamed(exports.csv_text(wanted.scope), name, report_files.TYPES["csv"])


def _at_once(kind: str) -> Callable[[Asked], HttpResponseBase]:
    """Answers with a file that is made whole before it is sent."""

    def answer(wanted: Asked) -> HttpResponseBase:
        file = report_files.at_once(wanted, kind, at=clock.now())
        return taken(file, report_files.name(wanted, kind), report_files.TYPES[kind])

    return answer


_ANSWERS: dict[str, Callable[[Asked], HttpResponseBase]] = {
    "json": _json,
    "csv": _csv,
    "xlsx": _at_once("xlsx"),
    "pdf": _at_once("pdf"),
}
