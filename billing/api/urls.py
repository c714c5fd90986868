"""The paths of what charging costs, below /api."""

from __future__ import annotations

from billing.api.corrections import CorrectionViews, DecisionViews
from billing.api.costs import CostViews
from billing.api.histories import HistoryViews
from billing.api.invoices import InvoiceLineViews, InvoicePdfViews, InvoiceViews
from billing.api.payments import PaymentRefundViews, PaymentViews
from billing.api.periods import PeriodViews
from billing.api.refunds import RefundViews
from billing.api.report_exports import ExportViews
from billing.api.reports import ReportViews
from billing.api.statements import StatementPdfViews, StatementViews
from billing.api.tariffs import AssignmentViews, TariffViews, VersionViews
from billing.api.wallets import PostingViews, WalletViews
from billing.api.webhooks import StripeWebhook
from cms.shared.api import route

_tariff = "tariffs/<number:tariff_id>"
_invoice = "invoices/<number:invoice_id>"
_payment = "payments/<number:payment_id>"
_correction = "corrections/<number:correction_id>"

urlpatterns = [
    route(
        "billing-periods",
        PeriodViews.as_view({"get": "list", "post": "create"}),
        "billing-periods",
    ),
    route(
        "billing-periods/<number:number>",
        PeriodViews.as_view({"get": "retrieve"}),
        "billing-period",
    ),
    route("tariffs", TariffViews.as_view({"get": "list", "post": "create"}), "tariffs"),
    route(_tariff, TariffViews.as_view({"get": "retrieve"}), "tariff"),
    route(
        f"{_tariff}/versions",
        VersionViews.as_view({"get": "list", "post": "create"}),
        "tariff-versions",
    ),
    route(
        f"{_tariff}/assignments",
        AssignmentViews.as_view({"get": "list", "post": "create"}),
        "tariff-assignments",
    ),
    route(
        f"{_tariff}/assignments/<number:assignment_id>",
        AssignmentViews.as_view({"delete": "destroy"}),
        "tariff-assignment",
    ),
    route(
        "sessions/<number:transaction_id>/cost",
        CostViews.as_view({"get": "retrieve"}),
        "session-cost",
    ),
    route("reports/billing", ReportViews.as_view({"get": "retrieve"}), "billing-report"),
    route(
        "reports/billing/exports",
        ExportViews.as_view({"get": "list", "post": "create"}),
        "billing-exports",
    ),
    route(
        "reports/billing/exports/<number:export_id>",
        ExportViews.as_view({"get": "retrieve"}),
        "billing-export",
    ),
    route(
        "reports/billing/exports/<number:export_id>/file",
        ExportViews.as_view({"get": "file"}),
        "billing-export-file",
    ),
    route("charging-history", HistoryViews.as_view({"get": "list"}), "charging-history"),
    route("wallet", WalletViews.as_view({"get": "retrieve"}), "wallet"),
    route("wallet/postings", PostingViews.as_view({"get": "list"}), "wallet-postings"),
    route("wallet/statement", StatementViews.as_view({"get": "retrieve"}), "wallet-statement"),
    route(
        "wallet/statement.pdf",
        StatementPdfViews.as_view({"get": "retrieve"}),
        "wallet-statement-pdf",
    ),
    route("wallet/top-up", WalletViews.as_view({"post": "top_up"}), "wallet-top-up"),
    route("wallet/refund", RefundViews.as_view({"post": "create"}), "wallet-refund"),
    route("corrections", CorrectionViews.as_view({"get": "list"}), "corrections"),
    route(_correction, CorrectionViews.as_view({"get": "retrieve"}), "correction"),
    route(
        f"{_correction}/withdraw",
        CorrectionViews.as_view({"post": "withdraw"}),
        "correction-withdraw",
    ),
    route(
        f"{_correction}/approve", DecisionViews.as_view({"post": "approve"}), "correction-approve"
    ),
    route(f"{_correction}/reject", DecisionViews.as_view({"post": "reject"}), "correction-reject"),
    route("invoices", InvoiceViews.as_view({"get": "list", "post": "create"}), "invoices"),
    route(_invoice, InvoiceViews.as_view({"get": "retrieve"}), "invoice"),
    route(f"{_invoice}/lines", InvoiceLineViews.as_view({"get": "list"}), "invoice-lines"),
    route(f"{_invoice}/pdf", InvoicePdfViews.as_view({"get": "retrieve"}), "invoice-pdf"),
    route("payments", PaymentViews.as_view({"get": "list", "post": "create"}), "payments"),
    route(_payment, PaymentViews.as_view({"get": "retrieve"}), "payment"),
    route(f"{_payment}/cancel", PaymentViews.as_view({"post": "cancel"}), "payment-cancel"),
    route(
        f"{_payment}/refunds",
        PaymentRefundViews.as_view({"get": "list", "post": "create"}),
        "payment-refunds",
    ),
    route("payments/webhooks/stripe", StripeWebhook.as_view(), "stripe-webhook"),
]
