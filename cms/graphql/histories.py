"""What was charged: the histories of a driver, narrowed, sorted, page by page."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import strawberry
import strawberry_django
from django.db.models import F, QuerySet, Value
from strawberry.types import Info
from strawberry_django.optimizer import optimize

from billing.api.customers import customer
from billing.models import SessionBill
from billing.services import histories
from cms.graphql.callers import Caller, needs, person
from cms.graphql.comparisons import (
    DEEPEST,
    DateFieldComparison,
    IdFilterComparison,
    NumberFieldComparison,
    StringFieldComparison,
    condition,
)
from cms.graphql.fields import asking
from cms.graphql.paging import Paging, page_of
from cms.graphql.problems import wrong
from cms.shared import clock, money, scoping
from stations import selectors
from stations.models import ChargingSession

_COUNTED = 10_000  # of one person: more are counted as so many
_COLUMNS = {
    "id": ("id", "transaction_id"),
    "transaction_id": ("transactionId", "transaction_id"),
    "connector_id": ("connectorId", "connector__connector_id"),
    "meter_start": ("meterStart", "meter_start_wh"),
    "meter_stop": ("meterStop", "meter_stop_wh"),
    "session_start": ("session_start", "began_at"),
    "session_end": ("session_end", "stopped_at"),
    "charge_point_hardware_id": ("chargePointHardwareId", "station__cp_id"),
    "connector_type": ("connectorType", "connector__connector_type"),
}


@strawberry_django.type(ChargingSession, name="ChargingHistory")
class ChargingHistory:
    """A session and what it cost; of one under way, what it costs by now. Registers are in Wh."""

    id: int = strawberry_django.field(field_name="transaction_id", description="transactionId")
    transaction_id: int
    charge_point_hardware_id: str = strawberry_django.field(field_name="station__cp_id")
    meter_start: float | None = strawberry_django.field(field_name="meter_start_wh")
    meter_stop: float | None = strawberry_django.field(field_name="meter_stop_wh")
    session_start: datetime | None = strawberry_django.field(
        field_name="started_at", name="session_start"
    )
    session_end: datetime | None = strawberry_django.field(
        field_name="stopped_at", name="session_end"
    )

    @strawberry_django.field(select_related=["connector"], only=["connector__connector_id"])
    def connector_id(self: Any) -> int | None:
        """Its number at the station."""
        return self.connector.connector_id if self.connector else None

    @strawberry_django.field(select_related=["connector"], only=["connector__connector_type"])
    def connector_type(self: Any) -> str:
        """Type 2, CCS2, ..."""
        return self.connector.connector_type if self.connector else ""

    @strawberry_django.field(only=["transaction_id"])
    def user_id(self: Any) -> int:
        """Whose session it is."""
        number: int = self.whose
        return number

    @strawberry_django.field(only=["energy_wh"])
    def power_spend(self: Any) -> float:
        """Energy, in kWh."""
        return float(round(self.energy_wh / 1000, 3))

    @strawberry_django.field(only=["status"])
    def site_address(self: Any) -> str:
        """Street, postal code and city, as far as they are known."""
        return histories.site_address(self)

    @strawberry_django.field(only=["status"])
    def money_spent(self: Any) -> float | None:
        """With tax; null where there is no price."""
        price = histories.price(self)
        return float(money.rounded(price.gross, price.currency)) if price else None

    @strawberry_django.field(only=["status"])
    def currency(self: Any) -> str | None:
        """ISO 4217."""
        price = histories.price(self)
        return price.currency if price else None


@strawberry.input
class ChargingHistoryFilter:
    """Which sessions; without ``userId`` the caller's own."""

    user_id: IdFilterComparison | None = None
    id: NumberFieldComparison | None = None
    transaction_id: NumberFieldComparison | None = None
    connector_id: NumberFieldComparison | None = None
    meter_start: NumberFieldComparison | None = None
    meter_stop: NumberFieldComparison | None = None
    session_start: DateFieldComparison | None = strawberry.field(name="session_start", default=None)
    session_end: DateFieldComparison | None = strawberry.field(name="session_end", default=None)
    charge_point_hardware_id: StringFieldComparison | None = None
    connector_type: StringFieldComparison | None = None
    and_: list[ChargingHistoryFilter] | None = strawberry.field(name="and", default=None)
    or_: list[ChargingHistoryFilter] | None = strawberry.field(name="or", default=None)


@strawberry.enum
class ChargingHistorySortFields(enum.Enum):
    """What sessions are sorted by."""

    ID = strawberry.enum_value("pk", name="id")
    TRANSACTION_ID = strawberry.enum_value("transaction_id", name="transactionId")
    SESSION_START = strawberry.enum_value("began_at", name="session_start")
    SESSION_END = strawberry.enum_value("stopped_at", name="session_end")
    POWER_SPEND = strawberry.enum_value("energy_wh", name="powerSpend")
    MONEY_SPENT = strawberry.enum_value("cost", name="moneySpent")
    SITE_ADDRESS = strawberry.enum_value("site_name", name="siteAddress")


