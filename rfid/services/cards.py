"""Cards: may one charge, and what operators do with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import IntegrityError, transaction

from cms.shared.errors import Conflict, DomainError
from rfid.models import CardGroup, CardStatus, ChangeKind, RfidCard
from rfid.services import history, revisions

if TYPE_CHECKING:
    from cms.accounts.models import User

ACTIVE, BLOCKED = CardStatus.ACTIVE, CardStatus.BLOCKED


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
    by: User | None = None,
    how: ChangeKind = ChangeKind.ADDED,
) -> RfidCard:
    """A new card, added by ``by``. Raises Conflict where one with this id tag exists (letter case

    ignored).
    """
    try:
        with transaction.atomic():
            revisions.grow()
            card = RfidCard.objects.create(
                id_tag=id_tag,
                status=status,
                label=label,
                valid_from=valid_from,
                valid_until=valid_until,
                group=group,
                user=user,
            )
            history.note(how, card, by=by)
            return card
    except IntegrityError:
        raise Conflict(
            "A card with the id tag %(id_tag)s exists already",
            fields={"tagId": ["exists already"]},
            id_tag=id_tag,
        ) from None


@transaction.atomic
def change(*, card: RfidCard, by: User | None = None, **fields: Any) -> RfidCard:
    """Change what operators may change: label, status, validity, group, user. Not the id tag."""
    revisions.grow()
    changes = history.changes(card, fields)
    for name, value in fields.items():
        setattr(card, name, value)
    card.save(update_fields=[*fields, "updated_at"])
    history.note(ChangeKind.CHANGED, card, changes=changes, by=by)
    return card


@transaction.atomic
def delete(*, card: RfidCard, by: User | None = None) -> None:
    """Forget ``card``: from now on its id tag is Invalid. Sessions keep the tag they began with."""
    revisions.grow()
    history.note(ChangeKind.DELETED, card, by=by)
    card.delete()


def block(*, card: RfidCard, reason: str = "", by: User | None = None) -> RfidCard:
    """Refuse ``card`` from now on. What it is charging goes on until it is stopped."""
    return block_all(cards=[card], reason=reason, by=by)[0]


def activate(*, card: RfidCard, reason: str = "", by: User | None = None) -> RfidCard:
    """Accept ``card`` again, within its validity."""
    return activate_all(cards=[card], reason=reason, by=by)[0]


def block_all(
    *, cards: Sequence[RfidCard], reason: str, by: User | None = None
) -> Sequence[RfidCard]:
    """Refuse several cards from now on, all or none of them."""
    return _set(cards, ChangeKind.BLOCKED, reason, by, status=BLOCKED, status_reason=reason)


def activate_all(
    *, cards: Sequence[RfidCard], reason: str, by: User | None = None
) -> Sequence[RfidCard]:
    """Accept several cards again, all or none of them, each within its validity."""
    return _set(cards, ChangeKind.ACTIVATED, reason, by, status=ACTIVE, status_reason="")


def extend_all(
    *, cards: Sequence[RfidCard], valid_until: datetime | None, reason: str, by: User | None = None
) -> Sequence[RfidCard]:
    """Let several cards be valid until then (None: for good), all or none of them.

    Raises DomainError where one of them becomes valid only later.
    """
    for card in cards:
        if valid_until and card.valid_from and card.valid_from >= valid_until:
            raise DomainError(
                "%(card)s becomes valid only after that",
                fields={"validUntil": ["should be after validFrom"]},
                card=card,
            )
    return _set(cards, ChangeKind.EXTENDED, reason, by, valid_until=valid_until)


@transaction.atomic
def _set(
    cards: Sequence[RfidCard], kind: ChangeKind, reason: str, by: User | None, **values: Any
) -> Sequence[RfidCard]:
    revisions.grow()
    noted = []
    for card in cards:
        noted.append((card, history.changes(card, values)))
        for name, value in values.items():
            setattr(card, name, value)
        card.save(update_fields=[*values, "updated_at"])  # one by one: the audit trail sees each
    history.note_all(kind, noted, reason=reason, by=by)
    return cards
