"""Amounts and kinds of accounts as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.models import Account, JournalEntry, Payment, Posting
from cms.shared import display, money

_TONES = {"Wallet": "green", "Held": "blue", "Owed": "red", "Income": "violet"}
_PAYMENT_TONES = {
    "Pending": "amber",
    "Authorised": "blue",
    "Capturing": "violet",
    "Cancelling": "violet",
    "Captured": "green",
    "Failed": "red",
}


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
        return display.pill(
            _("%(kind)s, reversed") % {"kind": entry.get_kind_display()},
            "grey",
        )
    tone = "amber" if entry.kind in ("Reversal", "CreditNote", "Refund") else "blue"
    return display.pill(entry.get_kind_display(), tone)


def payment_state(payment: Payment) -> SafeString:
    """Where a payment stands."""
    tone = _PAYMENT_TONES.get(payment.state, "grey")
    return display.pill(payment.get_state_display(), tone, payment.error)


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
