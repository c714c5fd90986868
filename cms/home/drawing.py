"""What the charts of the home page show: once as a table, once for cms/static/voltdesk/home.js."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from stations.admin import words
from stations.models import ConnectorStatus
from stations.overview import Figures

_DAY = timedelta(hours=24)


def energy(figures: Figures, hour: datetime) -> dict[str, Any]:
    """kWh of the 24 hours until now, each beside the same hour a day before."""
    hours = [hour - timedelta(hours=back) for back in range(23, -1, -1)]
    rows = [
        {
            "hour": timezone.localtime(each).strftime("%H:%M"),
            "today": figures.hours.get(each, 0) / 1000,
            "before": figures.hours.get(each - _DAY, 0) / 1000,
        }
        for each in hours
    ]
    return {
        "rows": rows,
        "is_empty": not any(row["today"] or row["before"] for row in rows),
        "drawn": {
            "labels": [row["hour"] for row in rows],
            "bars": [row["today"] for row in rows],
            "line": [row["before"] for row in rows],
            "barsName": _("Last 24 hours"),
            "lineName": _("The day before"),
            "unit": "kWh",
        },
    }


def connectors(figures: Figures) -> dict[str, Any]:
    """How many connectors say what, in the order of OCPP's states, with a word and a tone each."""
    total = sum(figures.connectors.values())
    known = {str(value): label for value, label in ConnectorStatus.choices}
    order = [*known, *sorted(set(figures.connectors) - set(known))]
    rows = [
        {
            "word": known.get(status, status),
            "tone": words.connector_tone(status),
            "count": figures.connectors[status],
            "percent": round(figures.connectors[status] * 100 / total),
        }
        for status in order
        if figures.connectors.get(status)
    ]
    drawn = [{"name": row["word"], "tone": row["tone"], "count": row["count"]} for row in rows]
    return {"rows": rows, "total": total, "drawn": drawn}
