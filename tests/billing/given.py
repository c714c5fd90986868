"""What is given in the tests of money: customers, wallets, and what the books should say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from billing.migrations import _asked, _closed, _frozen, _guards, _paid, _sealed
from billing.models import Account, AccountKind, Company, JournalEntry, Policy, Posting
from billing.services import accounts, holds, wallets
from billing.services.sales import Sale, Tax
from cms.accounts.models import User

NOON = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
CASH = accounts.cash("EUR")


def after(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def a_user(name: str = "ada") -> User:
    """A person who charges."""
    return User.objects.create_user(name)


def a_wallet(name: str = "ada", *, holding: str = "0", currency: str = "EUR") -> Account:
    """A person's prepaid wallet with so much in it."""
    wallet = wallets.open(customer=a_user(name), currency=currency, at=NOON)
    if Decimal(holding):
        top_up(wallet, holding)
    return wallet


def a_company_wallet(limit: str = "100") -> Account:
    """The postpaid wallet of a company."""
    company = Company.objects.create(name="Fleet Ltd")
    return wallets.open(
        customer=company,
        currency="EUR",
        at=NOON,
        policy=Policy.POSTPAID,
        credit_limit=Decimal(limit),
    )


def top_up(wallet: Account, amount: str, key: str = "top-up") -> JournalEntry:
    """Cash into the wallet."""
    source = accounts.cash(wallet.currency)
    return wallets.top_up(
        wallet_id=wallet.pk,
        amount=Decimal(amount),
        source=source,
        key=f"{key}/{wallet.pk}",
        at=NOON,
    )


def hold(wallet: Account, amount: str, session: str = "session/1", key: str = "hold") -> Any:
    """So much set aside for a session."""
    return holds.hold(
        wallet_id=wallet.pk, amount=Decimal(amount), reference=session, key=key, at=NOON
    )


def settle(
    wallet: Account, sold: Sale, session: str = "session/1", key: str = "settle"
) -> holds.Settled:
    """The session's end."""
    return holds.settle(wallet_id=wallet.pk, reference=session, sale=sold, key=key, at=after(60))


def sale(net: str, tax: str = "0", rate: str = "19", country: str = "DE") -> Sale:
    """Charging sold, with one tax."""
    return Sale(Decimal(net), (Tax(country, Decimal(rate), Decimal(tax)),) if Decimal(tax) else ())


def balance(wallet: Account, kind: AccountKind = AccountKind.WALLET) -> str:
    """What an account of the customer holds now, as people write it."""
    rows = Account.objects.filter(kind=kind)
    row = rows.get(pk=wallet.pk) if kind == AccountKind.WALLET else rows.get(wallet=wallet)
    return f"{row.balance:.2f}"


def balances() -> dict[str, str]:
    """Every account that holds something."""
    rows = Account.objects.exclude(balance=Decimal(0)).order_by("code")
    return {row.code: f"{row.balance:.2f}" for row in rows}


def ours(*codes: str) -> list[str]:
    """What accounts of ours hold, by their codes."""
    held = balances()
    return [held.get(code, "0.00") for code in codes]


def lines(entry: JournalEntry) -> dict[str, str]:
    """What an entry moved, by the kind of account."""
    rows = entry.postings.select_related("account").order_by("pk")
    return {row.account.kind: f"{row.amount:.2f}" for row in rows}


def counted() -> tuple[int, int]:
    """How many entries and postings there are."""
    return JournalEntry.objects.count(), Posting.objects.count()


class Statements:
    """Enough of a schema editor for the guards."""

    connection = connection

    def execute(self, statement: str, params: None = None) -> None:
        """Run it."""
        with connection.cursor() as cursor:
            cursor.execute(statement, params)


@contextmanager
def taken_back() -> Iterator[None]:
    """A block whose writes are checked as at a commit and then taken back."""
    with transaction.atomic():
        yield
        connection.check_constraints()
        transaction.set_rollback(True)


def unguarded() -> None:
    """Take the guards of the ledger and the bills away, to do what nobody may."""
    _guards.remove(Statements())
    _frozen.remove(Statements())
    _sealed.remove(Statements())
    _paid.remove(Statements())
    _asked.remove(Statements())


def guarded() -> None:
    """Put them back."""
    _guards.install(Statements())
    _frozen.install(Statements())
    _sealed.install(Statements())
    _paid.install(Statements())
    _asked.install(Statements())


def emptied() -> None:
    """Take everything out of the ledger and the bills, and with it what points there."""
    unguarded()
    invoices = (*_frozen.INVOICES, "billing_invoiceseries", "billing_invoicerun")
    others = (_closed.TABLE, "billing_sessiontariff", *invoices, *_paid.TABLES, _asked.TABLE)
    tables = (*_guards.TABLES, *_frozen.TABLES, *others)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("PRAGMA foreign_keys = ON")
    guarded()
