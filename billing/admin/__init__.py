"""People's pages of money: a module per noun."""

from __future__ import annotations

from billing.admin import accounts, bills, companies, entries, postings, tariffs

__all__ = ["accounts", "bills", "companies", "entries", "postings", "tariffs"]
