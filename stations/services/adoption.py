"""Adoption: a stranger in the review queue becomes a station or a card of ours, in one go."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from cms.shared import texts
from cms.shared.errors import Conflict, DomainError
from rfid.models import ChangeKind, RfidCard
from rfid.services import cards
from stations.models import (
    ChargingStation,
    Registration,
    Resolution,
    ReviewCase,
    ReviewKind,
    ReviewState,
    Site,
)
from stations.services import captures, keys, review, stations
from stations.services.settling import Who, opened, settled

if TYPE_CHECKING:
    from cms.accounts.models import User


class AdoptedStation(NamedTuple):
    """The settled case, the station, and its new key where one was made: shown only now."""

    case: ReviewCase
    station: ChargingStation
    key: str | None


@transaction.atomic
def adopt_station(
    *,
    case_id: int,
    who: Who,
    at: datetime,
    name: str = "",
    site: Site | None = None,
    make_key: bool = False,
) -> AdoptedStation:
    """Serve the station that was turned away: added as Accepted, or accepted where it is Rejected.

    Every open case of that identity is settled with it. Raises Conflict where the station is known
    and served, and DomainError for an identity no station can have.
    """
    case, _ = opened(case_id, "adopt_station", who)
    known = stations.find(case.cp_id)
    if known is None:
        _check(ChargingStation, "cp_id", case.cp_id)
        fields = {"name": name, "site": site, "registration": Registration.ACCEPTED}
        station = stations.create(cp_id=case.cp_id, **fields)
    elif known.registration == Registration.REJECTED:
        station = stations.change(station=known, registration=Registration.ACCEPTED)
    else:
        raise Conflict(
            "%(known)s is a station of ours already; give it a new key on its page, or "
            "discard this case",
            known=known.cp_id,
        )
    key = keys.set_key(station=station) if make_key else None
    registration = [Registration.REJECTED if known else None, Registration.ACCEPTED]
    made = {"key": [None, "made"]} if key else {}
    changes = {f"station {station.cp_id}": {"registration": registration, **made}}
    case.station = station
    settled(case, Resolution.ADOPTED, who, at, changes)
    same = ReviewCase.objects.filter(kind=case.kind, state=ReviewState.OPEN)
    same = same.filter(cp_id__iexact=case.cp_id)
    review.close(same, Resolution.ADOPTED, why=who.why, by=who.by, at=at, changes=changes)
    return AdoptedStation(case, station, key)


@transaction.atomic
def adopt_card(
    *, case_id: int, who: Who, at: datetime, **described: Any
) -> tuple[ReviewCase, RfidCard]:
    """Let the card that was presented charge from now on, ``described`` by label, group, user and

    valid_until. Raises Conflict where it is known by now, and DomainError for an id tag no card
    can have.
    """
    case, _ = opened(case_id, "adopt_card", who)
    card = _card(case.id_tag, who.by, described)
    return settled(case, Resolution.ADOPTED, who, at, _made(card)), card


@transaction.atomic
def adopt_captured(*, capture_id: int, who: Who, at: datetime, **described: Any) -> RfidCard:
    """The same with a card that was presented to who waited for it; its case is settled with it."""
    capture = captures.taken(capture_id=capture_id)
    card = _card(capture.id_tag, who.by, described)
    same = ReviewCase.objects.filter(
        kind=ReviewKind.UNKNOWN_CARD, subject=card.id_tag.upper(), state=ReviewState.OPEN
    )
    review.close(same, Resolution.ADOPTED, why=who.why, by=who.by, at=at, changes=_made(card))
    captures.adopted(capture=capture, card=card)
    return card


def _card(id_tag: str, by: User, described: dict[str, Any]) -> RfidCard:
    _check(RfidCard, "id_tag", id_tag)
    return cards.create(id_tag=id_tag, by=by, how=ChangeKind.ADOPTED, **described)


def _made(card: RfidCard) -> dict[str, Any]:
    return {f"card {card.id_tag}": {"status": [None, card.status], "label": [None, card.label]}}


def _check(model: type[Model], field: str, value: str) -> None:
    """Raise DomainError where ``value``, as somebody presented it, can be none of ours."""
    column: Any = model._meta.get_field(field)
    try:
        column.clean(value, None)
    except ValidationError as error:
        name = "ocppIdentifier" if field == "cp_id" else "idTag"
        problem = texts.of_validation(error)[0]
        raise DomainError.of_field(
            name, "is none we could adopt: %(problem)s", problem=problem
        ) from None
