"""Cards: may one charge, and what operators do with them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError, transaction

from cms.shared.errors import Conflict
from rfid.models import CardGroup, CardStatus, RfidCard
from rfid.services import revisions

if TYPE_CHECKING:
    from cms.accounts.models import User


class Authorization(NamedTuple):
    """The answer for an id tag, in the words of OCPP's idTagInfo."""

    status: str  # Accepted, Blocked, Expired, Invalid or ConcurrentTx
    card: RfidCard | None = None

    @property
    def accepted(self) -> bool:
        """Whether charging may go on."""
        return self.status == "Accepted"

    @property
    def parent_id_tag(self) -> str:
        """The parentIdTag of the card's group, or empty."""
        return self.card.group.parent_id_tag if self.card and self.card.group else ""

    @property
    def valid_until(self) -> datetime | None:
        """When the card stops being valid, if ever."""
        return self.card.valid_until if self.card else None


def find(id_tag: str) -> RfidCard | None:
    """The card with this id tag, letter case ignored (CiString20), with its group."""
    return RfidCard.objects.with_tag(id_tag).select_related("group").first()


def authorize(*, id_tag: str, at: datetime) -> Authorization:
    """May the holder of ``id_tag`` charge at ``at``? Reads only; OCPP 1.6 sections 4.1 and 7.2."""
    card = find(id_tag)
    if card is None:
        return Authorization("Invalid")
    if card.status == CardStatus.BLOCKED:
        return Authorization("Blocked", card)
    if card.status == CardStatus.EXPIRED or (card.valid_until and card.valid_until <= at):
        return Authorization("Expired", card)
    if card.valid_from and at < card.valid_from:
        return Authorization("Invalid", card)
    return Authorization("Accepted", card)


def create(
    *,
    id_tag: str,
    status: str = CardStatus.ACTIVE,
    label: str = "",
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
    group: CardGroup | None = None,
    user: User | None = None,
) -> RfidCard:
    """A new card. Raises Conflict where one with this id tag exists (letter case ignored)."""
    try:
        with transaction.atomic():
            revisions.grow()
            return RfidCard.objects.create(
                id_tag=id_tag,
                status=status,
                label=label,
                valid_from=valid_from,
                valid_until=valid_until,
                group=group,
                user=user,
            )
    except IntegrityError:
        raise Conflict(
            f"A card with the id tag {id_tag} exists already",
            fields={"tagId": ["exists already"]},
        ) from None


@transaction.atomic
def change(*, card: RfidCard, **fields: Any) -> RfidCard:
    """Change what operators may change: label, status, validity, group, user. Not the id tag."""
    revisions.grow()
    for name, value in fields.items():
        setattr(card, name, value)
    card.save(update_fields=[*fields, "updated_at"])
    return card


@transaction.atomic
def delete(*, card: RfidCard) -> None:
    """Forget ``card``: from now on its id tag is Invalid. Sessions keep the tag they began with."""
    revisions.grow()
    card.delete()


def block(*, card: RfidCard, reason: str = "") -> RfidCard:
    """Refuse ``card`` from now on. What it is charging goes on until it is stopped."""
    return _set_status(card, CardStatus.BLOCKED, reason)


def activate(*, card: RfidCard) -> RfidCard:
    """Accept ``card`` again, within its validity."""
    return _set_status(card, CardStatus.ACTIVE, "")


@transaction.atomic
def _set_status(card: RfidCard, status: CardStatus, reason: str) -> RfidCard:
    revisions.grow()
    card.status, card.status_reason = status, reason
    card.save(update_fields=["status", "status_reason", "updated_at"])
    return card
