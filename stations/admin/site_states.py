"""How the stations of sites stand: counted by site, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, Value, When
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cms.shared import display
from stations.models import ChargingStation, Connector, ConnectorStatus, Registration

_BUSY = (
    ConnectorStatus.CHARGING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
)


class State(NamedTuple):
    """How a station stands, for who looks at many of them."""

    key: str
    tone: str
    word: Promise | str


# The worst first: it gives a site its colour.
STATES = (
    State("faulted", "red", _("Faulted")),
    State("offline", "amber", _("Offline")),
    State("pending", "violet", _("Waits to be accepted")),
    State("charging", "blue", _("Charging")),
    State("ready", "green", _("Online")),
)
NONE = State("none", "grey", _("No station"))

Counts = dict[str, int]  # by the key of a state; only those there are


def of_sites(site_ids: Iterable[int]) -> dict[int, Counts]:
    """How many stations of each site stand how; one query, sites without stations left out.

    Each station counts once: a connector with a fault is worse than that another one charges.
    """
    found: dict[int, Counts] = {}
    rows = ChargingStation.objects.filter(site__in=site_ids).annotate(state=_state())
    counted = rows.order_by().values_list("site_id", "state").annotate(number=Count("pk"))
    for site_id, state, number in counted:
        found.setdefault(site_id or 0, {})[state] = number
    return found


def worst(counts: Counts) -> State:
    """The worst state a station of the site is in."""
    return next((state for state in STATES if counts.get(state.key)), NONE)


def told(counts: Counts) -> list[tuple[State, int]]:
    """The states there are, the worst first, with how many stations are in it."""
    return [(state, counts[state.key]) for state in STATES if counts.get(state.key)]


def pills(counts: Counts) -> SafeString:
    """The same as coloured words: ``1 Faulted``, ``3 Online``."""
    shown = format_html_join(
        " ",
        "{}",
        ((display.pill(f"{number} {state.word}", state.tone),) for state, number in told(counts)),
    )
    return format_html('<span class="vd-pips">{}</span>', shown) if shown else display.NOTHING


def _state() -> Any:
    """The state of a station as an expression, the worst that is true of it."""
    its = Connector.objects.filter(station=OuterRef("pk"))
    return Case(
        When(Q(online=False), then=Value("offline")),
        When(Exists(its.filter(status=ConnectorStatus.FAULTED)), then=Value("faulted")),
        When(Q(registration=Registration.PENDING), then=Value("pending")),
        When(Exists(its.filter(status__in=_BUSY)), then=Value("charging")),
        default=Value("ready"),
        output_field=CharField(),
    )
