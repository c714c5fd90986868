"""What happens at the stations, as the home page's ticker says it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from cms.shared import display
from rfid.admin import numbers
from stations.attention import Seen
from stations.models import Happening, HappeningKind

_MOST = 30
_OF_STATIONS = (HappeningKind.ONLINE, HappeningKind.OFFLINE, HappeningKind.FAULT)
_OF_SESSIONS = (
    *(HappeningKind.SESSION_BEGAN, HappeningKind.SESSION_ENDED),
    HappeningKind.CARD_REFUSED,
)
_TONES = {
    HappeningKind.SESSION_BEGAN: "blue",
    HappeningKind.SESSION_ENDED: "green",
    HappeningKind.ONLINE: "green",
    HappeningKind.OFFLINE: "red",
    HappeningKind.FAULT: "red",
    HappeningKind.COMMAND: "violet",
    HappeningKind.CARD_REFUSED: "amber",
}


def kinds(*, stations: bool, sessions: bool, commands: bool) -> list[str]:
    """What somebody may hear of who may see these."""
    return [
        *(_OF_SESSIONS if sessions else ()),
        *(_OF_STATIONS if stations else ()),
        *((HappeningKind.COMMAND,) if commands else ()),
    ]


def choices(of: Sequence[str]) -> list[tuple[str, str]]:
    """Kinds to choose from, with their words; the first one is all of them."""
    return [("", _("All")), *((kind, str(HappeningKind(kind).label)) for kind in of)]


def latest(seen: Seen, of: Sequence[str], *, in_full: bool) -> list[dict[str, Any]]:
    """The last thirty things of these kinds, newest first; one query.

    ``in_full``: cards with their whole numbers.
    """
    rows = seen(Happening.objects.all())
    every = len(of) == len(HappeningKind.values)
    chosen = rows if every else rows.filter(kind__in=of)
    return [_said(row, in_full) for row in chosen.select_related("station")[:_MOST]]


def _said(row: Happening, in_full: bool) -> dict[str, Any]:
    kind = HappeningKind(row.kind)
    return {
        "id": row.pk,
        "what": display.dot(str(kind.label), _TONES[kind]),
        "station": display.link(row.station),
        "detail": _card(row, in_full)
        if kind == HappeningKind.CARD_REFUSED
        else _DETAILS.get(kind, _nothing)(row),
        "when": display.ago(row.at),
    }


def _nothing(row: Happening) -> Any:
    return ""


def _session(row: Happening) -> Any:
    page = reverse("admin:stations_chargingsession_change", args=[row.number])
    return _link(page, _("session %(number)s") % {"number": row.number})


def _command(row: Happening) -> Any:
    page = reverse("admin:stations_command_change", args=[row.number])
    return _link(page, f"{row.detail}: {row.outcome}")


def _link(page: str, text: str) -> Any:
    return format_html('<a class="vd-link" href="{}">{}</a>', page, text)


def _fault(row: Happening) -> str:
    where = _("connector %(number)s") % {"number": row.connector_id}
    return " · ".join(filter(None, [where, row.detail, row.outcome]))


def _card(row: Happening, in_full: bool) -> Any:
    return format_html("{} {}", numbers.shown(row.detail, in_full=in_full), row.outcome)


_DETAILS: dict[HappeningKind, Callable[[Happening], Any]] = {
    HappeningKind.SESSION_BEGAN: _session,
    HappeningKind.SESSION_ENDED: _session,
    HappeningKind.COMMAND: _command,
    HappeningKind.FAULT: _fault,
}
