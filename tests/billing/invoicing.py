"""What is given in the tests of invoices: an issuer, sessions billed in months, what was issued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Account, Company, Invoice, Issuer, JournalEntry, Member, SessionBill
from billing.services import bills, giving_back, invoices
from cms.accounts.models import User
from stations.models import ChargingStation
from tests.billing import charging
from tests.stations import given

MARCH = given.NOON  # the first of March 2025
APRIL = datetime(2025, 4, 1, 0, 0, tzinfo=UTC)
MAY = datetime(2025, 5, 1, 0, 0, tzinfo=UTC)
FIRST_RUN = APRIL + timedelta(hours=3)


def an_issuer(**more: Any) -> Issuer:
    """Who issues invoices."""
    facts = {
        "name": "Voltwerk GmbH",
        "address": "Kai 1\n20457 Hamburg",
        "country": "DE",
        "tax_number": "DE123456789",
        "bank": "IBAN DE89 3704 0044 0532 0130 00",
        "time_zone": "UTC",
    }
    return Issuer.objects.create(**{**facts, **more})


def a_driver(name: str = "ann", tag: str = "CARD-1", company: Company | None = None) -> User:
    """A person with a card, at a company's expense where one is named."""
    user = charging.a_driver(name, tag)
    if company is not None:
        Member.objects.create(user=user, company=company)
    return user


def billed(
    station: ChargingStation, *, at: datetime = MARCH, tag: str = "CARD-1", wh: int = 10_000
) -> SessionBill:
    """A session of an hour that was billed a day after ``at``."""
    minute = (at - given.NOON).total_seconds() / 60
    number = charging.charged(station, tag=tag, wh=wh, minute=minute)
    charging.bill_all(at=at + timedelta(days=1))
    return SessionBill.objects.get(session=number)


def repriced(bill: SessionBill, at: datetime, price: str = "0.20") -> SessionBill:
    """The session at another price: a reversal and a new bill."""
    version = charging.new_version(bill.version.tariff, price, at)
    return bills.reprice(session_id=bill.session_id, reason="Agreed", version=version, at=at)


def refunded(bill: SessionBill, amount: str, at: datetime, key: str = "refund") -> JournalEntry:
    """A part of it given back."""
    return giving_back.refund(
        charge_id=bill.entry_id, amount=Decimal(amount), reason="Cable", key=key, at=at
    )


def wallet(name: str = "ann") -> Account:
    """The wallet of a driver."""
    return Account.objects.get(code__startswith="wallet/user/", user__username=name)


def issued(until: datetime = APRIL, at: datetime = FIRST_RUN, name: str = "ann") -> list[Invoice]:
    """What is issued for a driver."""
    return invoices.issue(wallet_id=wallet(name).pk, until=until, at=at)


def shown(rows: Any) -> list[tuple[str, str]]:
    """Numbers and amounts."""
    return [(row.number, f"{row.gross:.2f}") for row in rows]


def everything() -> list[tuple[str, str]]:
    """All that was ever issued."""
    return shown(Invoice.objects.order_by("pk"))
