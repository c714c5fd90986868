"""Every way to correct, as the code itself names them: none books above the limit unapproved."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from billing import services
from billing.errors import NeedsApproval
from billing.models import CorrectionKind, CorrectionRequest, EntryKind, Invoice
from billing.payments.provider import Fact, Standing
from billing.services import (
    accounts,
    bills,
    crediting,
    giving_back,
    ledger,
    payment_refunds,
    wallets,
)
from billing.services.correction_kinds import KINDS
from tests.billing import charging, given
from tests.billing.correcting import (
    a_bill,
    a_charge,
    a_limit,
    a_payment,
    an_invoice,
    approve,
    ask,
    booked,
    wallet_of,
)

pytestmark = pytest.mark.django_db
SIX = Decimal(6)
WHY: dict[str, Any] = {"reason": "cable", "key": "k", "at": charging.LATER}
# What has a reason and books nothing by itself: decisions, parts of a verb, notes
_NO_VERBS = {
    *("charges.book_anew", "corrections.ask", "corrections.reject", "invoices.note"),
    *("journal.checked_reason", "ledger.reverse_in", "payments.dealt_with"),
}


def _reprice() -> Callable[[], Any]:
    bill = a_bill()
    version = charging.new_version(bill.version.tariff, "0.20", at=charging.LATER)
    facts = {"session_id": bill.session_id, "version": version}
    return lambda: bills.reprice(**facts, reason="cable", at=charging.LATER)


def _refund() -> Callable[[], Any]:
    charge = a_charge(given.a_wallet(holding="50"))
    return lambda: giving_back.refund(charge_id=charge.pk, amount=SIX, **WHY)


def _refund_all() -> Callable[[], Any]:
    wallet = given.a_wallet(holding="50")
    charge = a_charge(wallet)
    return lambda: giving_back.refund_all(wallet_id=wallet.pk, amounts={charge.pk: SIX}, **WHY)


def _refund_session() -> Callable[[], Any]:
    wallet = given.a_wallet(holding="50")
    a_charge(wallet)
    which = {"wallet_id": wallet.pk, "reference": "session/1"}
    return lambda: giving_back.refund_session(**which, amount=SIX, **WHY)


def _credit_note() -> Callable[[], Any]:
    wallet = given.a_wallet(holding="50")
    return lambda: giving_back.credit_note(wallet_id=wallet.pk, sale=given.sale("6"), **WHY)


def _credit() -> Callable[[], Any]:
    invoice = an_invoice()
    return lambda: crediting.credit(invoice_id=invoice.pk, **WHY)


def _reverse() -> Callable[[], Any]:
    entry = given.top_up(given.a_wallet(), "50")
    return lambda: ledger.reverse(entry_id=entry.pk, **WHY)


def _pay_out() -> Callable[[], Any]:
    wallet = given.a_wallet(holding="50")
    return lambda: wallets.pay_out(wallet_id=wallet.pk, amount=SIX, target=given.CASH, **WHY)


def _payment_refund() -> Callable[[], Any]:
    payment = a_payment(given.a_user("ada"))
    return lambda: payment_refunds.request(payment_id=payment.pk, amount=SIX, **WHY)


VERBS: dict[str, Callable[[], Callable[[], Any]]] = {
    "bills.reprice": _reprice,
    "crediting.credit": _credit,
    "giving_back.credit_note": _credit_note,
    "giving_back.refund": _refund,
    "giving_back.refund_all": _refund_all,
    "giving_back.refund_session": _refund_session,
    "ledger.reverse": _reverse,
    "payment_refunds.request": _payment_refund,
    "wallets.pay_out": _pay_out,
}


def with_a_reason() -> Iterator[str]:
    """Every public function of our services that is told why."""
    for found in pkgutil.iter_modules(services.__path__):
        module = importlib.import_module(f"billing.services.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == module.__name__ and not name.startswith("_")
            if own and "reason" in inspect.signature(function).parameters:
                yield f"{found.name}.{name}"


def test_every_verb_that_is_told_why_is_walked_here():
    assert {*with_a_reason()} == {*VERBS} | _NO_VERBS


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_books_nothing_above_the_limit_by_itself(name):
    do = VERBS[name]()
    a_limit("5")

    def refused() -> None:
        with pytest.raises(NeedsApproval):
            do()

    papers = Invoice.objects.count()
    assert booked(refused) == 0
    assert Invoice.objects.count() == papers


@pytest.mark.parametrize("name", VERBS)
def test_the_same_is_booked_where_the_limit_is_higher(name):
    do = VERBS[name]()
    a_limit("100")
    assert booked(do) > 0


def test_an_adjustment_by_hand_is_refused_too():
    wallet = given.a_wallet()
    a_limit("5")
    lines = [(wallet, SIX), (accounts.adjustment("EUR"), -SIX)]
    with pytest.raises(NeedsApproval):
        ledger.book(kind=EntryKind.ADJUSTMENT, lines=lines, key="k", at=given.NOON)


def of_each_kind() -> dict[CorrectionKind, Callable[[], dict[str, Any]]]:
    """What each kind is asked with, given what it needs."""

    def wallet(**more: Any) -> dict[str, Any]:
        held = given.a_wallet(holding="50")
        return {"wallet_id": held.pk, "charge": a_charge(held), **more}

    def repriced() -> dict[str, Any]:
        bill = a_bill()
        version = charging.new_version(bill.version.tariff, "0.20", at=charging.LATER)
        return {"session_id": bill.session_id, "version_id": version.pk}

    def refunded() -> dict[str, Any]:
        return {"charge_id": wallet()["charge"].pk, "amount": SIX}

    def refunded_session() -> dict[str, Any]:
        return {"wallet_id": wallet()["wallet_id"], "reference": "session/1", "amount": SIX}

    return {
        CorrectionKind.REPRICE: repriced,
        CorrectionKind.REFUND: refunded,
        CorrectionKind.SESSION_REFUND: refunded_session,
        CorrectionKind.CREDIT: lambda: {
            "invoice_id": an_invoice().pk,
            "amount": None,
            "session_id": None,
        },
        CorrectionKind.REVERSAL: lambda: {"entry_id": given.top_up(given.a_wallet(), "50").pk},
        CorrectionKind.PAY_OUT: lambda: {"wallet_id": wallet()["wallet_id"], "amount": SIX},
        CorrectionKind.PAYMENT_REFUND: lambda: {
            "payment_id": a_payment(given.a_user("ada")).pk,
            "amount": SIX,
        },
    }


@pytest.mark.parametrize("kind", CorrectionKind)
def test_each_kind_waits_is_approved_and_a_repeat_is_told_what_it_made(kind):
    parameters = of_each_kind()[kind]()
    a_limit("5")
    made: list[Any] = []
    assert booked(lambda: made.append(ask(kind, **parameters))) == 0
    [waits] = made
    assert isinstance(waits, CorrectionRequest)
    assert booked(lambda: made.append(approve(waits))) > 0
    done = made[1]
    assert KINDS[kind].entry(ask(kind, **parameters)) == done.entry
    assert booked(lambda: ask(kind, **parameters)) == 0


def test_a_payment_given_back_at_the_provider_needs_nobody():
    """The money has left already: the books follow, whatever the limit is."""
    payment = a_payment(given.a_user("ada"))
    a_limit("5")
    gone = Fact("re_1", Standing.DONE, SIX, "EUR")
    assert booked(lambda: payment_refunds.learn(payment, gone, at=given.NOON, what="said")) == 1
    assert given.balance(wallet_of(payment.user or payment.wallet.user)) == "14.00"
