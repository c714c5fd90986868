"""Opening hours as people type them: a line for each weekday, a row for each exception."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from cms.shared import display, texts
from cms.shared.errors import DomainError
from stations.services import opening_hours
from stations.services.opening_hours import DAYS, MOST_EXCEPTIONS, WHOLE_DAY, Hours

_EMPTY, _LEAST = 2, 3  # rows left empty, shown at least
_PARTS = ("date", "kind", "begins", "ends")
_UNSAID, _ALWAYS, _WEEK = "", "always", "week"
NAMES = {
    "1": gettext_lazy("Monday"),
    "2": gettext_lazy("Tuesday"),
    "3": gettext_lazy("Wednesday"),
    "4": gettext_lazy("Thursday"),
    "5": gettext_lazy("Friday"),
    "6": gettext_lazy("Saturday"),
    "7": gettext_lazy("Sunday"),
}
_HOW = (
    (_UNSAID, gettext_lazy("Nobody said")),
    (_ALWAYS, gettext_lazy("Always open")),
    (_WEEK, gettext_lazy("By the week")),
)
_KINDS = (("closed", gettext_lazy("Closed")), ("open", pgettext_lazy("opening hours", "Open")))
_DASH = re.compile(r"\s*[-–—]\s*")


class HoursWidget(forms.Widget):
    """How, seven lines, and rows of exceptions; saving gives more empty ones."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Hours:
        """What was typed, as it was."""
        rows = (
            {part: data.get(f"{name}-{number}-{part}", "").strip() for part in _PARTS}
            for number in range(MOST_EXCEPTIONS + _EMPTY)
        )
        return {
            "how": data.get(f"{name}-how", ""),
            "days": {day: data.get(f"{name}-day{day}", "").strip() for day in DAYS},
            "rows": [row for row in rows if row["date"] or row["begins"] or row["ends"]],
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Only where the form has none of it."""
        return f"{name}-how" not in data

    def id_for_label(self, id_: str) -> str:
        """Its first choice."""
        return f"{id_}_how"

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The fields, with what was typed or is stored."""
        typed = _typed(value)
        count = max(len(typed["rows"]) + _EMPTY, _LEAST)
        rows = [*typed["rows"], *[dict.fromkeys(_PARTS, "")] * (count - len(typed["rows"]))]
        context = {
            "name": name,
            "how": [(value, label, value == typed["how"]) for value, label in _HOW],
            "days": [(day, NAMES[day], typed["days"].get(day, "")) for day in DAYS],
            "rows": rows,
            "kinds": _KINDS,
        }
        return render_to_string("admin/stations/hours.html", context)


class HoursField(forms.Field):
    """Opening hours, sorted out of what was typed."""

    widget = HoursWidget

    def __init__(self) -> None:
        super().__init__(required=False, label=gettext_lazy("Opening hours"))

    def to_python(self, value: Any) -> Hours | None:
        """As they are stored. Raises ValidationError that names the day or the row."""
        if not value or value["how"] == _UNSAID:
            return None
        always = value["how"] == _ALWAYS
        week = {day: _spans(text) for day, text in value["days"].items() if text}
        hours = {
            "always": always,
            "week": {} if always else week,
            "exceptions": [
                {
                    "date": row["date"],
                    "opens": row["kind"] == "open",
                    "begins": row["begins"] and _clock(row["begins"]),
                    "ends": row["ends"] and _clock(row["ends"]),
                }
                for row in value["rows"]
            ],
        }
        try:
            return opening_hours.checked(hours)
        except DomainError as error:
            raise forms.ValidationError(_problem(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as they are typed."""
        return bool(_typed(initial) != _typed(data))


def told(hours: Hours | None) -> SafeString | str:
    """Opening hours to read: days that are alike together, exceptions below."""
    if hours is None:
        return display.NOTHING
    lines = [_("Always open")] if hours["always"] else _week(hours["week"])
    lines += [_exception(item) for item in hours["exceptions"]]
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))


def _exception(item: Hours) -> str:
    kind = _("open") if item["opens"] else _("closed")
    times = "" if _is_whole_day(item) else f" {item['begins']}–{item['ends']}"
    return f"{item['date']} {kind}{times}"


def _is_whole_day(item: Hours) -> bool:
    return (item["begins"], item["ends"]) == WHOLE_DAY


def _week(week: Hours) -> list[str]:
    """``Monday – Friday 08:00–18:00``; a day without hours is closed."""
    groups: list[tuple[str, str, str]] = []
    for day in DAYS:
        text = ", ".join(f"{begins}–{ends}" for begins, ends in week.get(day, [])) or _("closed")
        if groups and groups[-1][2] == text:
            groups[-1] = (groups[-1][0], day, text)
        else:
            groups.append((day, day, text))
    return [
        f"{NAMES[first]} {text}" if first == last else f"{NAMES[first]} – {NAMES[last]} {text}"
        for first, last, text in groups
    ]


def _typed(value: Any) -> Hours:
    """Stored hours as one would type them; what was typed stays."""
    if not value:
        return {"how": _UNSAID, "days": {}, "rows": []}
    if "how" in value:
        return dict(value)
    return {
        "how": _ALWAYS if value["always"] else _WEEK,
        "days": {
            day: ", ".join(f"{begins}-{ends}" for begins, ends in value["week"].get(day, []))
            for day in DAYS
        },
        "rows": [
            {
                "date": item["date"],
                "kind": "open" if item["opens"] else "closed",
                "begins": "" if _is_whole_day(item) else item["begins"],
                "ends": "" if _is_whole_day(item) else item["ends"],
            }
            for item in value["exceptions"]
        ],
    }


def _spans(text: str) -> list[list[str]]:
    """``8-12, 13:00-18:00`` as times; what is no time is left to the check."""
    spans = [_DASH.split(part.strip()) for part in re.split(r"[,;]", text) if part.strip()]
    return [[_clock(clock) for clock in span] for span in spans]


def _clock(text: str) -> str:
    """``8`` and ``8:30`` as ``08:00`` and ``08:30``."""
    hour, colon, minute = text.partition(":")
    return f"{hour:0>2}:{minute or ('' if colon else '00')}"


def _problem(error: DomainError) -> str:
    """The service's words, with the day or the row as people see it."""
    field, problems = next(iter(texts.of_fields(error.fields).items()))
    part, _dot, at = field.partition(".")
    if part == "week" and at in NAMES:
        return f"{NAMES[at]}: {problems[0]}"
    if at:
        row = _("Exception %(number)d") % {"number": int(at) + 1}
        return f"{row}: {problems[0]}"
    return f"{_('Exceptions')}: {problems[0]}"
