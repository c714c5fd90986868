"""Amounts and kinds of accounts as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.models import Account, JournalEntry, Posting
from cms.shared import display, money

_TONES = {"Wallet": "green", "Held": "blue", "Owed": "red", "Income": "violet"}


def amount(value: Decimal, currency: str) -> SafeString:
    """``1,234.50 EUR``, in figures that stand under each other."""
    text = f"{money.rounded(value, currency):,f}"
    return format_html('<span class="vd-number">{} {}</span>', text, currency)


def balance(account: Account) -> SafeString:
    """What an account has, as accountants write it: what we have is above zero, too."""
    return amount(account.natural_balance, account.currency)


def kind(account: Account) -> SafeString:
    """What an account is for."""
    return display.pill(account.get_kind_display(), _TONES.get(account.kind, "grey"))


def entry_kind(entry: JournalEntry) -> SafeString:
    """What happened, and whether it was undone."""
    if hasattr(entry, "reversed_by"):
        return display.pill(f"{entry.get_kind_display()}, reversed", "grey")
    tone = "amber" if entry.kind in ("Reversal", "CreditNote", "Refund") else "blue"
    return display.pill(entry.get_kind_display(), tone)


def lines(postings: Iterable[Posting]) -> list[dict[str, Any]]:
    """Postings as rows of a table."""
    return [
        {
            "when": display.when(row.booked_at),
            "entry": display.link(row.entry),
            "account": display.link(row.account),
            "reference": row.entry.reference or display.NOTHING,
            "amount": amount(row.amount, row.account.currency),
            "after": amount(row.balance_after, row.account.currency),
        }
        for row in postings
    ]
