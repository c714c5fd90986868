"""What can be corrected: for each kind how things are now, and the verb that books it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from billing.models import (
    Account,
    AccountKind,
    BillKind,
    CorrectionKind,
    JournalEntry,
    Payment,
    SessionBill,
    TariffVersion,
)
from billing.services import (
    accounts as our_accounts,
)
from billing.services import (
    bills,
    crediting,
    giving_back,
    holds,
    ledger,
    payment_refunds,
    second_pair,
    wallets,
)
from billing.services.pricing import Priced
from cms.shared.errors import Conflict, NotFound

Parameters = Mapping[str, Any]


class Picture(NamedTuple):
    """How things are: what it is about, what stands before and after, and what may not change.

    ``exact``: what was left open in the request and is decided by now.
    """

    about: str
    before: Decimal
    after: Decimal
    facts: dict[str, Any]
    bill: SessionBill | None = None
    exact: Parameters = {}
    priced: Priced | None = None  # the bill as it would be


class Kind(NamedTuple):
    """``book`` takes the parameters as they are named, and reason, key, at, by_id.

    ``made`` finds what it made by its entry, where ``book`` does not know a repeat by its key.
    """

    picture: Callable[[Parameters, datetime], Picture]
    book: Callable[..., Any]
    entry: Callable[[Any], JournalEntry | None] = lambda made: made
    then: Callable[[Any, datetime], Any] = lambda made, at: made  # once it is committed
    made: Callable[[Any], Any] | None = None


def _reprice_picture(asked: Parameters, at: datetime) -> Picture:
    session_id = asked["session_id"]
    bill = bills.current(session_id)
    if bill is None:
        raise Conflict("Session %(session_id)s has no bill that stands", session_id=session_id)
    version = TariffVersion.objects.filter(pk=asked["version_id"]).first()
    priced = bills.preview(session_id=session_id, version=version, at=at)
    now = {name: _text(getattr(priced.bill, name)) for name in ("net", "tax", "gross")}
    return Picture(
        holds.reference(session_id),
        bill.gross,
        priced.bill.gross,
        {"bill": bill.pk, **now},
        bill,
        {"version_id": priced.version.pk},
        priced,
    )


def _reprice(*, session_id: int, version_id: int | None, key: str, **facts: Any) -> SessionBill:
    version = TariffVersion.objects.get(pk=version_id) if version_id else None
    return bills.reprice(session_id=session_id, version=version, **facts)


def _charged_anew(bill: SessionBill) -> JournalEntry | None:
    """The new charge, or what took the old one back where there is none."""
    before = bill.session.bills.get(revision=bill.revision - 1)
    return bill.entry or before.entry


def _bill_made(entry: JournalEntry) -> SessionBill:
    """The bill that came of it: the one of the charge, or behind the one of the reversal."""
    bill = entry.bill
    behind = bill.revision + (bill.kind == BillKind.REVERSAL)
    return SessionBill.objects.get(session=bill.session_id, revision=behind)


def _refund_picture(asked: Parameters, at: datetime) -> Picture:
    return _of_charge(f"entry/{asked['charge_id']}", asked["charge_id"], asked["amount"])


def _session_refund_picture(asked: Parameters, at: datetime) -> Picture:
    charge = giving_back.last_charge(asked["wallet_id"], asked["reference"])
    if charge is None:
        raise Conflict("Nothing is charged for %(reference)s", reference=asked["reference"])
    return _of_charge(asked["reference"], charge.pk, asked["amount"])


def _of_charge(about: str, charge_id: int, amount: Decimal) -> Picture:
    left = giving_back.left([charge_id])[charge_id]
    facts = {"charge": charge_id, "left": _text(left)}
    return Picture(about, left, left - amount, facts, _bill_of(charge_id))


def _credit_picture(asked: Parameters, at: datetime) -> Picture:
    found = crediting.creditable(asked["invoice_id"], session_id=asked["session_id"])
    amount = found.total if asked["amount"] is None else asked["amount"]
    charges = {str(number): _text(left) for number, left in found.charges.items()}
    bill = bills.current(asked["session_id"]) if asked["session_id"] else None
    about = f"invoice/{asked['invoice_id']}"
    return Picture(
        about, found.total, found.total - amount, {"left": charges}, bill, {"amount": amount}
    )


def _reversal_picture(asked: Parameters, at: datetime) -> Picture:
    entry = JournalEntry.objects.filter(pk=asked["entry_id"]).first()
    if entry is None:
        raise NotFound("There is no entry %(entry_id)s", entry_id=asked["entry_id"])
    rows = entry.postings.select_related("account")
    changed = second_pair.changes((row.account, row.amount) for row in rows)
    amount = max(changed.values(), default=Decimal(0))
    facts = {"reversed": JournalEntry.objects.filter(reverses=entry).exists()}
    bill = _bill_of(entry.corrects_id)
    return Picture(f"entry/{entry.pk}", amount, Decimal(0), facts, bill)


def _pay_out_picture(asked: Parameters, at: datetime) -> Picture:
    wallet = Account.objects.filter(pk=asked["wallet_id"], kind=AccountKind.WALLET).first()
    if wallet is None:
        raise our_accounts.no_wallet()
    after = wallet.balance - asked["amount"]
    return Picture(f"wallet/{wallet.pk}", wallet.balance, after, {})


def _pay_out(*, wallet_id: int, **facts: Any) -> JournalEntry:
    target = our_accounts.cash(wallets.currency_of(wallet_id))
    return wallets.pay_out(wallet_id=wallet_id, target=target, **facts)


def _payment_picture(asked: Parameters, at: datetime) -> Picture:
    payment = Payment.objects.filter(pk=asked["payment_id"]).first()
    if payment is None:
        raise NotFound("There is no payment %(payment_id)s", payment_id=asked["payment_id"])
    left = payment_refunds.left(payment)
    bill = bills.current(payment.session_id) if payment.session_id else None
    return Picture(
        f"payment/{payment.pk}", left, left - asked["amount"], {"left": _text(left)}, bill
    )


def _bill_of(charge_id: int | None) -> SessionBill | None:
    return SessionBill.objects.filter(entry=charge_id).first() if charge_id else None


def _text(amount: Decimal) -> str:
    """The same for the same amount, whatever the engine."""
    return f"{amount.normalize():f}"


KINDS: dict[CorrectionKind, Kind] = {
    CorrectionKind.REPRICE: Kind(_reprice_picture, _reprice, _charged_anew, made=_bill_made),
    CorrectionKind.REFUND: Kind(_refund_picture, giving_back.refund),
    CorrectionKind.SESSION_REFUND: Kind(_session_refund_picture, giving_back.refund_session),
    CorrectionKind.CREDIT: Kind(
        _credit_picture, crediting.credit, lambda note: note.lines.order_by("position")[0].entry
    ),
    CorrectionKind.REVERSAL: Kind(_reversal_picture, ledger.reverse),
    CorrectionKind.PAY_OUT: Kind(_pay_out_picture, _pay_out),
    CorrectionKind.PAYMENT_REFUND: Kind(
        _payment_picture,
        payment_refunds.request,
        lambda refund: refund.entry,
        lambda refund, at: payment_refunds.driven(refund_id=refund.pk, at=at),
    ),
}
