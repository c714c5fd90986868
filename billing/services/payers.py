"""Who pays for sessions: the company of the card's holder, the holder, or nobody we know."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from billing.models import Account, AccountKind, Member, Policy
from billing.services import wallets
from stations.models import ChargingSession

Currencies = Sequence[tuple[ChargingSession, str]]


def wallets_of(sessions: Currencies, *, at: datetime) -> dict[int, Account]:
    """The wallet of each session's payer in its currency, by session; a new one pays by bill.

    Sessions of cards that belong to nobody have none. Two queries, and six more for all new
    wallets together. Call it before a journal is opened: it locks nothing.
    """
    wanted = {
        session.pk: (session.card.user_id, currency)
        for session, currency in sessions
        if session.card and session.card.user_id
    }
    members = Member.objects.filter(user__in={user for user, _ in wanted.values()})
    companies = {member.user_id: member for member in members.select_related("company")}
    codes = {pk: _code(companies, *who) for pk, who in wanted.items()}
    found = {row.code: row for row in Account.objects.filter(code__in=set(codes.values()))}
    new = {codes[pk]: who for pk, who in wanted.items() if codes[pk] not in found}
    if new:
        found |= _opened(new, companies, at)
    return {pk: found[code] for pk, code in codes.items()}


def payer_of(session: ChargingSession) -> Any:
    """Who pays for it: a Company, a user, or None where nobody known does. Opens nothing."""
    holder = session.card.user if session.card else None
    member = Member.objects.filter(user=holder).select_related("company").first()
    return member.company if member else holder


def wallets_of_user(user_id: int) -> Any:
    """The wallets a person pays from: the company's, where there is one."""
    company = Member.objects.filter(user=user_id).values_list("company", flat=True).first()
    whose = Q(company=company) if company else Q(user=user_id)
    return Account.objects.filter(whose, kind=AccountKind.WALLET)


def who_pay_from(numbers: Collection[int]) -> list[int]:
    """The people whose sessions these wallets pay for: their own, or those of their company."""
    wallets_ = Account.objects.filter(pk__in=numbers)
    owners = wallets_.filter(user__isnull=False).values_list("user", flat=True)
    members = Member.objects.filter(company__in=wallets_.values("company"))
    return [*owners, *members.values_list("user", flat=True)]


def wallet_of_user(user: Any, currency: str, *, at: datetime) -> Account:
    """The wallet a person pays from in ``currency``; a new one pays by bill."""
    found: Account | None = wallets_of_user(user.pk).filter(currency=currency).first()
    if found is not None:
        return found
    member = Member.objects.select_related("company").filter(user=user).first()
    customer = member.company if member else user
    return wallets.open(customer=customer, currency=currency, at=at, policy=Policy.POSTPAID)


def _code(companies: dict[int, Member], user_id: int, currency: str) -> str:
    member = companies.get(user_id)
    whose = f"company/{member.company_id}" if member else f"user/{user_id}"
    return f"wallet/{whose}/{currency}"


def _opened(
    new: dict[str, tuple[int, str]], companies: dict[int, Member], at: datetime
) -> dict[str, Account]:
    users = get_user_model().objects.in_bulk({user for user, _ in new.values()})
    customers = [
        (companies[user].company if user in companies else users[user], currency)
        for user, currency in new.values()
    ]
    opened = wallets.open_many(customers=customers, at=at, policy=Policy.POSTPAID)
    return dict(zip(new, opened, strict=True))
