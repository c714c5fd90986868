"""Where an import stands, on its page: its columns, how far it is, what comes or came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import display, spreadsheets
from cms.shared.downloads import streamed
from rfid.admin import numbers
from rfid.models import CardImport, ImportState
from rfid.services import columns

WORDS: Final = {
    "new": (gettext_lazy("new"), "green"),
    "changed": (gettext_lazy("changed"), "blue"),
    "same": (gettext_lazy("skipped"), "grey"),
    "wrong": (gettext_lazy("with errors"), "red"),
}
_SHOWN = 50  # rows of all kinds together; of one kind, as many as are kept
_OPEN = (ImportState.UPLOADED, ImportState.PREVIEWED)


def shown(request: HttpRequest, row: CardImport, *, may: bool) -> dict[str, Any]:
    """What the template shows of ``row``, of one kind of rows where the address names it."""
    counts, kind = row.counts or {}, request.GET.get("show", "")
    kind = kind if kind in WORDS else ""
    examples = [each for each in row.examples if kind in ("", each["what"])]
    return {
        "card_import": row,
        "is_open": row.state in _OPEN,
        "may_import": may,
        "fields_of_cards": columns.FIELDS.items(),
        "columns_of_table": _columns(row),
        "columns_url": reverse("admin:rfid_cardimport_columns", args=[row.pk]),
        "live_url": reverse("admin:rfid_cardimport_live", args=[row.pk]),
        "errors_url": reverse("admin:rfid_cardimport_errors", args=[row.pk]),
        "progress": _progress(row),
        "kinds": _kinds(row, kind) if any(counts.values()) else [],
        "shows": kind,
        "comes": counts.get("new", 0) + counts.get("changed", 0),
        "import_problems": [_problem(each) for each in row.problems]
        if kind in ("", "wrong")
        else [],
        "import_examples": [_example(each) for each in examples[: None if kind else _SHOWN]],
    }


def errors(row: CardImport) -> HttpResponseBase:
    """All that is wrong with its lines as CSV, made while it is sent."""
    heads = [str(head) for head in (_("Line"), _("Field"), _("Value"), _("What is wrong"))]
    return streamed(
        spreadsheets.as_csv(heads, _errors(row)), f"import-{row.pk}-errors.csv", spreadsheets.TYPE
    )


def _errors(row: CardImport) -> Iterator[tuple[Any, ...]]:
    names = ("line", "field", "value", "message")
    for values in row.all_problems.values_list(*names).iterator(1000):
        problem = _problem(dict(zip(names, values, strict=True)))
        yield tuple(str(problem[name]) for name in names)


def _progress(row: CardImport) -> dict[str, Any] | None:
    """How far it is; a percentage only where it is known how many rows there are."""
    if not row.is_under_way:
        return None
    done, total = f"{row.rows_done:,}", f"{row.rows_total or 0:,}"
    said = _("%(done)s of %(total)s rows") if row.rows_total else _("%(done)s rows")
    return {
        "said": said % {"done": done, "total": total},
        "percent": min(100, 100 * row.rows_done // row.rows_total) if row.rows_total else None,
    }


def _kinds(row: CardImport, chosen: str) -> list[dict[str, Any]]:
    """What one may look at: all, or the rows of one kind."""
    page, number = display.page(row), display.figure
    every = {"kind": "all", "url": page, "is_chosen": not chosen}
    every["pill"] = display.pill(f"{number(sum(row.counts.values()), 0)} {_('in all')}")
    return [
        every,
        *(
            {
                "kind": kind,
                "url": f"{page}?show={kind}",
                "is_chosen": kind == chosen,
                "pill": display.pill(f"{number(row.counts.get(kind, 0), 0)} {word}", tone),
            }
            for kind, (word, tone) in WORDS.items()
        ),
    ]


def _columns(row: CardImport) -> list[dict[str, Any]]:
    found = []
    for at, heading in enumerate(row.headings):
        cells = [cells[at] for cells in row.samples if at < len(cells)]
        field = row.columns[at] if at < len(row.columns) else ""
        as_shown = [numbers.plain(cell, in_full=numbers.in_full()) for cell in cells]
        found.append({"at": at, "heading": heading, "field": field, "cells": as_shown})
    return found


def _problem(each: dict[str, Any]) -> dict[str, Any]:
    value = each["value"]
    if each["field"] == "number":
        value = numbers.plain(value, in_full=numbers.in_full()) if value else ""
    return {**each, "field": columns.FIELDS[each["field"]], "value": value}


def _example(each: dict[str, Any]) -> dict[str, Any]:
    word, tone = WORDS[each["what"]]
    return {
        **each,
        "number": numbers.shown(each["number"], in_full=numbers.in_full()),
        "what": display.pill(str(word), tone),
        "changes": [(name, before, after) for name, (before, after) in each["changes"].items()],
    }
