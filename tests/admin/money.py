"""One row of everything of wallets, for the pages that show it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.models import Company, Member
from billing.services import accounts, wallets
from cms.accounts.models import User


def wallet_rows(user: User) -> list[Any]:
    """A company, its member, their wallet, and a top-up of it."""
    now = timezone.now()
    company = Company.objects.create(name="Fleet Ltd")
    member = Member.objects.create(company=company, user=user)
    wallet = wallets.open(customer=company, currency="EUR", at=now)
    entry = wallets.top_up(
        wallet_id=wallet.pk, amount=Decimal(50), source=accounts.cash("EUR"), key="cash", at=now
    )
    return [company, member, wallet, entry, entry.postings.get(account=wallet)]
