"""Behind the tabs of a station's page: its last sessions, messages and commands, its history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import audit, display
from cms.shared.admin import history as audited
from stations import by_now
from stations.admin import drivers, station_panels, words
from stations.models import (
    ChargingStation,
    Command,
    ConfigurationChange,
    StatusChange,
)

_ROWS = 8
_OF_EACH = 20  # kinds of history
_LONGEST_PAYLOAD = 120


class Happened(NamedTuple):
    """A line of the history: when, which kind in a word and a colour, what, who."""

    at: datetime
    kind: SafeString
    what: SafeString | str
    who: object = ""

    @property
    def when(self) -> SafeString:
        """The exact time."""
        return display.when(self.at)


def all_of(model: str, **filters: str | int) -> str:
    """The address of a list with a filter set."""
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"


def sessions(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """The last sessions."""
    rows = by_now.first(station.sessions.select_related("connector", "card__user"), _ROWS)
    return {
        "sessions": [
            {
                "link": display.link(row, format_html("#{}", row.pk)),
                "connector": row.connector.connector_id if row.connector else display.NOTHING,
                "who": drivers.of_session(request.user, row),
                "status": words.session(row),
                "energy": display.kwh(row.energy_wh),
                "length": words.session_length(row),
                "when": display.ago(row.started_at),
            }
            for row in rows
        ],
        "all_url": all_of("stations_chargingsession", station__id__exact=station.pk),
    }


def log(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """The last exchanges, as the gateway shows them."""
    return {"panels": station_panels.log(request, station)}


def commands(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What it was asked last: by whom, when, what it answered, after how long."""
    rows = Command.objects.filter(station=station).select_related("requested_by")[:_ROWS]
    return {
        "commands": [
            {
                "when": display.ago(row.requested_at),
                "link": display.link(row, row.action),
                "by": row.requested_by or display.NOTHING,
                "asked": _payload(request, row),
                "status": words.command(row),
                "meaning": words.meaning(row),
                "latency": words.latency(row),
            }
            for row in rows
        ],
        "all_url": all_of("stations_command", station__id__exact=station.pk),
    }


def history(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What changed at this station, newest first, and where all of a kind is found."""
    may = request.user.has_perm
    found = list(_edited(station))
    if may("stations.view_statuschange"):
        found += _reported(station)
    if may("stations.view_configurationchange"):
        found += _set(station)
    return {
        "history": sorted(found, key=attrgetter("at"), reverse=True),
        "links": [
            (title, all_of(f"stations_{model}", **{name: getattr(station, field)}))
            for title, model, name, field in _links()
            if may(f"stations.view_{model}")
        ],
    }


def _links() -> list[tuple[str, str, str, str]]:
    """Titles and models of whole lists, the name of their filter, what of the station it takes."""
    own = ("station__id__exact", "pk")
    return [
        (_("Status changes"), "statuschange", "station", "cp_id"),
        (_("Changes of settings"), "configurationchange", *own),
        (_("Security events"), "securityevent", *own),
        (_("Review queue"), "reviewcase", *own),
    ]


def _edited(station: ChargingStation) -> Iterator[Happened]:
    """What people and programs did with it here."""
    for row in audit.of(station)[:_OF_EACH]:
        changed = ", ".join(f"{name}: {old} → {new}" for name, old, new in audited.changes(row))
        what = format_html("{} <small>{}</small>", audited.what(row), changed[:_LONGEST_PAYLOAD])
        yield Happened(
            row.timestamp, display.pill(_("Done here"), "violet"), what, audited.who(row)
        )


def _reported(station: ChargingStation) -> Iterator[Happened]:
    """What its connectors said."""
    own = [row.pk for row in station.connectors.all()]
    rows = StatusChange.objects.filter(connector__in=own).select_related("connector")
    for row in rows.order_by("-reported_at")[:_OF_EACH]:
        what = _("Connector %(number)s: %(status)s") % {
            "number": row.connector.connector_id,
            "status": row.status,
        }
        error = "" if row.error_code in ("", "NoError") else row.error_code
        vendor = " ".join(filter(None, [error, row.vendor_error_code, row.info]))
        text = format_html("{} <small>{}</small>", what, vendor)
        yield Happened(row.reported_at, display.pill(_("Status"), "blue"), text)


def _set(station: ChargingStation) -> Iterator[Happened]:
    """Settings that became others."""
    rows = ConfigurationChange.objects.filter(station=station)
    for row in rows.select_related("changed_by").order_by("-id")[:_OF_EACH]:
        old = "–" if row.old_value is None else row.old_value[:60]
        what = f"{row.key}: {old} → {row.new_value[:60]}"
        yield Happened(row.at, display.pill(_("Setting"), "amber"), what, row.changed_by or "")


def _payload(request: HttpRequest, row: Command) -> str:
    """What was asked in one line, without secrets, and numbers of cards as one may see them."""
    shown = display.veiled(row.payload)
    parts = [
        f"{name}: {value if isinstance(value, str | int) else json.dumps(value)}"
        for name, value in shown.items()
    ]
    text = ", ".join(parts)
    return text if len(text) <= _LONGEST_PAYLOAD else f"{text[:_LONGEST_PAYLOAD]}…"
