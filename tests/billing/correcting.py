"""What is given in the tests of the second pair of eyes: a limit, people, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.models import (
    Account,
    CorrectionKind,
    CorrectionLimit,
    CorrectionRequest,
    JournalEntry,
    SessionBill,
)
from billing.services import corrections, wallets
from cms.accounts.models import User
from tests.billing import charging, given, invoicing


def a_limit(amount: str = "5", currency: str = "EUR") -> CorrectionLimit:
    """Above so much another person has to look."""
    return CorrectionLimit.objects.create(currency=currency, amount=Decimal(amount))


def somebody(name: str) -> User:
    """A person of finance."""
    found, _ = User.objects.get_or_create(username=name)
    return found


def ask(
    kind: CorrectionKind,
    *,
    by: str = "asker",
    key: str = "k1",
    reason: str = "cable",
    at: datetime = charging.LATER,
    **parameters: Any,
) -> Any:
    """What comes of asking for a correction."""
    return corrections.ask(
        kind=kind,
        parameters=parameters,
        reason=reason,
        key=key,
        at=at,
        by_id=somebody(by).pk,
    )


def approve(request: Any, *, by: str = "other", at: datetime = charging.LATER) -> CorrectionRequest:
    """Somebody approves."""
    return corrections.approve(request_id=request.pk, at=at, by_id=somebody(by).pk)


def reject(request: Any, *, by: str = "other", reason: str = "too much") -> CorrectionRequest:
    """Somebody rejects."""
    return corrections.reject(
        request_id=request.pk, reason=reason, at=charging.LATER, by_id=somebody(by).pk
    )


def withdraw(request: Any, *, by: str = "asker") -> CorrectionRequest:
    """Somebody takes it back."""
    return corrections.withdraw(request_id=request.pk, at=charging.LATER, by_id=somebody(by).pk)


def now(request: Any) -> CorrectionRequest:
    """As it is stored now."""
    return CorrectionRequest.objects.get(pk=request.pk)


def a_charge(wallet: Account, net: str = "10", tax: str = "1.90") -> JournalEntry:
    """A session that was paid for."""
    charged = given.settle(wallet, given.sale(net, tax), key=f"settle/{wallet.pk}").charged
    assert charged is not None
    return charged


def pay_out(wallet: Account, amount: str, **how: Any) -> Any:
    """So much of it back, by hand."""
    return ask(CorrectionKind.PAY_OUT, wallet_id=wallet.pk, amount=Decimal(amount), **how)


def refund(charge: JournalEntry, amount: str, **how: Any) -> Any:
    """So much of a charge back."""
    return ask(CorrectionKind.REFUND, charge_id=charge.pk, amount=Decimal(amount), **how)


def a_bill(wh: int = 100_000) -> SessionBill:
    """What a session cost: 35.70 by default."""
    station = charging.a_station()
    charging.a_driver()
    charging.everywhere()
    number = charging.charged(station, wh=wh)
    charging.bill_all()
    return SessionBill.objects.select_related("version__tariff").get(session=number)


def reprice(bill: SessionBill, price: str, **how: Any) -> Any:
    """The session of a bill at another price for a kWh."""
    version = charging.new_version(bill.version.tariff, price, at=charging.LATER)
    facts = {"session_id": bill.session_id, "version_id": version.pk}
    return ask(CorrectionKind.REPRICE, **facts, **how)


def an_invoice() -> Any:
    """One of 35.70, of a driver who had the money."""
    invoicing.an_issuer()
    bill = a_bill()
    assert bill.wallet is not None
    given.top_up(bill.wallet, "100")
    [made] = invoicing.issued(until=invoicing.MAY, at=invoicing.MAY)
    return made


def a_payment(user: User, amount: str = "20") -> Any:
    """Cash that went into a wallet."""
    from billing.services import payment_steps

    payment, _ = payment_steps.order(
        provider="cash",
        customer=user,
        amount=Decimal(amount),
        currency="EUR",
        key="paid",
        at=given.NOON,
    )
    return payment


def booked(do: Callable[[], Any]) -> int:
    """How many entries ``do`` adds to the ledger."""
    before = given.counted()[0]
    do()
    return given.counted()[0] - before


def wallet_of(user: User) -> Account:
    """Their wallet in EUR."""
    return wallets.open(customer=user, currency="EUR", at=given.NOON)
