"""Prepaid drivers: who may begin, what is set aside, and when a session has used it up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Q, Sum

from billing.errors import InsufficientFunds
from billing.models import Account, AccountKind, BillingState, Policy, SessionTariff
from billing.services import holds, payers, payments, pricing
from billing.services.pricing import Priced
from cms.shared import money
from cms.shared.errors import DomainError
from rfid.models import RfidCard
from stations.models import ChargingSession, SessionStatus
from stations.services import commands

_BATCH = 200
_AGAIN_AFTER_S = 300  # a station that did not stop is asked again


class _Running(NamedTuple):
    """A session that has no bill yet, what it costs by now, and the prepaid wallet that pays."""

    priced: Priced
    wallet: Account
    reserved: Decimal  # by a payment, for this session alone

    @property
    def uncovered(self) -> Decimal:
        """What the wallet has to pay of it by now."""
        covered = self.reserved * settings.BILLING_STOP_AT_PERCENT / 100
        return max(self.priced.bill.gross - covered, Decimal(0))


def refusal(card: RfidCard, station_id: int, at: datetime) -> str:
    """``Blocked`` for a card whose holder has prepaid too little to begin; else empty.

    What was reserved by a payment for one session is as good as prepaid. Who pays by bill is
    refused where the credit limit is used up; without a limit never. A customer without a wallet
    pays by bill.
    """
    if card.user_id is None:
        return ""
    found = list(payers.wallets_of_user(card.user_id))
    if not found or any(map(_may_begin, found)):
        return ""
    reserved = payments.reserved_by(card.user_id, station_id)
    return "" if any(one.amount >= _needed(one.currency) for one in reserved) else "Blocked"


def set_aside(session: ChargingSession, at: datetime) -> None:
    """Hold what a prepaid session needs to begin; a refused one, or a postpaid customer, nothing.

    Nor is anything held where a payment reserved as much for the session.

    What is missing is no reason to lose the session: the energy may flow anyway.
    """
    if session.card is None or session.card.user_id is None or not session.is_open:
        return
    row = SessionTariff.objects.select_related("version__tariff").filter(session=session).first()
    if row is None or session.authorization != "Accepted":
        return
    currency = row.version.tariff.currency
    wallet = payers.wallets_of_user(session.card.user_id).filter(currency=currency).first()
    amount = _needed(currency)
    if wallet is None or wallet.policy != Policy.PREPAID or not amount:
        return
    if payments.reserved_for([session.pk]).get(session.pk, Decimal(0)) >= amount:
        return
    reference = holds.reference(session.pk)
    try:
        holds.hold(
            wallet_id=wallet.pk, amount=amount, reference=reference, key=f"hold/{reference}", at=at
        )
    except InsufficientFunds:
        return


def stop_used_up(*, at: datetime) -> int:
    """Ask for the end of every session whose wallet is nearly used up by what runs; how many.

    A wallet pays for all its sessions, also for those that ended and wait for their bill: those
    under way that began last are stopped first.
    """
    asked = 0
    for running in _unbilled_by_wallet(at):
        left = _budget(running[0].wallet) * settings.BILLING_STOP_AT_PERCENT / 100
        costs = sum((one.uncovered for one in running), Decimal(0))
        for one in sorted(running, key=lambda one: -one.priced.session.pk):
            if costs < left:
                break
            if not one.priced.session.is_open or (one.reserved and not one.uncovered):
                continue
            costs -= one.uncovered
            asked += _ask_to_stop(one.priced.session, at)
    return asked


def _may_begin(wallet: Account) -> bool:
    if wallet.policy == Policy.PREPAID:
        return wallet.available >= _needed(wallet.currency)
    return not wallet.credit_limit or wallet.available > 0


def _needed(currency: str) -> Decimal:
    """What a prepaid session needs to begin, in whole minor units."""
    return money.rounded(settings.BILLING_PREPAID_HOLD, currency)


def _unbilled_by_wallet(at: datetime) -> Iterator[list[_Running]]:
    """The sessions of each prepaid wallet that has some under way, priced."""
    by_wallet: dict[int, list[_Running]] = defaultdict(list)
    is_open = Q(session__status=SessionStatus.ACTIVE)
    for rows in _batches(is_open):
        for one in _of_prepaid(rows, at):
            by_wallet[one.wallet.pk].append(one)
    holders = payers.who_pay_from(by_wallet) if by_wallet else []
    for rows in _batches(~is_open, session__billable=True, session__card__user__in=holders):
        for one in _of_prepaid(rows, at):
            by_wallet[one.wallet.pk].append(one)
    yield from by_wallet.values()


def _batches(which: Q, **more: Any) -> Iterator[Sequence[SessionTariff]]:
    """What has no bill yet, of cards that belong to somebody."""
    rows = pricing.rows_with_sessions().filter(
        which, state=BillingState.DUE, session__card__user__isnull=False, **more
    )
    last = 0
    while found := list(rows.filter(session__gt=last).order_by("session_id")[:_BATCH]):
        last = found[-1].session_id
        yield found


def _of_prepaid(rows: Sequence[SessionTariff], at: datetime) -> Iterator[_Running]:
    pairs = [(row.session, row.version.tariff.currency) for row in rows]
    found = payers.wallets_of(pairs, at=at)
    prepaid = [row for row in rows if found[row.session_id].policy == Policy.PREPAID]
    reserved = payments.reserved_for(row.session_id for row in prepaid)
    for one in pricing.of_rows(prepaid, at=at):
        if isinstance(one, Priced):
            session_id = one.session.pk
            yield _Running(one, found[session_id], reserved.get(session_id, Decimal(0)))


def _budget(wallet: Account) -> Decimal:
    """What the wallet has for its sessions: what is free, and what is held for them."""
    held = Account.objects.filter(wallet=wallet, kind=AccountKind.HELD)
    total = held.aggregate(total=Sum("balance"))["total"]
    return wallet.available + (total or Decimal(0))


def _ask_to_stop(session: ChargingSession, at: datetime) -> int:
    """One command every few minutes, as long as it does not stop; 1 where it could be asked."""
    turn = int(at.timestamp()) // _AGAIN_AFTER_S
    try:
        commands.request(
            station=session.station,
            action="RemoteStopTransaction",
            payload={"transactionId": session.pk},
            at=at,
            idempotency_key=f"used-up/{session.pk}/{turn}",
        )
    except DomainError:  # away: asked again at the next look
        return 0
    return 1
