"""Sections of a session's page that are fetched when they are opened: meter values, history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import audit, display, scoping, spreadsheets
from cms.shared.admin import history as trail
from stations.admin import evidence, panels, words
from stations.models import ChargingSession, Command, CommandEffect, MeterValue

READINGS_URL = "stations_chargingsession_readings"
CSV_URL = "stations_chargingsession_readings_csv"
READINGS = "stations.view_metervalue"
_PAGE = 50
_BATCH = 1000  # readings in memory
_MOST = 50  # commands and decisions
_COLUMNS = (
    *("sampled_at", "received_at", "context", "energy_wh", "power_w"),
    *("current_a", "voltage_v", "soc_percent", "raw"),
)
_STOPS = ("RemoteStopTransaction",)


@panels.part("readings", gettext_lazy("Meter values"), READINGS)
def readings(request: HttpRequest, session: ChargingSession) -> SafeString:
    """The newest meter values; more of them as one scrolls, all of them as a file."""
    shown = page_of(session, "")
    csv_url = reverse(f"admin:{CSV_URL}", args=[session.pk])
    context = {**shown, "csv_url": csv_url}
    return render_to_string("admin/stations/session_readings.html", context)


def page_of(session: ChargingSession, before: str) -> dict[str, Any]:
    """Meter values before a mark, newest first, and the mark of the next page."""
    rows = session.meter_values.defer("raw").order_by("-sampled_at", "-id")
    if mark := _read(before):
        at, pk = mark
        # The first condition is what the index needs, the second what is right.
        rows = rows.filter(Q(sampled_at__lte=at) & (Q(sampled_at__lt=at) | Q(pk__lt=pk)))
    found = list(rows[: _PAGE + 1])
    more = _mark(found[_PAGE - 1]) if len(found) > _PAGE else ""
    url = reverse(f"admin:{READINGS_URL}", args=[session.pk])
    return {
        "readings": [evidence.reading(row) for row in found[:_PAGE]],
        "more_url": f"{url}?before={more}" if more else "",
    }


def as_csv(session: ChargingSession) -> Iterator[str]:
    """All its meter values in order of time, in the units of their columns' names."""
    rows = (_row(row) for row in _in_order(session))
    return spreadsheets.as_csv(_COLUMNS, rows, batch=_BATCH)


@panels.part("history", gettext_lazy("Who did what"), "stations.view_command")
def history(request: HttpRequest, session: ChargingSession) -> SafeString:
    """Commands that began or ended it, what was decided about it, and what the audit trail has."""
    rows = [*_commands(session), *_decisions(request, session), *_noted(session)]
    rows.sort(key=lambda row: row["at"], reverse=True)
    return render_to_string("admin/stations/session_history.html", {"rows": rows})


def _mark(row: MeterValue) -> str:
    return f"{int(row.sampled_at.timestamp() * 1_000_000)}-{row.pk}"


def _read(mark: str) -> tuple[datetime, int] | None:
    """The moment and the id of a mark; None for what is none."""
    at, _, pk = mark.partition("-")
    if not (at.isascii() and at.isdigit() and pk.isascii() and pk.isdigit()):
        return None
    if len(at) > 17 or len(pk) > 18:
        return None
    seconds, micros = divmod(int(at), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros), int(pk)


def _in_order(session: ChargingSession) -> Iterator[MeterValue]:
    """Behind the last of each batch: no OFFSET, and no cursor that is kept open."""
    rows: QuerySet[MeterValue] = session.meter_values.order_by("sampled_at", "id")
    behind = Q()
    while True:
        some = list(rows.filter(behind)[:_BATCH])
        yield from some
        if len(some) < _BATCH:
            return
        last = some[-1]
        at = last.sampled_at
        behind = Q(sampled_at__gte=at) & (Q(sampled_at__gt=at) | Q(pk__gt=last.pk))


def _row(row: MeterValue) -> tuple[Any, ...]:
    texts = {"sampled_at", "received_at"}
    return tuple(
        getattr(row, name).astimezone(UTC).isoformat() if name in texts else getattr(row, name)
        for name in _COLUMNS
    )


def _commands(session: ChargingSession) -> Iterator[dict[str, Any]]:
    """Those whose effect it was, and those that name it."""
    effects = CommandEffect.objects.filter(session=session.pk).values("command")
    since = session.started_at or session.stop_received_at
    named = Q(pk__in=effects)
    if since is not None:
        stops = Q(action__in=_STOPS, payload__transactionId=session.pk)
        named |= Q(requested_at__gte=since) & stops
    rows = Command.objects.filter(station=session.station_id).filter(named)
    for row in rows.select_related("requested_by").order_by("-id")[:_MOST]:
        yield {
            "at": row.requested_at,
            "when": display.when(row.requested_at),
            "who": row.requested_by or _("the system"),
            "what": display.link(row, row.action),
            "state": words.command(row),
            "why": "",
        }


def _noted(session: ChargingSession) -> Iterator[dict[str, Any]]:
    for entry in audit.of(session)[:_MOST]:
        details = [f"{name}: {new or old}" for name, old, new in trail.changes(entry)]
        yield {
            "at": entry.timestamp,
            "when": display.when(entry.timestamp),
            "who": trail.who(entry),
            "what": trail.what(entry),
            "state": "",
            "why": "; ".join(details),
        }


def _decisions(request: HttpRequest, session: ChargingSession) -> Iterator[dict[str, Any]]:
    if not request.user.has_perm("stations.view_reviewcase"):
        return
    cases = scoping.visible(request.user, session.review_cases.all())
    for case in cases.order_by("-id")[:_MOST]:
        at = case.settled_at or case.first_seen_at
        yield {
            "at": at,
            "when": display.when(at),
            "who": case.settled_by_name or _("the system"),
            "what": display.link(case, case.get_kind_display()),
            "state": words.review_state(case),
            "why": case.why,
        }
