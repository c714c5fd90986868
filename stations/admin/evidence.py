"""What a review case rests on: its session, its meter values, and what was said around it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.shared import display
from rfid.admin import numbers
from stations.admin import words
from stations.models import (
    ChargingSession,
    MeterValue,
    ReviewCase,
    ReviewKind,
    ReviewState,
    SessionStatus,
)
from stations.services import unplaced

_READINGS = 30
_CANDIDATES = 5


def page(request: HttpRequest, case: ReviewCase) -> dict[str, Any]:
    """Everything the page of ``case`` shows around its fields, each part to whom may see it."""
    may = request.user.has_perm
    return {
        "case": case,
        "state": words.review_state(case),
        "reason": words.reason(case.reason),
        "session_facts": _facts(case.session)
        if case.session and may("stations.view_chargingsession")
        else None,
        "candidates": _candidates(case) if may("stations.view_chargingsession") else None,
        "readings": [reading(row) for row in _readings(case)[:_READINGS]]
        if may("stations.view_metervalue") and (case.session or _is_unplaced(case))
        else None,
        "messages_url": _messages(case) if may("ocpp_gateway.view_ocppmessage") else "",
    }


def neighbours(
    request: HttpRequest, case: ReviewCase, rows: QuerySet[ReviewCase]
) -> dict[str, str]:
    """The open cases beside ``case`` in the queue, of ``rows``: newer, and older; of its kind where

    the list one came from showed that kind only. Two look-ups by the number.
    """
    kept = request.GET.get("_changelist_filters", "")
    kind = parse_qs(kept).get("kind__exact", [""])[0]
    waiting = rows.filter(state=ReviewState.OPEN, **({"kind": kind} if kind else {}))
    newer = waiting.filter(pk__gt=case.pk).order_by("pk").first()
    older = waiting.filter(pk__lt=case.pk).order_by("-pk").first()
    query = f"?{urlencode({'_changelist_filters': kept})}" if kept else ""
    found = {"newer_url": newer, "older_url": older}
    return {name: display.page(row) + query if row else "" for name, row in found.items()} | {
        "queue_url": reverse("admin:stations_reviewcase_changelist") + (f"?{kept}" if kept else "")
    }


def reading(row: MeterValue) -> dict[str, Any]:
    """A meter value as a row of a table."""
    return {
        "when": display.when(row.sampled_at),
        "register": display.kwh(row.energy_wh),
        "power": display.kw(row.power_w),
        "current": display.number(row.current_a, "A"),
        "voltage": display.number(row.voltage_v, "V"),
        "charge": display.number(row.soc_percent, "%", 0),
        "context": row.context or display.NOTHING,
    }


def _facts(session: ChargingSession) -> list[tuple[str, Any]]:
    return [
        (_("Session"), display.link(session)),
        (_("State"), words.session(session)),
        (_("Billable"), _("yes") if session.billable else _("no")),
        (_("Connector"), session.connector.connector_id if session.connector else display.NOTHING),
        (_("Id tag"), numbers.cell(session.id_tag)),
        (_("Energy"), display.kwh(session.energy_wh)),
        (_("Started"), display.when(session.started_at)),
        (_("Register at the start"), display.kwh(session.meter_start_wh)),
        (_("Last reading"), display.when(session.last_reading_at)),
        (_("Last register"), display.kwh(session.last_register_wh)),
        (_("Stopped"), display.when(session.stopped_at)),
        (_("Register at the end"), display.kwh(session.meter_stop_wh)),
        (_("Stop received"), display.when(session.stop_received_at)),
        (_("Reported as"), session.reported_transaction_id or display.NOTHING),
    ]


def _candidates(case: ReviewCase) -> list[dict[str, Any]] | None:
    """Sessions of the station an orphan may belong to; only while it is open."""
    if not case.is_open or case.kind != ReviewKind.ORPHANED_STOP:
        return None
    rows = ChargingSession.objects.filter(
        station=case.station_id, status__in=(SessionStatus.ACTIVE, SessionStatus.INFERRED)
    )
    return [
        {
            "link": display.link(row, f"#{row.pk}"),
            "state": words.session(row),
            "tag": numbers.cell(row.id_tag),
            "started": display.when(row.started_at),
            "start": display.kwh(row.meter_start_wh),
            "last": display.kwh(row.last_register_wh),
        }
        for row in rows[:_CANDIDATES]
    ]


def _is_unplaced(case: ReviewCase) -> bool:
    return case.kind == ReviewKind.UNPLACED_READINGS and "transactionId" in case.evidence


def _readings(case: ReviewCase) -> QuerySet[MeterValue]:
    rows = unplaced.of(case) if case.session is None else case.session.meter_values.all()
    return rows.defer("raw").order_by("-sampled_at", "-id")


def _messages(case: ReviewCase) -> str:
    """The part of the message log around it; another app's page, fetched by the browser."""
    if case.station_id is None:
        return ""
    moment = int(case.first_seen_at.timestamp())
    return reverse("admin:ocpp_gateway_ocppmessage_near", args=[case.station_id, moment])
