"""Adoption: a stranger in the review queue becomes a station or a card of ours, in one go."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from cms.shared.errors import Conflict
from rfid.models import CardGroup, RfidCard
from rfid.services import cards
from stations.models import (
    ChargingStation,
    Registration,
    Resolution,
    ReviewCase,
    ReviewState,
    Site,
)
from stations.services import keys, review, stations
from stations.services.settling import Who, opened, settled, wrong

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
            f"{known.cp_id} is a station of ours already; give it a new key on its page, "
            "or discard this case"
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
    *,
    case_id: int,
    who: Who,
    at: datetime,
    label: str = "",
    group: CardGroup | None = None,
    user: User | None = None,
) -> tuple[ReviewCase, RfidCard]:
    """Let the card that was presented charge from now on. Raises Conflict where it is known by now,

    and DomainError for an id tag no card can have.
    """
    case, _ = opened(case_id, "adopt_card", who)
    _check(RfidCard, "id_tag", case.id_tag)
    card = cards.create(id_tag=case.id_tag, label=label, group=group, user=user)
    described = {"status": [None, card.status], "label": [None, label]}
    changes = {f"card {card.id_tag}": described}
    return settled(case, Resolution.ADOPTED, who, at, changes), card


def _check(model: type[Model], field: str, value: str) -> None:
    """Raise DomainError where ``value``, as somebody presented it, can be none of ours."""
    column: Any = model._meta.get_field(field)
    try:
        column.clean(value, None)
    except ValidationError as error:
        name = "ocppIdentifier" if field == "cp_id" else "idTag"
        raise wrong(name, f"is none we could adopt: {' '.join(error.messages)}") from None
