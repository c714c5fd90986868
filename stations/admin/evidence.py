"""What a review case rests on: its session, its meter values, and what was said around it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from cms.shared import display
from stations.admin import words
from stations.models import ChargingSession, MeterValue, ReviewCase, ReviewKind, SessionStatus
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
        ("Session", display.link(session)),
        ("State", words.session(session)),
        ("Billable", "yes" if session.billable else "no"),
        ("Connector", session.connector.connector_id if session.connector else display.NOTHING),
        ("Id tag", session.id_tag or display.NOTHING),
        ("Energy", display.kwh(session.energy_wh)),
        ("Started", display.when(session.started_at)),
        ("Register at the start", display.kwh(session.meter_start_wh)),
        ("Last reading", display.when(session.last_reading_at)),
        ("Last register", display.kwh(session.last_register_wh)),
        ("Stopped", display.when(session.stopped_at)),
        ("Register at the end", display.kwh(session.meter_stop_wh)),
        ("Stop received", display.when(session.stop_received_at)),
        ("Reported as", session.reported_transaction_id or display.NOTHING),
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
            "tag": row.id_tag,
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
