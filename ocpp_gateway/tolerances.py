"""What is known of one station's model, read once for its socket: no frame asks the database."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from stations.models import ChargingStation, Quirk
from stations.services import quirks
from stations.services.quirks import Settings

UNITS = {"energy_unit": "energy_wh", "power_unit": "power_w"}  # by the value they are about


class Tolerances(NamedTuple):
    """How this station is to be understood and treated; the defaults suit every sound one."""

    zone: tzinfo = UTC  # of times it sends without one
    z_is_local: bool = False
    units: Mapping[str, str] = {}  # that its values are really in, by the name of the value
    since_start: bool = False  # registers in MeterValues count from the start of the session
    settle_s: float | None = None  # None: as the settings say
    rows: Mapping[str, int] = {}  # the quirk that says so, by its name


SOUND = Tolerances()


def of(station: ChargingStation) -> Tolerances:
    """What counts for ``station`` as it is stored now: one query, and one for its site at most."""
    return _made(station, quirks.settings(quirks.enabled(), station))


def is_other(station: ChargingStation, boot: dict[str, Any]) -> bool:
    """Whether a BootNotification names another model than ``station`` had when it connected."""
    members = ("chargePointVendor", "chargePointModel", "firmwareVersion")
    said = [str(boot.get(member, "")) for member in members]
    return said != [station.vendor, station.model, station.firmware_version]


def of_booted(station: ChargingStation) -> Tolerances:
    """The same after ``station``, as it was when its socket opened, said what it is."""
    fields = ["vendor", "model", "firmware_version", "time_zone", "site"]
    station.refresh_from_db(fields=fields)
    return of(station)


def of_many(station_ids: Iterable[int]) -> dict[int, Tolerances]:
    """The same for many, by their ids, with two queries."""
    rows = quirks.enabled()
    stations = ChargingStation.objects.filter(pk__in=list(station_ids)).select_related("site")
    return {station.pk: _made(station, quirks.settings(rows, station)) for station in stations}


def _made(station: ChargingStation, known: Settings) -> Tolerances:
    z_is_local = bool(_value(known, "z_is_local"))
    return Tolerances(
        _zone(station, _value(known, "naive_times", "site" if z_is_local else None)),
        z_is_local,
        {member: known[name].value for name, member in UNITS.items() if name in known},
        bool(_value(known, "session_registers")),
        _value(known, "settle_seconds"),
        {name: row.pk for name, row in known.items()},
    )


def _zone(station: ChargingStation, said: str | None) -> tzinfo:
    """The one an operator gave the station, else what its model says, ``site`` for its site's."""
    if said is None or station.time_zone != "UTC":
        return station.zone
    if said == "site":
        return station.site.zone if station.site else UTC
    return zoneinfo.ZoneInfo(said)


def _value(known: Settings, name: str, default: Any = None) -> Any:
    row: Quirk | None = known.get(name)
    return row.value if row else default
