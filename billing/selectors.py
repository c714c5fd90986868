"""Reads of billing that interfaces share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet, Sum

from billing.models import (
    Account,
    AccountKind,
    Company,
    EntryKind,
    Invoice,
    Issuer,
    JournalEntry,
    Posting,
    SessionBill,
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
        raise NotFound("There is no tariff %(tariff_id)s", tariff_id=tariff_id)
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
        raise NotFound(
            "Tariff %(tariff_id)s has no assignment %(assignment_id)s",
            tariff_id=tariff_id,
            assignment_id=assignment_id,
        )
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


def held_for(references: Iterable[str]) -> dict[str, Decimal]:
    """What is set aside for each of these (such as ``session/4711``), where something is."""
    found = JournalEntry.objects.filter(
        kind=EntryKind.HOLD, reference__in=[*references], closed_by=None
    )
    entries = dict(found.values_list("pk", "reference"))
    held = Posting.objects.filter(entry__in=entries, amount__gt=0)
    return {entries[entry]: amount for entry, amount in held.values_list("entry_id", "amount")}


def zone() -> str:
    """By whose clocks months begin and end: the issuer's, else the system's."""
    issuer = Issuer.objects.first()
    return issuer.zone if issuer else settings.TIME_ZONE


def invoices(wallets: Collection[int] | None = None) -> QuerySet[Invoice]:
    """Those of some wallets, or all."""
    rows = Invoice.objects.select_related("wallet", "corrects")
    return rows if wallets is None else rows.filter(wallet__in=wallets)


def wallets_of(**whose: Any) -> list[int]:
    """The numbers of the wallets of one customer: ``user`` or ``company``."""
    found = Account.objects.filter(kind=AccountKind.WALLET, **whose).order_by()
    return list(found.values_list("pk", flat=True))


Time = tuple[datetime, datetime]


def billed_twice(
    bills: QuerySet[SessionBill], now: Time, then: Time
) -> list[tuple[str, Decimal, Decimal]]:
    """What was billed in two times (since, until), gross and by currency; in one query.

    Bills that were taken back are subtracted where they were. Reads nothing beyond the two times.
    """
    inside = [Q(billed_at__gte=since, billed_at__lt=until) for since, until in (now, then)]
    rows = bills.filter(inside[0] | inside[1]).order_by().values_list("currency")
    sums = rows.annotate(new=Sum("gross", filter=inside[0]), old=Sum("gross", filter=inside[1]))
    return [(currency, new or Decimal(0), old or Decimal(0)) for currency, new, old in sums]
