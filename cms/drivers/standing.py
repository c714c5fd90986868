"""How sessions stand, as their drivers' apps are told: one look at many, in few queries."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models.expressions import RawSQL

from cms.drivers import envelope
from cms.shared import bulk
from stations import by_now, hooks
from stations.hooks import Cost
from stations.models import ChargingSession, MeterValue, SessionStatus

STATUS_UPDATE, METER_UPDATE = "charging_status_update", "meter_values_update"
_COLUMNS = (
    *("transaction_id", "station_id", "station__cp_id", "connector__connector_id"),
    *("connector__status", "status", "card__user_id"),
)
# Pairs: sessions and times each in a list would be looked up in every combination.
_MOMENT = {"session": "bigint", "at": "timestamptz"}
_NEWEST = (
    "SELECT said.id FROM {moments} JOIN stations_metervalue AS said"
    " ON said.session_id = v.session AND said.sampled_at = v.at"
)


class Standing(NamedTuple):
    """A session at one moment: energy in Wh, power in W, ``voltage`` in V, ``current`` in A."""

    session_id: int
    station_id: int
    cp_id: str
    connector_id: int | None
    connector_status: str | None
    status: str
    user_id: int
    reading_at: datetime | None
    register_wh: int | None
    energy_wh: int
    power_w: int | None
    soc_percent: float | None
    voltage: float | None = None
    current: float | None = None
    cost: Cost | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.status == SessionStatus.ACTIVE


def of_sessions(numbers: Collection[int]) -> list[Standing]:
    """These sessions, without those of nobody who could hear of it."""
    return _with_readings(_found(transaction_id__in=numbers))


def of_users(users: Collection[int]) -> list[Standing]:
    """All that these people have under way."""
    return _with_readings(_found(card__user__in=users, status=SessionStatus.ACTIVE))


def priced(some: list[Standing], at: datetime) -> list[Standing]:
    """The same with what they cost at ``at``, where they have a price."""
    costs = hooks.costs([one.session_id for one in some], at) if some else {}
    return [one._replace(cost=costs.get(one.session_id)) for one in some]


def _found(**which: Any) -> list[Standing]:
    rows = ChargingSession.objects.filter(card__user__isnull=False, **which).order_by()
    found = rows.annotate(**by_now.columns()).values_list(*_COLUMNS, *by_now.NAMES)
    return [Standing(*row) for row in found]


def _with_readings(found: list[Standing]) -> list[Standing]:
    """Voltage and current stand with the reading only."""
    if not found:
        return []
    moments = [(one.session_id, one.reading_at) for one in found if one.reading_at]
    table, parameters = bulk.table(_MOMENT, moments)
    newest = RawSQL(_NEWEST.format(moments=table), parameters)  # noqa: S611 - no word of anybody's
    rows = MeterValue.objects.filter(pk__in=newest)
    read: dict[tuple[int, datetime], tuple[float | None, float | None]] = {}
    values = rows.order_by().values_list("session_id", "sampled_at", "voltage_v", "current_a")
    for number, at, voltage, current in values:
        assert number is not None
        known = read.get((number, at), (None, None))
        read[number, at] = (
            known[0] if voltage is None else voltage,
            known[1] if current is None else current,
        )
    return [
        one._replace(voltage=beside[0], current=beside[1])
        if one.reading_at and (beside := read.get((one.session_id, one.reading_at)))
        else one
        for one in found
    ]


def news(before: Standing | None, now: Standing, at: datetime) -> Iterator[tuple[str, str]]:
    """What the driver is told of it that they were not told ``before``: kinds and frames."""
    if before is None or _status(before) != _status(now):
        yield STATUS_UPDATE, _pushed(STATUS_UPDATE, now, _status(now), at)
    if now.reading_at is not None and (before is None or _metered(before) != _metered(now)):
        data = {**_place(now), "meterValue": _reading(now), **_sums(now)}
        yield METER_UPDATE, _pushed(METER_UPDATE, now, data, at)


def _metered(now: Standing) -> tuple[dict[str, Any], Cost | None]:
    return _reading(now), now.cost


def _pushed(kind: str, now: Standing, data: dict[str, Any], at: datetime) -> str:
    number = f"{now.session_id}-{int(at.timestamp() * 1000)}"
    return envelope.pushed(kind, number, data, at)


def _place(now: Standing) -> dict[str, Any]:
    return {
        "chargePointId": now.cp_id,
        "connectorId": now.connector_id,
        "transactionId": now.session_id,
    }


def _status(now: Standing) -> dict[str, Any]:
    said = {**_place(now), "status": now.connector_status, "sessionStatus": now.status}
    return said if now.is_open else {**said, **_sums(now)}


def _reading(now: Standing) -> dict[str, Any]:
    """The register as the meter shows it; what it did not say is null."""
    register = now.register_wh
    return {
        "energyImportKWh": None if register is None else register / 1000,
        "powerKw": None if now.power_w is None else now.power_w / 1000,
        "voltage": now.voltage,
        "current": now.current,
        "stateOfCharge": now.soc_percent,
        "timestamp": None if now.reading_at is None else envelope.stamp(now.reading_at),
    }


def _sums(now: Standing) -> dict[str, Any]:
    """Since the session began: energy, and what it costs, where it has a price."""
    said: dict[str, Any] = {"energyKWh": now.energy_wh / 1000}
    if now.cost is not None:
        said |= {"cost": str(now.cost.amount), "currency": now.cost.currency}
    return said
