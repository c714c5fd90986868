"""Invoices and credit notes: the list, a page with the lines and the file; who issues them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from billing.admin import words
from billing.admin.correcting import waiting
from billing.admin.invoice_dialogs import InvoiceActions
from billing.models import Invoice, InvoiceKind, InvoiceLine, Issuer
from billing.reports import papers
from cms.shared import display
from cms.shared.admin import (
    BigTableAdmin,
    ChoiceFilter,
    ModelAdmin,
    RelatedFilter,
    TimeFilter,
)
from cms.shared.downloads import document

_MOST = 200  # lines on the page; all of them stand in the file
_LAST = 25


class IssuedFilter(TimeFilter):
    """By when it was issued."""

    title = lazy("issued")

    @staticmethod
    def since(rows: QuerySet[Invoice], moment: datetime) -> QuerySet[Invoice]:
        """Issued after ``moment``."""
        return rows.filter(issued_at__gte=moment)


@admin.register(Invoice)
class InvoiceAdmin(InvoiceActions, BigTableAdmin):
    """What was issued, newest first."""

    list_display = ("shown_number", "what", "customer", "period", "total", "to_pay", "issued")
    list_display_links = ("shown_number",)
    list_select_related = ("wallet__user", "wallet__company")
    ordering_in_range = ("-issued_at", "-id")
    list_filter = (
        IssuedFilter,
        ("kind", ChoiceFilter),
        ("wallet__company", RelatedFilter),
        ("wallet__user", RelatedFilter),
        ("wallet", RelatedFilter),
    )
    search_fields = ("number", "recipient_name__istartswith")
    search_help_text = lazy("Whole number, or recipient begins with …")
    actions = None
    actions_list = ["issue"]
    actions_detail = ["credit"]
    change_form_outer_after_template = "admin/billing/invoice_tail.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("what", "shown_number"),
                    ("customer", "recipient"),
                    ("period", "issued"),
                    ("total", "to_pay"),
                    ("of_invoice", "why"),
                    ("issuer", "made_by"),
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody: they are issued."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody."""
        return False

    def get_urls(self) -> list[Any]:
        """Plus the file."""
        view = self.admin_site.admin_view(self.file)
        return [path("<int:pk>/file/", view, name="billing_invoice_file"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        """By the whole number, or the beginning of the recipient's name."""
        text = search_term.strip()
        wanted = Q(number=text) | Q(recipient_name__istartswith=text)
        return queryset.filter(wanted) if text else queryset, False

    def file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the PDF."""
        invoice = self.found(request, str(pk))
        return document(papers.pdf(invoice), papers.file_name(invoice))

    def around(self, request: HttpRequest, invoice: Invoice) -> dict[str, Any]:
        """With its lines below, and what waits for another person."""
        waits = {"waiting": waiting(request, about=f"invoice/{invoice.pk}")}
        return {**_paper(invoice), **waits}

    @admin.display(description=lazy("Number"))
    def shown_number(self, row: Invoice) -> str:
        """Its number."""
        return row.number

    @admin.display(description=lazy("Kind"))
    def what(self, row: Invoice) -> SafeString:
        """An invoice or a credit note."""
        return kind(row)

    @admin.display(description=lazy("Customer"))
    def customer(self, row: Invoice) -> SafeString:
        """Whose it is, by the name it has now."""
        return display.link(row.wallet.company or row.wallet.user)

    @admin.display(description=lazy("Issued to"))
    def recipient(self, row: Invoice) -> str:
        """As it stands on the paper."""
        lines = [row.recipient_name, *row.recipient_address.splitlines(), row.recipient_country]
        return ", ".join(line for line in lines if line.strip())

    @admin.display(description=lazy("Billed in"))
    def period(self, row: Invoice) -> str:
        """Its first and last day."""
        return papers.days(row.since, row.until, row.zone)

    @admin.display(description=lazy("Total"))
    def total(self, row: Invoice) -> SafeString:
        """With tax."""
        return words.amount(row.gross, row.currency)

    @admin.display(description=lazy("To be paid"))
    def to_pay(self, row: Invoice) -> SafeString:
        """What was not paid when it was issued, and until when."""
        if row.due_on is None:
            return display.NOTHING
        return format_html(
            "{} <small>{}</small>",
            words.amount(row.payable, row.currency),
            _("by %(day)s") % {"day": row.due_on},
        )

    @admin.display(description=lazy("Issued"))
    def issued(self, row: Invoice) -> SafeString:
        """When."""
        return display.when(row.issued_at)

    @admin.display(description=lazy("Corrects"))
    def of_invoice(self, row: Invoice) -> SafeString:
        """The invoice a credit note is about."""
        return display.link(row.corrects)

    @admin.display(description=lazy("Reason"))
    def why(self, row: Invoice) -> str:
        """Of a credit note."""
        return row.reason or str(display.NOTHING)

    @admin.display(description=lazy("Issued by"))
    def issuer(self, row: Invoice) -> str:
        """As it stands on the paper."""
        return ", ".join(filter(None, [row.issuer_name, row.issuer_tax_number]))

    @admin.display(description=lazy("Made by"))
    def made_by(self, row: Invoice) -> object:
        """The person, or nobody where the monthly run did it."""
        return row.by or display.NOTHING


@admin.register(Issuer)
class IssuerAdmin(ModelAdmin):
    """What stands on invoices from now on; those that were issued keep what it said then."""

    list_display = ("name", "tax_number", "zone_shown", "payment_days")
    fieldsets = (
        (
            lazy("On the paper"),
            {"fields": ("name", "address", ("country", "tax_number"), "contact")},
        ),
        (lazy("Payment"), {"fields": ("bank", "payment_days", "note")}),
        (
            lazy("Numbers and months"),
            {"fields": (("invoice_prefix", "credit_prefix"), ("digits", "time_zone"))},
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """One only; every page asks, for its menu, so only pages about it look it up."""
        may: bool = super().has_add_permission(request)
        page = (request.resolver_match and request.resolver_match.url_name) or ""
        return may and not ("issuer" in page and Issuer.objects.exists())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: without it no invoices are issued."""
        return False

    @admin.display(description=lazy("Time zone"))
    def zone_shown(self, row: Issuer) -> str:
        """By whose clocks months end."""
        return row.zone


def kind(row: Invoice) -> SafeString:
    """An invoice or a credit note."""
    tone = "green" if row.kind == InvoiceKind.INVOICE else "amber"
    return display.pill(row.get_kind_display(), tone)


def of_wallets(wallets: list[int]) -> dict[str, Any]:
    """The last papers of a customer, for their page."""
    rows = Invoice.objects.filter(wallet__in=wallets).order_by("-id")[:_LAST]
    return {"invoices": [_row(row) for row in rows]}


def _row(row: Invoice) -> dict[str, Any]:
    return {
        "number": display.link(row),
        "kind": kind(row),
        "period": papers.days(row.since, row.until, row.zone),
        "total": words.amount(row.gross, row.currency),
        "issued": display.when(row.issued_at),
        "file": reverse("admin:billing_invoice_file", args=[row.pk]),
    }


def _paper(invoice: Invoice) -> dict[str, Any]:
    lines = invoice.lines.select_related("bill", "entry").order_by("position")[: _MOST + 1]
    shown = list(lines)
    return {
        "invoice": invoice,
        "file_url": reverse("admin:billing_invoice_file", args=[invoice.pk]),
        "lines": [_line(line, invoice) for line in shown[:_MOST]],
        "is_longer": len(shown) > _MOST,
        "taxes": [
            (f"{country} {rate} %".strip(), _amount(net, invoice), _amount(tax, invoice))
            for country, rate, net, tax in invoice.taxes
        ],
        "net": words.amount(invoice.net, invoice.currency),
        "tax": words.amount(invoice.tax, invoice.currency),
        "gross": words.amount(invoice.gross, invoice.currency),
        "corrections": [_row(row) for row in invoice.corrected_by.order_by("id")[:_LAST]],
    }


def _amount(text: str, invoice: Invoice) -> SafeString:
    return words.amount(Decimal(text), invoice.currency)


def _line(line: InvoiceLine, invoice: Invoice) -> dict[str, Any]:
    return {
        "position": line.position,
        "when": papers.minute(line.began_at or line.ended_at, invoice.zone),
        "what": line.text,
        "of": display.link(line.bill or line.entry),
        "energy": display.kwh(line.energy_wh) if line.bill_id else display.NOTHING,
        "net": words.amount(line.net, invoice.currency),
        "tax": words.amount(line.tax, invoice.currency),
        "gross": words.amount(line.gross, invoice.currency),
    }
