"""Periods of a charging schedule as a table: to edit, one row for each, and to read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import display

_EMPTY, _LEAST, _MOST = 3, 6, 100  # rows left empty, shown at least, and at most
_PARTS = ("start", "limit", "phases")
Row = tuple[str, str, str]


class PeriodsWidget(forms.Widget):
    """Rows of from (h:mm), limit and phases. Saving gives more empty ones."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """The rows somebody filled in, as typed."""
        rows = []
        for number in range(_MOST):
            typed = [data.get(f"{name}-{number}-{part}", "").strip() for part in _PARTS]
            if any(typed):
                rows.append((typed[0], typed[1], typed[2]))
        return rows

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Never: no row at all is a wrong schedule, not an old one."""
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The table."""
        rows = [_typed(row) for row in value or []][:_MOST]
        count = min(max(len(rows) + _EMPTY, _LEAST), _MOST)
        rows += [("", "", "")] * (count - len(rows))
        context = {
            "rows": [
                {part: (f"{name}-{number}-{part}", row[at]) for at, part in enumerate(_PARTS)}
                for number, row in enumerate(rows)
            ]
        }
        return render_to_string("admin/stations/periods.html", context)


class PeriodsField(forms.Field):
    """Periods in OCPP's spelling, sorted out of the table."""

    widget = PeriodsWidget

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        """The rows as they are stored. Raises ValidationError with the number of the row."""
        return [_period(number, row) for number, row in enumerate(value or [], 1)]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as they are typed: 10:00 is 10:00."""
        return [_typed(row) for row in initial or []] != list(data or [])


def clock_text(seconds: int) -> str:
    """``5400`` as ``1:30``, with seconds only where there are some."""
    minutes, rest = divmod(seconds, 60)
    text = f"{minutes // 60}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text


def schedule_table(schedule: Any) -> SafeString:
    """The periods of a chargingSchedule as a small table; whatever cannot be read is left out."""
    unit = str(schedule.get("chargingRateUnit", ""))
    rows = [
        {
            "start": clock_text(int(period["startPeriod"])),
            "limit": display.number(float(period["limit"]), unit),
            "phases": period.get("numberPhases", ""),
        }
        for period in schedule.get("chargingSchedulePeriod", [])[:100]
    ]
    return render_to_string("admin/stations/schedule.html", {"rows": rows})


def _typed(row: Any) -> Row:
    """A stored period as one would type it; what was typed stays."""
    if not isinstance(row, dict):
        return (row[0], row[1], row[2])
    return (
        clock_text(row["startPeriod"]),
        f"{row['limit']:g}",
        str(row.get("numberPhases", "")),
    )


def _period(number: int, row: Row) -> dict[str, Any]:
    start, limit, phases = row
    try:
        rate = float(limit.replace(",", "."))
        period: dict[str, Any] = {
            "startPeriod": _seconds(start),
            "limit": int(rate) if rate.is_integer() else rate,
        }
        if phases:
            period["numberPhases"] = int(phases)
    except (ValueError, OverflowError):
        raise forms.ValidationError(
            _("Row %(number)s: from is a time (8:30), the limit a number, phases 1 to 3 or empty.")
            % {"number": number}
        ) from None
    return period


def _seconds(text: str) -> int:
    hours, minutes, seconds = (int(part) for part in [*text.split(":"), "0", "0"][:3])
    if min(hours, minutes, seconds) < 0 or max(minutes, seconds) > 59 or hours > 9999:
        raise ValueError(text)
    return hours * 3600 + minutes * 60 + seconds
