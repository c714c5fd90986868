"""What a review case has noted, in words: label and value with its unit, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import display
from rfid.admin import numbers
from stations.models import ChargingSession

_LABELS = {
    "connectorId": gettext_lazy("Connector"),
    "transactionId": gettext_lazy("Transaction id"),
    "first": gettext_lazy("First reading"),
    "last": gettext_lazy("Last reading"),
    "status": gettext_lazy("Status"),
    "command": gettext_lazy("Command"),
    "payload": gettext_lazy("Asked for"),
    "certificate": gettext_lazy("Certificate"),
    "notAfter": gettext_lazy("Valid until"),
    "type": gettext_lazy("Security event"),
    "timestamp": gettext_lazy("Time"),
    "techInfo": gettext_lazy("Technical information"),
    "stops": gettext_lazy("Another stop"),
}
_OURS = ("connector", "newest")  # numbers of our rows: only for us
_MOMENTS = ("first", "last", "timestamp", "notAfter")


def evidence(noted: dict[str, Any]) -> SafeString:
    """``noted`` as a table of label and value; as it was noted behind it."""
    return _table(_facts(noted), noted) if noted else display.NOTHING


def changes(made: dict[str, Any]) -> SafeString:
    """What was changed, by what it was changed of: field, before, after."""
    if not made:
        return display.NOTHING
    heads = (_("Field"), _("Before"), _("After"))
    return _table(_changes(display.veiled(made)), made, heads)


def _facts(noted: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for name, raw in noted.items():
        several = raw if isinstance(raw, list) else [raw]
        for each in several if name not in _OURS else ():
            yield _label(name), _value(name, each)


def _changes(made: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for of, fields in made.items():
        for name, pair in fields.items() if isinstance(fields, dict) else ((of, fields),):
            both = isinstance(pair, list) and len(pair) == 2
            before, after = pair if both else (None, pair)
            label = format_html("{} <small>{}</small>", _label(name), of)
            yield label, _value(name, before), _value(name, after)


def _label(name: str) -> str:
    """What a field is called; a name nobody knows, as it is."""
    if name in _LABELS:
        return str(_LABELS[name])
    try:
        return capfirst(str(ChargingSession._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
    except FieldDoesNotExist:
        return name


def _value(name: str, raw: Any) -> Any:
    if raw is None or raw in ("", [], {}):
        return display.NOTHING
    if isinstance(raw, bool):
        return _("yes") if raw else _("no")
    if isinstance(raw, dict):
        facts = [(_label(part), _value(part, each)) for part, each in display.veiled(raw).items()]
        return format_html_join(", ", "{}: {}", facts)
    if isinstance(raw, list):
        return format_html_join(", ", "{}", ((_value(name, each),) for each in raw))
    if name.endswith("_wh") and isinstance(raw, int | float):
        return display.kwh(int(raw))
    if (name.endswith("_at") or name in _MOMENTS) and (moment := _moment(raw)):
        return display.when(moment)
    return numbers.cell(str(raw)) if name.endswith("id_tag") else display.veiled(str(raw))


def _moment(raw: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(raw))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _table(
    rows: Iterator[tuple[Any, ...]], noted: dict[str, Any], heads: tuple[str, ...] = ()
) -> SafeString:
    cells = format_html_join(
        "",
        "<tr>{}</tr>",
        ((format_html_join("", "<td>{}</td>", ((c,) for c in row)),) for row in rows),
    )
    named = format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads))
    head = format_html("<thead><tr>{}</tr></thead>", named) if heads else ""
    return format_html(
        '<div class="vd-scroll"><table class="vd-table">{}<tbody>{}</tbody></table></div>'
        "<details><summary>{}</summary>{}</details>",
        head,
        cells,
        _("As it was noted"),
        display.payload(noted),
    )
