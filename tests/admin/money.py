"""One row of everything of wallets, for the pages that show it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.models import (
    Account,
    Company,
    CorrectionKind,
    CorrectionLimit,
    CorrectionRequest,
    Member,
)
from billing.reports import asked
from billing.services import (
    accounts,
    corrections,
    payment_steps,
    periods,
    report_exports,
    wallets,
)
from cms.accounts.models import User


def wallet_rows(user: User) -> list[Any]:
    """A company, its member, their wallet, a top-up of it, a payment in cash, and what waits."""
    now = timezone.now()
    company = Company.objects.create(name="Fleet Ltd")
    member = Member.objects.create(company=company, user=user)
    wallet = wallets.open(customer=company, currency="EUR", at=now)
    entry = wallets.top_up(
        wallet_id=wallet.pk, amount=Decimal(50), source=accounts.cash("EUR"), key="cash", at=now
    )
    export = report_exports.request(wanted=asked.read({}, at=now), kind="csv", asker=user, at=now)
    report_exports.make_due(now=lambda: now)
    january = periods.month(2020, 1, "UTC")
    period = periods.close(scope=january, at=now, key="january", by_id=user.pk)
    payment, _ = payment_steps.order(
        provider="cash", customer=company, amount=Decimal(5), currency="EUR", key="paid", at=now
    )
    posting = entry.postings.get(account=wallet)
    limit, correction = _correction(wallet, user)
    rows = [period, company, member, wallet, entry, posting, export, payment]
    return [*rows, limit, correction]


def _correction(wallet: Account, user: User) -> tuple[CorrectionLimit, CorrectionRequest]:
    """A limit, and a pay-out that waits for another person."""
    limit = CorrectionLimit.objects.create(currency="EUR", amount=Decimal(1))
    waits = corrections.ask(
        kind=CorrectionKind.PAY_OUT,
        parameters={"wallet_id": wallet.pk, "amount": Decimal(2)},
        reason="left us",
        key="waits",
        at=timezone.now(),
        by_id=user.pk,
    )
    return limit, waits
