"""The list of cards as a file: which columns, which format, the time their use is counted in."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy
from xlsxwriter import Workbook

from cms.shared import clock, downloads
from rfid.admin import drivers, numbers, panels, tabs
from rfid.admin.panels import Use
from rfid.models import RfidCard, masked

_BATCH = 500
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTH = 20
COLUMNS: Final = {
    "number": gettext_lazy("Number"),
    "label": gettext_lazy("Label"),
    "driver": gettext_lazy("Driver"),
    "group": gettext_lazy("Group"),
    "status": gettext_lazy("State"),
    "reason": gettext_lazy("Reason"),
    "valid_from": gettext_lazy("Valid from"),
    "valid_until": gettext_lazy("Valid until"),
    "last_use": gettext_lazy("Last use"),
    "where": gettext_lazy("Last used at"),
    "sessions": gettext_lazy("Sessions"),
    "energy": gettext_lazy("Energy (kWh)"),
}
_OF_USE = {"last_use", "where", "sessions", "energy"}
Cells = list[str | int | float | datetime | None]


class ExportForm(forms.Form):
    """What the file shall have. Every field has its default: an address alone is a file."""

    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"),
        choices=list(COLUMNS.items()),
        widget=forms.CheckboxSelectMultiple,
        initial=list(COLUMNS),
    )
    tab = forms.ChoiceField(
        label=gettext_lazy("Cards"),
        choices=[("", gettext_lazy("All")), *tabs.LABELS],
        required=False,
    )
    since = forms.DateField(
        label=gettext_lazy("Use counted from"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label=gettext_lazy("to, and with"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=[("csv", "CSV"), ("xlsx", "XLSX")]
    )

    def clean(self) -> dict[str, Any]:
        """A time that ends after it begins. Raises ValidationError at its field."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext_lazy("This should be after the beginning."))
        return cleaned


def form(request: HttpRequest) -> ExportForm:
    """As the address says; unbound where it says nothing."""
    if "format" in request.GET:
        return ExportForm(request.GET)
    today = timezone.localdate()
    return ExportForm(initial={"since": today - timedelta(days=29), "until": today})


def file(request: HttpRequest, wanted: dict[str, Any]) -> HttpResponseBase:
    """The file, made as it is sent (CSV) or on the disk (XLSX): memory stays the same."""
    name = f"cards-{timezone.localdate()}.{wanted['format']}"
    rows = _rows(request, wanted)
    if wanted["format"] == "csv":
        return downloads.streamed(_csv(rows), name, "text/csv; charset=utf-8")
    return downloads.taken(_xlsx(rows), name, _XLSX)


def harmless(text: str) -> str:
    """``text`` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _rows(request: HttpRequest, wanted: dict[str, Any]) -> Iterator[Cells]:
    """The heads, then the cards in the order they were added, a batch at a time."""
    names: list[str] = wanted["columns"]
    yield [str(COLUMNS[name]) for name in names]
    cards = tabs.of(wanted["tab"], RfidCard.objects.all(), clock.now()).order_by("pk")
    in_full, last = numbers.may_see(request.user), 0
    while batch := list(cards.filter(pk__gt=last).select_related("group", "user")[:_BATCH]):
        uses = _uses(request, wanted, batch) if _OF_USE.intersection(names) else {}
        for card in batch:
            facts = _facts(card, uses.get(card.pk, Use()), in_full=in_full)
            yield [facts[name] for name in names]
        last = batch[-1].pk


def _uses(
    request: HttpRequest, wanted: dict[str, Any], batch: Sequence[RfidCard]
) -> dict[int, Use]:
    zone = timezone.get_current_timezone()
    days = (wanted["since"], wanted["until"] + timedelta(days=1))
    since, until = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in days)
    return panels.uses(request, [card.pk for card in batch], since, until)


def _facts(card: RfidCard, use: Use, *, in_full: bool) -> dict[str, Any]:
    return {
        "number": card.id_tag if in_full else masked(card.id_tag),
        "label": card.label,
        "driver": drivers.named(card.user) if card.user else "",
        "group": card.group.name if card.group else "",
        "status": card.status,
        "reason": card.status_reason,
        "valid_from": card.valid_from,
        "valid_until": card.valid_until,
        "last_use": use.last_at,
        "where": use.where,
        "sessions": use.sessions,
        "energy": use.energy_wh / 1000,
    }


def _csv(rows: Iterator[Cells]) -> Iterator[str]:
    buffer = StringIO("\ufeff")  # by which Excel knows UTF-8
    buffer.seek(0, 2)
    writer = csv.writer(buffer)
    for number, row in enumerate(rows, 1):
        writer.writerow([_text(cell) for cell in row])
        if number % _BATCH == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _text(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return timezone.localtime(cell).isoformat(timespec="seconds")
    return harmless(cell) if isinstance(cell, str) else cell


def _taken(buffer: StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _xlsx(rows: Iterator[Cells]) -> Path:
    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as made:
        path = Path(made.name)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(str(path), options)
    sheet, text = book.add_worksheet("Cards"), book.add_format({"num_format": "@"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.set_column(0, len(COLUMNS) - 1, _WIDTH)
    sheet.freeze_panes(1, 0)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                local = timezone.localtime(cell).replace(tzinfo=None)
                sheet.write_datetime(at, column, local, moment)
            elif isinstance(cell, str):
                sheet.write_string(at, column, cell, text)
            elif cell is not None:
                sheet.write_number(at, column, cell)
    book.close()
    return path
