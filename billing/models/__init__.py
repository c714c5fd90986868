"""What is stored: customers, accounts, journal entries, postings."""

from __future__ import annotations

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

__all__ = [
    "Account",
    "AccountKind",
    "Company",
    "EntryKind",
    "JournalEntry",
    "Member",
    "MoneyField",
    "Policy",
    "Posting",
]
