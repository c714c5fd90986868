"""Payments: begun, used by the session they are for, and what is to become of them decided.

Nothing here asks a provider: wishes are rows, ``payment_steps`` drives them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum

from billing.errors import KeyUsed
from billing.models import (
    Account,
    BillingState,
    Payment,
    PaymentPurpose,
    PaymentState,
    SessionTariff,
)
from billing.payments import registry
from billing.services import accounts, bills, journal, payers, payment_facts, payment_work, wallets
from cms.shared.errors import Conflict, NotFound, Text
from stations.models import ChargingSession, ChargingStation, SessionStatus

_OPEN = (PaymentState.PENDING, PaymentState.AUTHORISED)


def begin(
    *,
    provider: str,
    customer: Any,
    amount: Decimal,
    currency: str,
    key: str,
    at: datetime,
    purpose: str = PaymentPurpose.TOP_UP,
    session_id: int | None = None,
    station: ChargingStation | None = None,
    reference: str = "",
    by_id: int | None = None,
) -> Payment:
    """A new payment of ``customer`` (a user or a Company), or the one made with ``key`` before.

    It is claimed by who made it, who takes the first step (``payment_steps.begun``). Raises
    NotOffered, DomainError for an amount that is none, NotFound and Conflict for a session that
    is not theirs or over, KeyUsed.
    """
    registry.provider(provider)
    accounts.known_currency(currency)
    journal.checked_amount(amount, currency)
    asked = {
        "payment": [provider, purpose, currency, session_id, station and station.pk, reference],
        "for": f"{type(customer).__name__}/{customer.pk}",
        "amount": amount,
    }
    fingerprint = journal.fingerprint(asked)
    if known := _repeated(key, fingerprint):
        return known
    if session_id is not None:
        _check_theirs(session_id, customer, currency)
    payment = Payment(
        provider=provider,
        purpose=purpose,
        wallet=_wallet(purpose, customer, currency, at),
        user=None if purpose == PaymentPurpose.TOP_UP else customer,
        station=station,
        session_id=session_id,
        currency=currency,
        amount=amount,
        reference=reference,
        expires_at=at + timedelta(minutes=settings.PAYMENT_EXPIRY_MINUTES),
        requested_by_id=by_id,
        requested_at=at,
        changed_at=at,
        next_try_at=at + payment_work.lease(),
        attempts=1,
        idempotency_key=key,
        fingerprint=fingerprint,
    )
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
            payment_work.note(payment, Text("Asked for"), at=at, detail=reference)
    except IntegrityError:  # the same key, at the same moment
        return _repeated(key, fingerprint) or payment
    return payment


@transaction.atomic
def cancel(*, payment_id: int, at: datetime, by: str = "") -> Payment:
    """Let go of a payment that nothing was taken of. Raises Conflict where that is too late."""
    payment = payment_work.locked(payment_id)
    if payment.state in (PaymentState.CANCELLING, PaymentState.CANCELLED):
        return payment
    if payment.state not in _OPEN or payment.session_id:
        raise Conflict(
            "%(payment)s cannot be cancelled any more: it is %(state)s",
            payment=payment,
            state=PaymentState(payment.state),
        )
    payment_facts.wish(
        payment, PaymentState.CANCELLING, at=at, why=f"Cancelled by request {by}".strip()
    )
    return payment


@transaction.atomic
def dealt_with(*, payment_id: int, reason: str, at: datetime, by: str = "") -> Payment:
    """Somebody looked at what was wrong with a payment; it says who, and what came of it.

    Raises DomainError without a ``reason``, Conflict where nothing is wrong.
    """
    reason = journal.checked_reason(reason)
    payment = payment_work.locked(payment_id)
    if not payment.error:
        raise Conflict("Nothing is wrong with %(payment)s", payment=payment)
    payment_work.note(payment, f"Dealt with by {by}: {reason}", at=at, detail=payment.error)
    payment.error = ""
    payment.save(update_fields=["error"])
    return payment


def decide(*, at: datetime, limit: int = 200) -> int:
    """Have captured what sessions cost that were billed, and let go of what is not used; how many.

    A session pays with what was reserved for it, as far as that goes; what it cost beyond is owed.
    """
    reserved = Q(state=PaymentState.AUTHORISED)
    ended = Q(session__isnull=False, session__tariff=None) & ~Q(
        session__status=SessionStatus.ACTIVE
    )
    billed = Q(session__tariff__state__in=[BillingState.BILLED, BillingState.NOTHING])
    due = Payment.objects.filter(state__in=(PaymentState.CREATED, *_OPEN)).filter(
        reserved & (ended | billed | Q(purpose=PaymentPurpose.TOP_UP)) | Q(expires_at__lte=at)
    )
    found = list(due.order_by("id").values_list("pk", flat=True)[:limit])
    for payment_id in found:
        _decide(payment_id, at)
    return len(found)


def taken_up(session: ChargingSession, at: datetime) -> None:
    """A session began: what its driver reserved pays for it, the oldest payment that fits."""
    if session.card is None or session.card.user_id is None or not session.is_open:
        return
    if session.authorization != "Accepted":
        return
    rows = reserved_by(session.card.user_id, session.station_id).order_by("id")
    found = list(rows.select_for_update(no_key=True))
    if not found:
        return
    row = SessionTariff.objects.select_related("version__tariff").filter(session=session).first()
    currency = row.version.tariff.currency if row else ""
    payment = next((one for one in found if one.currency == currency), None)
    if payment is not None:
        payment.session, payment.expires_at = session, None
        payment.save(update_fields=["session", "expires_at"])
        payment_work.note(payment, f"Pays for {session}", at=at)


def reserved_by(user_id: int, station_id: int) -> QuerySet[Payment]:
    """What a driver has reserved and not used, for a session at this station."""
    rows = Payment.objects.filter(
        state=PaymentState.AUTHORISED,
        purpose=PaymentPurpose.SESSION,
        user=user_id,
        session=None,
    )
    return rows.filter(Q(station=None) | Q(station=station_id))


def reserved_for(sessions: Iterable[int]) -> dict[int, Decimal]:
    """What is reserved for sessions, by session."""
    rows = Payment.objects.filter(state=PaymentState.AUTHORISED, session__in=list(sessions))
    sums = rows.order_by().values("session").annotate(sum=Sum("amount"))
    return {row["session"]: row["sum"] for row in sums}


def _repeated(key: str, fingerprint: str) -> Payment | None:
    known = Payment.objects.filter(idempotency_key=key).first()
    if known is not None and known.fingerprint != fingerprint:
        raise KeyUsed
    return known


def _check_theirs(session_id: int, customer: Any, currency: str) -> None:
    rows = ChargingSession.objects.select_related("card", "tariff__version__tariff")
    session = rows.filter(pk=session_id).first()
    theirs = session is not None and session.card is not None and session.card.user == customer
    if session is None or not theirs:
        raise NotFound(
            "This customer has no session %(session)s",
            fields={"transactionId": ["is not one of this customer's"]},
            session=session_id,
        )
    if not session.is_open:
        raise Conflict(
            "Session %(session_id)s is over",
            fields={"transactionId": ["is over"]},
            session_id=session_id,
        )
    row = getattr(session, "tariff", None)
    if row is None or row.version.tariff.currency != currency:
        raise Conflict(
            "Session %(session)s is not billed in %(currency)s",
            fields={"currency": ["is not the one the session is billed in"]},
            session=session_id,
            currency=currency,
        )


def _wallet(purpose: str, customer: Any, currency: str, at: datetime) -> Account:
    if purpose == PaymentPurpose.SESSION:
        return payers.wallet_of_user(customer, currency, at=at)
    return wallets.open(customer=customer, currency=currency, at=at)


@transaction.atomic(durable=True)
def _decide(payment_id: int, at: datetime) -> None:
    """What is to become of one payment, looked at again under its lock."""
    session_id = Payment.objects.values_list("session", flat=True).get(pk=payment_id)
    if session_id is not None:  # what others take for it counts: all of them, in one order
        rows = Payment.objects.filter(session=session_id).order_by("pk")
        list(rows.select_for_update(no_key=True))
    payment = payment_work.locked(payment_id)
    if payment.state == PaymentState.CREATED:
        payment_facts.give_up(payment, at=at)
    elif payment.state == PaymentState.AUTHORISED and (payment.session_id or _tops_up(payment)):
        amount = payment.amount if _tops_up(payment) else _left_to_pay(payment)
        payment.captured = max(Decimal(0), min(amount, payment.amount))
        if payment.captured:
            payment_facts.wish(payment, PaymentState.CAPTURING, at=at, why="To be captured")
        else:
            payment_facts.wish(payment, PaymentState.CANCELLING, at=at, why="Nothing to pay")
    elif payment.state in _OPEN and payment.expires_at and payment.expires_at <= at:
        payment_facts.wish(payment, PaymentState.CANCELLING, at=at, why="Not used in time")


def _tops_up(payment: Payment) -> bool:
    return payment.purpose == PaymentPurpose.TOP_UP


def _left_to_pay(payment: Payment) -> Decimal:
    """What the payment's session cost, less what other payments took for it."""
    bill = bills.current(payment.session_id) if payment.session_id else None
    others = Payment.objects.filter(session=payment.session_id).exclude(pk=payment.pk)
    taken = others.aggregate(sum=Sum("captured"))["sum"] or Decimal(0)
    return (bill.gross if bill else Decimal(0)) - taken
