"""What is stored: customers, the ledger, tariffs, bills."""

from __future__ import annotations

from billing.models.bills import BillingState, BillKind, BillLine, SessionBill, SessionTariff
from billing.models.companies import Company, Member
from billing.models.fields import MoneyField
from billing.models.ledger import (
    Account,
    AccountKind,
    EntryKind,
    JournalEntry,
    Policy,
    Posting,
)
from billing.models.tariffs import LEVELS, Tariff, TariffAssignment, TariffVersion

__all__ = [
    "LEVELS",
    "Account",
    "AccountKind",
    "BillKind",
    "BillLine",
    "BillingState",
    "Company",
    "EntryKind",
    "JournalEntry",
    "Member",
    "MoneyField",
    "Policy",
    "Posting",
    "SessionBill",
    "SessionTariff",
    "Tariff",
    "TariffAssignment",
    "TariffVersion",
]
