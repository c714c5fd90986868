"""The connectors of a station as cards: what each does, for whom, how fast, what one may do."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from cms.shared import display
from stations import by_now, selectors
from stations.admin import drivers, faults, limits, sparkline, station_panels, words
from stations.models import ChargingSession, ChargingStation, Connector, MeterValue

_SESSIONS = 100  # under way at one station
_CURVES = 24  # drawn of them
_STALE = timedelta(minutes=15)  # a reading that old says nothing of now


def cards(request: HttpRequest, station: ChargingStation, at: datetime) -> list[dict[str, Any]]:
    """The outlets of ``station``, whose connectors are at hand, as they are now.

    Sessions are shown only to whom may see them. Two queries, and those of what they cost.
    """
    outlets = [row for row in station.connectors.all() if row.connector_id]
    sessions = _sessions(request, station)
    curves = _readings(request, sessions.values())
    costs = station_panels.costs(request, [session.pk for session in sessions.values()])
    return [
        {
            "row": row,
            "status": words.connector(row),
            "since": display.ago(row.status_at) if row.status_at else "",
            "error": faults.plain(row),
            "code": faults.code(row),
            "kind": _kind(row),
            **_links(station, row),
            "session": _session(request, row, session, curves, costs, at)
            if (session := sessions.get(row.pk))
            else None,
        }
        for row in outlets
    ]


def _sessions(request: HttpRequest, station: ChargingStation) -> dict[int | None, ChargingSession]:
    if not request.user.has_perm("stations.view_chargingsession"):
        return {}
    rows = station.sessions.filter(status="Active").select_related("card__user", "limit")
    return {row.connector_id: row for row in by_now.first(rows, _SESSIONS)}


def _readings(
    request: HttpRequest, sessions: Collection[ChargingSession]
) -> dict[int, list[MeterValue]]:
    if not sessions or not request.user.has_perm("stations.view_metervalue"):
        return {}
    drawn = [session.pk for session in sessions][:_CURVES]
    return selectors.last_meter_values(drawn, each=sparkline.READINGS)


def _session(
    request: HttpRequest,
    row: Connector,
    session: ChargingSession,
    curves: dict[int, list[MeterValue]],
    costs: dict[int, str],
    at: datetime,
) -> dict[str, Any]:
    limit = getattr(session, "limit", None)
    readings = curves.get(session.pk, [])
    return {
        "link": display.link(session, f"#{session.pk}"),
        "who": drivers.of_session(request.user, session),
        "power": _power(row, session, readings, at),
        "energy": display.kwh(session.energy_wh),
        "charge": display.number(session.soc_percent, "%", 0)
        if session.soc_percent is not None
        else "",
        "length": words.session_length(session),
        "cost": costs.get(session.pk, ""),
        "limit": limits.shown(limit) if limit else "",
        "curve": sparkline.drawn(readings, row.max_power_w),
    }


def _power(
    row: Connector, session: ChargingSession, readings: list[MeterValue], at: datetime
) -> dict[str, Any]:
    """Power now in kW against the most, for a bar that says so in words as well."""
    told = [watts for _at, watts in sparkline.powers(readings)][-1:]
    watts = session.power_w if session.power_w is not None else next(iter(told), None)
    last = session.last_reading_at
    shown: dict[str, Any] = {"is_old": last is not None and at - last > _STALE, "last": last}
    if watts is None:
        return shown
    most = row.max_power_w
    shown["now"] = display.kw(watts)
    if most:
        shown["most"], shown["percent"] = display.kw(most), min(100, round(100 * watts / most))
    return shown


def _kind(row: Connector) -> str:
    power = f"{row.max_power_w / 1000:g} kW" if row.max_power_w else ""
    return " ".join(filter(None, [row.connector_type, power]))


def _links(station: ChargingStation, row: Connector) -> dict[str, str]:
    query = urlencode({"connector": row.connector_id})
    readings = urlencode({"connector": f"{station.cp_id}/{row.connector_id}"})

    def address(action: str) -> str:
        found = reverse(f"admin:stations_chargingstation_{action}", args=[station.pk])
        return f"{found}?{query}"

    return {
        "start_url": address("remote_start"),
        "stop_url": address("remote_stop"),
        "unlock_url": address("unlock_connector"),
        "readings_url": f"{reverse('admin:stations_metervalue_changelist')}?{readings}",
        "label": _("Connector %(number)s") % {"number": row.connector_id},
    }
