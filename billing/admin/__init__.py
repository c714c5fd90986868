"""People's pages of money: a module per noun."""

from __future__ import annotations

from billing.admin import (
    accounts,
    attention,
    bills,
    companies,
    corrections,
    costs,
    entries,
    exports,
    payments,
    periods,
    postings,
    sessions,
    tariffs,
)

__all__ = [
    "accounts",
    "attention",
    "bills",
    "companies",
    "corrections",
    "costs",
    "entries",
    "exports",
    "payments",
    "periods",
    "postings",
    "sessions",
    "tariffs",
]
