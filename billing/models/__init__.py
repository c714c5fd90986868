"""What is stored: customers, the ledger, tariffs, bills."""

from __future__ import annotations

from billing.models.bills import BillingState, BillKind, BillLine, SessionBill, SessionTariff
from billing.models.companies import Company, Member
from billing.models.corrections import (
    CorrectionKind,
    CorrectionLimit,
    CorrectionRequest,
    CorrectionState,
)
from billing.models.exports import ExportState, ReportExport
from billing.models.fields import MoneyField
from billing.models.invoices import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceRun,
    InvoiceSeries,
    Issuer,
)
from billing.models.ledger import (
    Account,
    AccountKind,
    EntryKind,
    JournalEntry,
    Policy,
    Posting,
)
from billing.models.payments import (
    Payment,
    PaymentEvent,
    PaymentPurpose,
    PaymentRefund,
    PaymentState,
    RefundState,
)
from billing.models.periods import BillingPeriod
from billing.models.tariffs import LEVELS, PLACES, Tariff, TariffAssignment, TariffVersion

__all__ = [
    "LEVELS",
    "PLACES",
    "Account",
    "AccountKind",
    "BillKind",
    "BillLine",
    "BillingPeriod",
    "BillingState",
    "Company",
    "CorrectionKind",
    "CorrectionLimit",
    "CorrectionRequest",
    "CorrectionState",
    "EntryKind",
    "ExportState",
    "Invoice",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceRun",
    "InvoiceSeries",
    "Issuer",
    "JournalEntry",
    "Member",
    "MoneyField",
    "Payment",
    "PaymentEvent",
    "PaymentPurpose",
    "PaymentRefund",
    "PaymentState",
    "Policy",
    "Posting",
    "RefundState",
    "ReportExport",
    "SessionBill",
    "SessionTariff",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
]
