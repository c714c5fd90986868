"""What was done with cards, by whom and why: noted in the transaction that does it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rfid.models import CardChange, ChangeKind, RfidCard

if TYPE_CHECKING:
    from cms.accounts.models import User

_BATCH = 500


def changes(card: RfidCard, values: dict[str, Any]) -> dict[str, Any]:
    """What ``values`` would change of ``card``: the fields, each as ``[before, after]`` in JSON."""
    known = {name: getattr(card, name) for name in values}
    return {
        name: [_plain(known[name]), _plain(value)]
        for name, value in values.items()
        if known[name] != value
    }


def note(
    kind: ChangeKind,
    card: RfidCard,
    *,
    reason: str = "",
    changes: dict[str, Any] | None = None,
    by: User | None = None,
) -> None:
    """Write down one thing done with one card."""
    note_all(kind, [(card, changes or {})], reason=reason, by=by)


def note_all(
    kind: ChangeKind,
    cards: Iterable[tuple[RfidCard, dict[str, Any]]],
    *,
    reason: str = "",
    by: User | None = None,
) -> None:
    """Write down the same done with several cards, each with what changed of it."""
    name = by.get_username() if by else ""
    rows = [
        CardChange(
            card=card,
            id_tag=card.id_tag,
            kind=kind,
            reason=reason,
            changes=changes,
            by=by,
            by_name=name,
        )
        for card, changes in cards
    ]
    CardChange.objects.bulk_create(rows, batch_size=_BATCH)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
