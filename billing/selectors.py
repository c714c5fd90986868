"""Reads of billing that interfaces share."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet, Sum

from billing.models import (
    Account,
    AccountKind,
    Company,
    Posting,
    Tariff,
    TariffAssignment,
    TariffVersion,
)
from cms.shared.errors import NotFound


class Wallet(NamedTuple):
    """A wallet with what is held of it and what its customer owes (both above zero)."""

    account: Account
    held: Decimal
    owed: Decimal


class Statement(NamedTuple):
    """What happened on an account from ``since`` until (not including) ``until``."""

    opening: Decimal
    credits: Decimal
    debits: Decimal
    lines: QuerySet[Posting]

    @property
    def closing(self) -> Decimal:
        """What it had in the end."""
        return self.opening + self.credits + self.debits


def tariffs() -> QuerySet[Tariff]:
    """All, each with ``newest``: a list of the version published last."""
    newest = TariffVersion.objects.order_by("tariff", "-number")
    return Tariff.objects.prefetch_related(
        Prefetch("versions", newest, to_attr="newest"),
    )


def tariff(tariff_id: int) -> Tariff:
    """One tariff. Raises NotFound."""
    found = tariffs().filter(pk=tariff_id).first()
    if found is None:
        raise NotFound(f"There is no tariff {tariff_id}")
    return found


def versions(tariff_id: int) -> QuerySet[TariffVersion]:
    """The versions of a tariff, the newest first. Raises NotFound."""
    return tariff(tariff_id).versions.order_by("-number")


def assignments(tariff_id: int) -> QuerySet[TariffAssignment]:
    """What a tariff is assigned to. Raises NotFound."""
    return tariff(tariff_id).assignments.order_by("pk")


def assignment(tariff_id: int, assignment_id: int) -> TariffAssignment:
    """One assignment of a tariff. Raises NotFound."""
    found = TariffAssignment.objects.filter(tariff=tariff_id, pk=assignment_id).first()
    if found is None:
        raise NotFound(f"Tariff {tariff_id} has no assignment {assignment_id}")
    return found


def wallet_of(customer: Any, currency: str) -> Wallet | None:
    """The wallet of a user or a Company, if there is one."""
    whose = {"company" if isinstance(customer, Company) else "user": customer}
    rows = Account.objects.filter(
        currency=currency,
        kind__in=[AccountKind.WALLET, AccountKind.HELD, AccountKind.OWED],
        **whose,
    )
    found = {row.kind: row for row in rows}
    if AccountKind.WALLET not in found:
        return None
    held, owed = found[AccountKind.HELD].balance, found[AccountKind.OWED].balance
    return Wallet(found[AccountKind.WALLET], held, -owed)


def sides(account: Account) -> Wallet:
    """The wallet that ``account`` is, with what is held and owed."""
    found = {row.kind: row.balance for row in Account.objects.filter(wallet=account)}
    return Wallet(account, found[AccountKind.HELD], -found[AccountKind.OWED])


def postings(account: Account) -> QuerySet[Posting]:
    """What happened on an account, newest first."""
    rows = Posting.objects.filter(account=account).select_related("entry", "account")
    return rows.order_by("-id")


def statement(account: Account, *, since: datetime, until: datetime) -> Statement:
    """The account's statement by the time things were booked: a closed month never changes."""
    rows = Posting.objects.filter(account=account).order_by()
    before = rows.filter(booked_at__lt=since).aggregate(sum=Sum("amount"))["sum"]
    within = rows.filter(booked_at__gte=since, booked_at__lt=until)
    moved = within.aggregate(
        credits=Sum("amount", filter=Q(amount__gt=Decimal(0))),
        debits=Sum("amount", filter=Q(amount__lt=Decimal(0))),
    )
    nothing = Decimal(0)
    return Statement(
        opening=before or nothing,
        credits=moved["credits"] or nothing,
        debits=moved["debits"] or nothing,
        lines=within.select_related("entry", "account").order_by("id"),
    )