@strawberry.enum
class SortDirection(enum.Enum):
    """Smallest, or largest and newest, first."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.input
class ChargingHistorySort:
    """One column to sort by."""

    field: ChargingHistorySortFields
    direction: SortDirection


@strawberry.input
class ChargingHistoryInput:
    """Which page of one's own sessions."""

    paging: Paging | None = None


@strawberry.input
class ConnectorChargingHistoryInput:
    """The sessions of one charge point, page by page."""

    charge_point_hardware_id: str
    paging: Paging | None = None


@strawberry.type
class ChargingHistoryPage:
    """A page, and how many sessions there are (of more than 10,000 only so many are counted)."""

    rows: strawberry.Private[QuerySet[Any]]
    paging: strawberry.Private[Paging | None]

    @strawberry.field
    @asking
    def count(self) -> int:
        """On all pages."""
        return self.rows.order_by().values("pk")[:_COUNTED].count()

    @strawberry.field
    @asking
    def data(self, info: Info) -> list[ChargingHistory]:
        """This page, newest first."""
        return _listed(self.rows.order_by("-began_at", "-transaction_id"), self.paging, info)


@strawberry.type
class HistoryQueries:
    """What the root has of histories."""

    @strawberry.field
    @asking
    def charging_histories(
        self,
        info: Info[Caller, None],
        filter: ChargingHistoryFilter,
        sorting: list[ChargingHistorySort] | None = None,
        paging: Paging | None = None,
    ) -> list[ChargingHistory]:
        """Sessions of a driver: your own, or with a scope or permission those of another."""
        caller = info.context
        rows = _of(caller, _named(caller, filter)).filter(condition(filter, _COLUMNS))
        return _listed(rows.order_by(*_order(sorting)), paging, info)

    @strawberry.field
    @asking
    def user_charging_history(
        self, info: Info[Caller, None], input: ChargingHistoryInput
    ) -> ChargingHistoryPage:
        """Your own sessions, newest first."""
        rows = _of(info.context, person(info.context))
        return ChargingHistoryPage(rows=rows, paging=input.paging)

    @strawberry.field
    @asking
    def connector_charging_history(
        self, info: Info[Caller, None], input: ConnectorChargingHistoryInput
    ) -> ChargingHistoryPage:
        """Your own sessions at one charge point, newest first."""
        station = selectors.station_named(_text(input.charge_point_hardware_id))
        rows = _of(info.context, person(info.context)).filter(station=station)
        return ChargingHistoryPage(rows=rows, paging=input.paging)


def _named(caller: Caller, filter_: ChargingHistoryFilter) -> Any:
    """Whose sessions a filter means. Raises NotFound, and who may not ask is refused first."""
    user = person(caller)
    _no_others_inside(filter_)
    if filter_.user_id is None or filter_.user_id.eq == str(user.pk):
        return user
    needs(caller, SessionBill)
    return customer(filter_.user_id.eq, "filter.userId")


def _no_others_inside(filter_: ChargingHistoryFilter, depth: int = 0) -> None:
    """Whose sessions stands at the top, or nobody would be heeded. Raises ValidationError."""
    for one in [*(filter_.and_ or []), *(filter_.or_ or [])]:
        if one.user_id:
            raise wrong("filter.userId", "should stand at the top of the filter")
        if depth < DEEPEST:  # what lies deeper is refused
            _no_others_inside(one, depth + 1)


def _of(caller: Caller, user: Any) -> QuerySet[Any]:
    """All sessions of ``user`` that the caller sees: whoever drives sees all of their own."""
    rows: QuerySet[Any] = histories.of_driver(user.pk).annotate(whose=Value(user.pk))
    if user == caller.user and not caller.is_program:
        return rows
    needs(caller, SessionBill)
    return scoping.visible(caller.user, rows)


def _listed(rows: QuerySet[Any], paging: Paging | None, info: Info) -> list[Any]:
    """A page with what the document asks for, and with costs."""
    # What to join is for the optimiser to say, who knows what the document asks for.
    page = list(optimize(page_of(rows.select_related(None), paging), info))
    histories.with_costs(page, at=clock.now())
    return page


def _order(sorting: list[ChargingHistorySort] | None) -> list[Any]:
    """Columns, the number last: so the order is the same each time. No value comes last."""
    if len(sorting or []) > len(ChargingHistorySortFields):
        raise wrong("sorting", "names a column twice")
    order: list[Any] = []
    for one in sorting or []:
        column = F(str(one.field.value))
        descending = one.direction is SortDirection.DESC
        order.append(column.desc(nulls_last=True) if descending else column.asc(nulls_last=True))
    return [*order, "-transaction_id"]


def _text(value: str) -> str:
    if "\0" in value:
        raise wrong("input.chargePointHardwareId", "should be one line of text")
    return value
