"""The lists of cards side by side: all, active, blocked, expiring, and what apps above add."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import IntegerField, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from cms.shared import clock
from cms.shared.admin import FixedFilter
from rfid.admin import panels
from rfid.admin.panels import Tab
from rfid.models import CardStatus, RfidCard

MOST = 1000  # a number beyond it is shown as 1000+; counting on would be a scan
SOON = timedelta(days=30)
LABELS = (
    ("active", gettext_lazy("Active")),
    ("blocked", gettext_lazy("Blocked")),
    ("expiring", gettext_lazy("Expiring in 30 days")),
)


class TabFilter(FixedFilter):
    """The cards of a tab."""

    title = gettext_lazy("tab")
    parameter_name = "tab"
    options = LABELS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """All, where none is chosen."""
        chosen = self.value()
        return of(chosen, queryset, clock.now()) if chosen in dict(LABELS) else queryset


def of(tab: str | None, cards: QuerySet[RfidCard], at: datetime) -> QuerySet[RfidCard]:
    """The ``cards`` of a tab as they are at ``at``; all of them without one."""
    if tab == "active":
        lasting = Q(valid_until=None) | Q(valid_until__gt=at)
        return cards.filter(lasting, status=CardStatus.ACTIVE)
    if tab == "blocked":
        return cards.filter(status=CardStatus.BLOCKED)
    if tab == "expiring":
        soon = {"valid_until__gt": at, "valid_until__lte": at + SOON}
        return cards.filter(**soon, status=CardStatus.ACTIVE)
    return cards


def strip(request: HttpRequest, *, chosen: str | None) -> dict[str, Any]:
    """The tabs and the buttons above a list; ``chosen`` is ours, None where another one is."""
    at, address = clock.now(), reverse("admin:rfid_rfidcard_changelist")
    labels = [("", gettext_lazy("All")), *LABELS]
    counted = _counted([of(name, RfidCard.objects.all(), at) for name, _label in labels])
    own = [
        Tab(str(label), number, f"{address}?tab={name}" if name else address, name == chosen)
        for (name, label), number in zip(labels, counted, strict=True)
    ]
    others = [tab(request) for tab in panels.tabs]
    return {
        "card_tabs": [*own, *filter(None, others)],
        "card_tools": [*filter(None, (tool(request) for tool in panels.tools))],
    }


def up_to(rows: QuerySet[Any]) -> str:
    """How many, without counting beyond what matters."""
    return _said(len(rows.order_by().values_list("pk", flat=True)[: MOST + 1]))


class _HowMany(Subquery):
    """How many rows a query finds."""

    template = "(SELECT SUM(1) FROM (%(subquery)s) AS found)"
    output_field = IntegerField()


def _counted(several: list[QuerySet[RfidCard]]) -> list[str]:
    """``up_to`` for each of several queries, asked for as one, in the first row there is."""
    found = [_HowMany(cards.order_by().values("pk")[: MOST + 1]) for cards in several]
    row = RfidCard.objects.order_by().values_list(*found).first() or ()
    return [_said(number or 0) for number in row] or ["0" for _cards in several]


def _said(number: int) -> str:
    return f"{MOST}+" if number > MOST else str(number)
