"""Outstanding: what customers owed at a moment, by the ledger."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db.models import ExpressionWrapper, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import Account, AccountKind, MoneyField, Posting
from billing.reports.scope import Scope


def has_debts(scope: Scope) -> bool:
    """Whether one can say who owes what of it: a debt has an owner, and nothing else."""
    return scope.sites is None and all(name == "owner" for name, _ in scope.only)


def outstanding(scope: Scope) -> dict[str, Decimal]:
    """By currency, above zero: wallets below zero and what is owed beside wallets.

    As booked before ``scope.until``; of one wallet where an owner is chosen, nothing where anything
    else is. One query: balances of now, less what was booked since then.
    """
    if not has_debts(scope):
        return {}
    rows = Account.objects.filter(kind__in=(AccountKind.WALLET, AccountKind.OWED))
    if owner := dict(scope.only).get("owner"):
        rows = rows.filter(Q(pk=owner) | Q(wallet=owner))
    if scope.currency:
        rows = rows.filter(currency=scope.currency)
    nothing = Value(Decimal(0), MoneyField())
    later = Coalesce(_since(scope.until), nothing)
    then = rows.annotate(then=ExpressionWrapper(F("balance") - later, MoneyField()))
    owing = then.filter(then__lt=Decimal(0)).order_by().values("currency")
    return {row["currency"]: -row["sum"] for row in owing.annotate(sum=Sum("then"))}


def _since(moment: datetime) -> Subquery:
    """What was booked on an account from ``moment`` on."""
    later = Posting.objects.filter(account=OuterRef("pk"), booked_at__gte=moment).order_by()
    sums = later.values("account").annotate(sum=Sum("amount")).values("sum")
    return Subquery(sums, output_field=MoneyField())
