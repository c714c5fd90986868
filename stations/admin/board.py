"""What the page of a station shows around its form, each part only to whom may see it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from cms.shared import display
from stations.admin import charging, words
from stations.models import ChargingSession, ChargingStation, Command, Connector

_ROWS = 8
_KEYS = 300
_REPORTED = (
    "vendor",
    "model",
    "serial_number",
    "charge_box_serial_number",
    "firmware_version",
    "meter_type",
    "meter_serial_number",
    "iccid",
    "imsi",
)


def page(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """Everything the page of ``station`` shows; a handful of bounded queries."""
    may = request.user.has_perm
    at_station = {"station__id__exact": station.pk}
    return {
        **live(request, station),
        "facts": facts(station),
        "configuration": _configuration(station),
        "may_send": may("stations.add_command"),
        "messages_url": _list("ocpp_gateway_ocppmessage", **at_station)
        if may("ocpp_gateway.view_ocppmessage")
        else "",
        "commands": _commands(station) if may("stations.view_command") else None,
        "commands_url": _list("stations_command", **at_station),
        "sessions": _sessions(station) if may("stations.view_chargingsession") else None,
        "sessions_url": _list("stations_chargingsession", **at_station),
        "review_url": _list("stations_reviewcase", **at_station)
        if may("stations.view_reviewcase")
        else "",
        "security_url": _list("stations_securityevent", **at_station)
        if may("stations.view_securityevent")
        else "",
        **charging.shown(request, station),
        "assigned_url": _list("stations_profileassignment", **at_station),
        "changes_url": _list("stations_statuschange", station=station.cp_id)
        if may("stations.view_statuschange")
        else "",
    }


def live(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What renews itself: whether it is there, and its connectors."""
    sessions = {row.connector_id: row for row in station.sessions.filter(status="Active")[:100]}
    may_see = request.user.has_perm("stations.view_chargingsession")
    return {
        "station": station,
        "online": words.online(station),
        "registration": words.registration(station),
        "last_message": display.ago(station.last_seen_at),
        "connectors": [
            _connector(station, row, sessions.get(row.pk), may_see)
            for row in station.connectors.all()
            if row.connector_id
        ],
        "itself": _itself(station),
        "may_send": request.user.has_perm("stations.add_command"),
        "live_url": reverse("admin:stations_chargingstation_live", args=[station.pk]),
    }


def _itself(station: ChargingStation) -> SafeString | str:
    """The state of the station as a whole (connector 0), where it is not simply well."""
    rows = [row for row in station.connectors.all() if not row.connector_id]
    return words.connector(rows[0]) if rows and rows[0].status != "Available" else ""


def facts(station: ChargingStation) -> list[tuple[str, Any]]:
    """What the station said of itself, and what we saw of it; only what there is."""
    fields = [(station._meta.get_field(name), getattr(station, name)) for name in _REPORTED]
    reported = [(str(field.verbose_name).capitalize(), value) for field, value in fields if value]  # type: ignore[union-attr]
    return [
        *reported,
        ("Last start", display.when(station.last_boot_at)),
        ("Connected", display.when(station.connected_at)),
        ("Disconnected", display.when(station.disconnected_at)),
        ("Key", _key(station)),
        *_profiles(station),
    ]


def _key(station: ChargingStation) -> str:
    if station.pending_keys:
        return "Being changed: the old one and the new one are taken"
    return "Set" if station.key_hash else "None"


def _profiles(station: ChargingStation) -> list[tuple[str, Any]]:
    """What it proved when it connected last, and what it was told to change to."""
    shown: list[tuple[str, Any]] = []
    if station.connected_profile is not None:
        shown.append(("Connected with profile", station.get_connected_profile_display()))
    if station.pending_profile is not None:
        shown.append(("Changing to profile", station.get_pending_profile_display()))
    return shown


def _connector(
    station: ChargingStation, row: Connector, session: ChargingSession | None, may_see: bool
) -> dict[str, Any]:
    query = urlencode({"connector": row.connector_id})
    readings = urlencode({"connector": f"{station.cp_id}/{row.connector_id}"})
    return {
        "row": row,
        "status": words.connector(row),
        "error": "" if row.error_code in ("", "NoError") else row.error_code,
        "power": display.kw(row.max_power_w) if row.max_power_w else "",
        "session": session,
        "energy": display.kwh(session.energy_wh) if session else "",
        "session_shown": display.link(session) if session and may_see else "",
        "length": words.session_length(session) if session else "",
        "start_url": f"{_action('remote_start', station)}?{query}",
        "stop_url": f"{_action('remote_stop', station)}?{query}",
        "unlock_url": f"{_action('unlock_connector', station)}?{query}",
        "readings_url": f"{reverse('admin:stations_metervalue_changelist')}?{readings}",
    }


def _action(name: str, station: ChargingStation) -> str:
    return reverse(f"admin:stations_chargingstation_{name}", args=[station.pk])


def _configuration(station: ChargingStation) -> list[dict[str, Any]]:
    change = _action("change_configuration", station)
    return [
        {
            "row": row,
            "value": display.MASK if display.is_secret(row.key) else row.value,
            "change_url": ""
            if row.readonly or display.is_secret(row.key)
            else f"{change}?{urlencode({'key': row.key})}",
        }
        for row in station.configuration.all()[:_KEYS]
    ]


def _commands(station: ChargingStation) -> list[dict[str, Any]]:
    rows = Command.objects.filter(station=station).select_related("requested_by")[:_ROWS]
    return [
        {
            "when": display.ago(row.requested_at),
            "link": display.link(row, row.action),
            "by": row.requested_by or display.NOTHING,
            "status": words.command(row),
        }
        for row in rows
    ]


def _sessions(station: ChargingStation) -> list[dict[str, Any]]:
    rows = station.sessions.select_related("connector")[:_ROWS]
    return [
        {
            "link": display.link(row, format_html("#{}", row.pk)),
            "connector": row.connector.connector_id if row.connector else display.NOTHING,
            "tag": row.id_tag,
            "status": words.session(row),
            "energy": display.kwh(row.energy_wh),
            "length": words.session_length(row),
            "when": display.ago(row.started_at),
        }
        for row in rows
    ]


def _list(model: str, **filters: str | int) -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"
