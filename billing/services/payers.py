"""Who pays for sessions: the company of the card's holder, the holder, or nobody we know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from billing.models import Account, AccountKind, Member, Policy
from billing.services import wallets
from stations.models import ChargingSession

Currencies = Sequence[tuple[ChargingSession, str]]


def wallets_of(sessions: Currencies, *, at: datetime) -> dict[int, Account]:
    """The wallet of each session's payer in its currency, by session; a new one pays by bill.

    Sessions of cards that belong to nobody have none. Two queries, and more for new wallets. Call
    it before a journal is opened: it locks nothing.
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
    for session, _ in sessions:
        code = codes.get(session.pk)
        if code is not None and code not in found:
            found[code] = _opened(session, companies, wanted[session.pk][1], at)
    return {pk: found[code] for pk, code in codes.items()}


def wallets_of_user(user_id: int) -> Any:
    """The wallets a person pays from: the company's, where there is one."""
    company = Member.objects.filter(user=user_id).values_list("company", flat=True).first()
    whose = Q(company=company) if company else Q(user=user_id)
    return Account.objects.filter(whose, kind=AccountKind.WALLET)


def _code(companies: dict[int, Member], user_id: int, currency: str) -> str:
    member = companies.get(user_id)
    whose = f"company/{member.company_id}" if member else f"user/{user_id}"
    return f"wallet/{whose}/{currency}"


def _opened(
    session: ChargingSession, companies: dict[int, Member], currency: str, at: datetime
) -> Account:
    assert session.card is not None
    assert session.card.user is not None
    member = companies.get(session.card.user.pk)
    customer = member.company if member else session.card.user
    return wallets.open(customer=customer, currency=currency, at=at, policy=Policy.POSTPAID)
