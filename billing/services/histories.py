"""What a driver charged: sessions with what they cost, for the database to narrow and sort."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from billing.models import BillKind, SessionBill
from billing.models.bills import BillingState
from billing.models.fields import MoneyField
from billing.services import pricing
from billing.services.pricing import Priced
from stations.by_now import catch_up
from stations.models import ChargingSession, SessionStatus, Site

LIVE = 20  # sessions under way that are priced for one page
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class State(models.TextChoices):
    """How far a session is on its way to a bill."""

    CHARGING = "Charging"
    REVIEW = "Review", "Waits for review"
    DUE = "Due", "Ended, and billed soon"
    BILLED = "Billed"
    NOT_BILLED = "NotBilled", "Discarded, or without a tariff"


_STATE = Case(
    When(status=SessionStatus.ACTIVE, then=Value(State.CHARGING)),
    When(bill_id__isnull=False, then=Value(State.BILLED)),
    When(needs_review=True, then=Value(State.REVIEW)),
    When(tariff__state=BillingState.DUE, billable=True, then=Value(State.DUE)),
    default=Value(State.NOT_BILLED),
    output_field=models.CharField(max_length=10),
)


def of_driver(user_id: int) -> QuerySet[Any]:
    """Sessions of a person: billed ones of whom the bill names, others of who holds the card.

    Each with ``began_at``, ``site_number`` and ``site_name`` (as the bill remembers it), ``cost``
    (zero without a bill), ``bill_id`` and ``state``. Found along the indexes of this person's
    bills and cards, whatever the rest of the table holds.
    """
    bills = SessionBill.objects.order_by()
    known = bills.filter(driver=user_id).values("session")
    unbilled = ChargingSession.objects.order_by().filter(
        ~Exists(bills.filter(session=OuterRef("pk"))), card__user=user_id
    )
    standing = bills.filter(session=OuterRef("pk"), kind=BillKind.BILL, reversed_by=None)
    cost = Subquery(standing.values("gross")[:1])
    site = Subquery(standing.values("site")[:1])
    name = Site.objects.order_by().filter(pk=OuterRef("site_number")).values("name")
    return (
        ChargingSession.objects.filter(pk__in=known.union(unbilled.values("pk")))
        .select_related("station", "connector")
        .annotate(
            bill_id=Subquery(standing.values("pk")[:1]),
            cost=Coalesce(cost, Value(Decimal(0)), output_field=MoneyField()),
            began_at=Coalesce("started_at", "stopped_at", "stop_received_at", Value(_NEVER)),
            site_number=Coalesce(site, "station__site", output_field=models.BigIntegerField()),
        )
        .annotate(state=_STATE, site_name=Coalesce(Subquery(name), Value("")))
    )


def with_costs(sessions: Sequence[Any], *, at: datetime) -> None:
    """Give each of a page its ``site``, ``bill`` and ``live`` price (each or None), in few queries.

    Priced are the first LIVE that are under way; all of those say what was read by now.
    """
    charging = [row for row in sessions if row.state == State.CHARGING]
    catch_up(charging)
    bills = SessionBill.objects.in_bulk({row.bill_id for row in sessions if row.bill_id})
    sites = Site.objects.in_bulk({row.site_number for row in sessions if row.site_number})
    live = _live([row.pk for row in charging[:LIVE]], at)
    for row in sessions:
        row.bill, row.site = bills.get(row.bill_id), sites.get(row.site_number)
        row.live = live.get(row.pk)


def price(row: Any) -> Any:
    """What a session of ``with_costs`` costs: the bill that stands, or the live price, or None."""
    return row.bill or (row.live and row.live.bill)


def site_address(row: Any) -> str:
    """Where a session of ``with_costs`` was: as far as it is known."""
    return row.site.one_line if row.site else ""


def _live(session_ids: Sequence[int], at: datetime) -> dict[int, Priced]:
    if not session_ids:
        return {}
    rows = list(pricing.rows_with_sessions().filter(session__in=session_ids))
    found = pricing.of_rows(rows, at=at)
    return {one.session.pk: one for one in found if isinstance(one, Priced)}
