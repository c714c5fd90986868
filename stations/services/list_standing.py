"""How a card stands in the local lists: which stations have acknowledged what it is now.

A station has where the list it acknowledged says of the card what the card is, or what its list
should say; it is behind where that is another thing, or nobody knows what it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from rfid.models import CardStatus, RfidCard
from rfid.services import revisions
from stations.models import ChargingStation, ListState, LocalList, LocalListContent
from stations.services import list_contents
from stations.services.list_contents import Entry

_MOST_KINDS = 200  # of lists: more different ones are looked at another time


class Standing(NamedTuple):
    """Of so many stations whose list has the card or should have it, so many acknowledged."""

    acknowledged: int
    stations: int
    behind: list[ChargingStation]  # the first of them


class _Kind(NamedTuple):
    """Lists that have the same and should have the same."""

    content: LocalListContent | None
    target: LocalListContent
    is_current: bool  # whether what it should have was worked out from the cards as they are
    keys: dict[str, Any]
    lists: int


def of_cards(
    cards: Sequence[RfidCard], lists: QuerySet[LocalList], *, behind: int = 20
) -> dict[int, Standing]:
    """How each of ``cards`` stands in ``lists``, by its number; names at most ``behind`` stations.

    Few queries however many stations there are: mostly they have the same list.
    """
    kinds = _kinds(lists)
    return {card.pk: _standing(card, kinds, lists, behind) for card in cards}


def _standing(
    card: RfidCard, kinds: Sequence[_Kind], lists: QuerySet[LocalList], most: int
) -> Standing:
    tag, acknowledged, stations = card.id_tag.upper(), 0, 0
    late = Q(pk__in=[])
    for kind in kinds:
        has = list_contents.load(kind.content).get(tag)
        should = list_contents.load(kind.target).get(tag)
        if has is None and should is None and (kind.content or kind.is_current):
            continue  # the card is none of this list
        stations += kind.lists
        if kind.content and (_says(has, card) or (kind.is_current and has == should)):
            acknowledged += kind.lists
        else:
            late |= Q(**kind.keys)
    named = lists.filter(late).select_related("station").order_by("station__cp_id")
    behind = [row.station for row in named[:most]] if stations > acknowledged else []
    return Standing(acknowledged, stations, behind)


def _says(entry: Entry | None, card: RfidCard) -> bool:
    """Whether a list says of a card that it is blocked, where it is; the rest the target knows."""
    return entry is not None and card.status == CardStatus.BLOCKED and entry.status == "Blocked"


def _kinds(lists: QuerySet[LocalList]) -> list[_Kind]:
    kept = lists.filter(target__isnull=False).exclude(state=ListState.UNSUPPORTED)
    keys = ("content_id", "target_id", "target__content_id", "target__revision", "state")
    rows = kept.order_by().values(*keys).annotate(lists=Count("pk"))[:_MOST_KINDS]
    found, revision = list(rows), revisions.current()
    digests = {row["content_id"] for row in found} | {row["target__content_id"] for row in found}
    contents = LocalListContent.objects.defer("entries").in_bulk([d for d in digests if d])
    return [
        _Kind(
            contents.get(row["content_id"]) if row["state"] == ListState.KNOWN else None,
            contents[row["target__content_id"]],
            row["target__revision"] == revision,
            {name: row[name] for name in ("content_id", "target_id", "state")},
            row["lists"],
        )
        for row in found
    ]
