"""Writing imported cards and what was done with them: a few statements for a batch of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models.functions import Upper

from cms.shared import bulk
from cms.shared.bulk import Step
from rfid.models import CardChange, CardImport, ChangeKind, RfidCard
from rfid.services.import_rows import CHANGED, NEW, Line

if TYPE_CHECKING:
    from cms.accounts.models import User

_CHANGED = ("label", "status", "status_reason", "valid_from", "valid_until", "group", "user")
_UPDATE = (
    "UPDATE rfid_rfidcard SET label = v.label, status = v.status, status_reason = v.status_reason,"
    " valid_from = v.valid_from, valid_until = v.valid_until, group_id = v.group_id,"
    " user_id = v.user_id, updated_at = v.updated_at FROM {values} WHERE rfid_rfidcard.id = v.id"
)


def write(batch: Sequence[Line], *, row: CardImport, by: User | None, at: datetime) -> None:
    """Make cards of what is new in ``batch`` and change what is changed. The caller has the

    transaction.
    """
    new = [line for line in batch if line.what == NEW]
    changed = [line for line in batch if line.what == CHANGED]
    steps = [bulk.of_models([_card(line, at) for line in new])] if new else []
    bulk.run([*steps, _update(changed, at)])
    _note([*new, *changed], row, by, at)


def _card(line: Line, at: datetime) -> RfidCard:
    return RfidCard(id_tag=line.tag, created_at=at, updated_at=at, **line.values)


def _update(changed: Sequence[Line], at: datetime) -> Step:
    fields = [RfidCard._meta.get_field(name) for name in ("id", *_CHANGED, "updated_at")]
    kinds = {str(f.column): _kind(f) for f in fields}  # type: ignore[union-attr]
    rows = [_values(line, at) for line in changed if line.card]
    return Step(_UPDATE, kinds, rows)


def _kind(of: Any) -> str:
    return str(of.rel_db_type(connection) if of.primary_key else of.db_type(connection))


def _values(line: Line, at: datetime) -> tuple[Any, ...]:
    card: Any = line.card
    for name, value in line.values.items():
        setattr(card, name, value)
    kept = (card.label, card.status, card.status_reason, card.valid_from, card.valid_until)
    return (card.pk, *kept, card.group_id, card.user_id, at)


def _note(done: Sequence[Line], row: CardImport, by: User | None, at: datetime) -> None:
    if not done:
        return
    tags = [line.tag.upper() for line in done]
    folded = RfidCard.objects.annotate(folded=Upper("id_tag")).filter(folded__in=tags)
    numbers = dict(folded.values_list("folded", "pk"))
    name = by.get_username() if by else ""
    reason = f"{row.name}"[:200]
    changes = [
        CardChange(
            card_id=numbers[line.tag.upper()],
            id_tag=line.tag,
            kind=ChangeKind.IMPORTED,
            reason=reason,
            changes=line.changes,
            by=by,
            by_name=name,
            at=at,
        )
        for line in done
    ]
    bulk.run([bulk.of_models(changes)])
