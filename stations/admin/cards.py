"""What stations know of cards, on the pages of cards: their use, and who has acknowledged them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cms.shared import display, scoping
from rfid.admin import panels
from rfid.admin.panels import Use
from rfid.models import RfidCard
from stations import by_now
from stations.models import ChargingSession, LocalList
from stations.services import list_standing

_MOST = 200  # cards one looks at together


def uses(
    request: HttpRequest, cards: Sequence[int], since: datetime, until: datetime
) -> dict[int, Use]:
    """When and where ``cards`` charged last, and how much in a time: two queries for all.

    As far as who asks sees the sessions: others happened nowhere.
    """
    if not request.user.has_perm("stations.view_chargingsession"):
        return {}
    sessions = scoping.visible(request.user, ChargingSession.objects.all())
    energy_wh = by_now.columns()["energy_wh_by_now"]
    sums = {
        row["card_id"]: (row["sessions"], row["energy"])
        for row in sessions.filter(card_id__in=cards, started_at__gte=since, started_at__lt=until)
        .order_by()
        .values("card_id")
        .annotate(sessions=Sum(Value(1)), energy=Sum(energy_wh))
    }
    last = {row.card_id: row for row in _last(sessions, cards)}
    return {card: _use(last.get(card), *sums.get(card, (0, 0))) for card in cards}


def acknowledged(request: HttpRequest, card: RfidCard) -> SafeString:
    """Which stations have acknowledged what the card is; it renews itself."""
    if not request.user.has_perm("stations.view_locallist"):
        return mark_safe("")
    return render_to_string("admin/stations/card_lists.html", shown(request, [card]), request)


def shown(request: HttpRequest, cards: Sequence[RfidCard]) -> dict[str, Any]:
    """How ``cards`` stand in the lists one may see, and where that is looked at again."""
    lists = scoping.visible(request.user, LocalList.objects.all())
    found = list_standing.of_cards(cards, lists)
    numbers = ",".join(str(card.pk) for card in cards)
    return {
        "standings": [
            {"card": display.link(card), "is_blocked": card.status == "Blocked", "standing": each}
            for card, each in ((card, found[card.pk]) for card in cards)
        ],
        "live_url": f"{reverse('admin:stations_locallist_cards_live')}?cards={numbers}",
    }


def aftermath(request: HttpRequest, cards: Sequence[RfidCard]) -> str:
    """Where one sees who has acknowledged what was done with several cards."""
    may = request.user.has_perm("stations.view_locallist")
    if not may or not scoping.visible(request.user, LocalList.objects.all()).exists():
        return ""
    numbers = ",".join(str(card.pk) for card in cards)
    return f"{reverse('admin:stations_locallist_cards')}?cards={numbers}"


def chosen(request: HttpRequest) -> list[RfidCard]:
    """The cards an address names by their numbers, as many as one looks at together."""
    words = request.GET.get("cards", "").split(",")
    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 19]
    return list(RfidCard.objects.filter(pk__in=numbers[:_MOST]))


def _last(sessions: QuerySet[ChargingSession], cards: Sequence[int]) -> Any:
    of_card = sessions.filter(card=OuterRef("pk")).order_by("-transaction_id")
    newest = RfidCard.objects.filter(pk__in=cards).order_by()
    # No session has number 0: where there is nothing to look through, it keeps the type known.
    last = Coalesce(Subquery(of_card.values("pk")[:1]), 0)
    numbers = newest.annotate(last=last).values("last")
    return ChargingSession.objects.filter(pk__in=numbers).select_related("station")


def _use(session: ChargingSession | None, sessions: int, energy_wh: int) -> Use:
    if session is None:
        return Use()
    at = session.started_at or session.stopped_at
    where = session.station.cp_id
    last = format_html(
        '<span class="vd-two"><span>{}</span><small>{}</small></span>', display.ago(at), where
    )
    return Use(last, at, where, sessions, energy_wh or 0)


panels.uses_of.append(uses)
panels.panels.append(acknowledged)
panels.aftermaths.append(aftermath)
