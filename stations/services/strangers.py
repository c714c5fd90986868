"""Strangers: stations that were turned away and cards nobody knows, counted in the review queue.

Whoever knocks a million times, or under a million names, fills no table: so many cases are kept
apart, the rest is counted together, and what nobody settled is forgotten after a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Upper

from rfid.models import RfidCard
from stations.models import ChargingStation, Resolution, ReviewCase, ReviewKind, ReviewState
from stations.services import review
from stations.services.review import Sighting

MOST = 1000  # open cases of a kind that anybody can cause
_WIDTH = 255
_MORE_CARDS = "more cards nobody knows"


class Refusal(NamedTuple):
    """A connection that was turned away: the identity it named, from where, and why."""

    cp_id: str
    reason: str
    address: str = ""
    status: int = 0  # HTTP; 0 where the socket was let in all the same
    times: int = 1


@transaction.atomic
def unknown_card(
    *, station_id: int, id_tag: str, at: datetime, connector_id: int | None = None
) -> None:
    """Somebody presented a card nobody knows, here and now."""
    sighting = Sighting(
        ReviewKind.UNKNOWN_CARD,
        id_tag.upper()[:_WIDTH],
        "nobody knows this card",
        station_id,
        id_tag=id_tag[:_WIDTH],
        evidence={} if connector_id is None else {"connectorId": connector_id},
    )
    if review.counted(sighting, at=at):
        return
    if _room(ReviewKind.UNKNOWN_CARD) <= 0:
        sighting = sighting._replace(subject=f"*/{station_id}", id_tag="", reason=_MORE_CARDS)
    review.notice(sighting, at=at)


@transaction.atomic
def refused(*, refusals: Sequence[Refusal], at: datetime) -> None:
    """These connections were turned away. A name that is a station's is counted with the station,

    whoever used it; other names are kept apart only up to a bound.
    """
    names = {refusal.cp_id.upper() for refusal in refusals}
    known = ChargingStation.objects.alias(folded=Upper("cp_id")).filter(folded__in=names)
    ids = {cp_id.upper(): pk for pk, cp_id in known.values_list("pk", "cp_id")}
    # Always in this order, the rest at the end: two processes that write at once wait in line.
    ordered = sorted(refusals, key=lambda refusal: refusal.cp_id.upper())
    sightings = [_sighting(refusal, ids.get(refusal.cp_id.upper())) for refusal in ordered]
    new = [sighting for sighting in sightings if not review.counted(sighting, at=at)]
    room = _room(ReviewKind.REJECTED_CONNECTION) if new else 0
    rest: dict[str, Sighting] = {}
    for sighting in new:
        if sighting.station_id is not None or room > 0:
            review.notice(sighting, at=at)
            room -= sighting.station_id is None
        else:
            _add(rest, sighting)
    for _, sighting in sorted(rest.items()):
        review.notice(sighting, at=at)


@transaction.atomic
def forget(*, before: datetime, at: datetime) -> int:
    """Drop open cases of strangers not seen since ``before``, and settle those that are known now.

    Gives how many.
    """
    waiting = ReviewCase.objects.filter(state=ReviewState.OPEN)
    card = RfidCard.objects.alias(folded=Upper("id_tag")).filter(folded=OuterRef("subject"))
    cards = waiting.filter(Exists(card), kind=ReviewKind.UNKNOWN_CARD)
    why = "Somebody added the card."
    known = review.close(cards, Resolution.COMPLETED_BY_ITSELF, why=why, at=at)
    kinds = (ReviewKind.UNKNOWN_CARD, ReviewKind.REJECTED_CONNECTION)
    stale = waiting.filter(kind__in=kinds, last_seen_at__lt=before)
    return known + stale.delete()[0]


def _sighting(refusal: Refusal, station_id: int | None) -> Sighting:
    return Sighting(
        ReviewKind.REJECTED_CONNECTION,
        f"{refusal.cp_id.upper()[:_WIDTH] or '*'}/{refusal.status}",
        refusal.reason[:200],
        station_id,
        cp_id=refusal.cp_id[:_WIDTH],
        address=refusal.address[:100],
        evidence={"status": refusal.status} if refusal.status else {},
        times=refusal.times,
    )


def _add(rest: dict[str, Sighting], sighting: Sighting) -> None:
    """Count together what is not kept apart, by why it was turned away."""
    subject = f"*/{sighting.evidence.get('status', 0)}"
    times = rest[subject].times if subject in rest else 0
    rest[subject] = sighting._replace(subject=subject, cp_id="", times=times + sighting.times)


def _room(kind: str) -> int:
    """How many more cases of ``kind`` are kept apart."""
    cases = ReviewCase.objects.filter(kind=kind, state=ReviewState.OPEN)
    if kind == ReviewKind.REJECTED_CONNECTION:  # known stations are only as many as there are
        cases = cases.filter(station__isnull=True)
    return MOST - cases[:MOST].count()
