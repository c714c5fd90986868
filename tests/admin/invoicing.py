"""One row of everything of invoices, for the pages that show it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.models import Issuer
from billing.services import giving_back, invoices, wallets
from billing.services.sales import Sale
from cms.accounts.models import User


def invoice_rows(user: User) -> list[Any]:
    """Who issues, and a credit note of 1.00."""
    now = timezone.now()
    issuer = Issuer.objects.create(name="Voltwerk GmbH")
    wallet = wallets.open(customer=user, currency="EUR", at=now)
    giving_back.credit_note(
        wallet_id=wallet.pk, sale=Sale(Decimal(1)), reason="Welcome", key="credit", at=now
    )
    later = now + timedelta(seconds=1)
    return [issuer, *invoices.issue(wallet_id=wallet.pk, until=later, at=later)]
