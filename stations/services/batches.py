"""Batches: the same asked of many stations, so many at a time, with the result of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations import selectors
from stations.models import BatchItem, CommandBatch, CommandStatus, ItemState
from stations.services import commands

MOST_ITEMS = 50_000
_LOOKED_AT = 500  # items, and 20 batches, in one pass
_DONE = ("", "Accepted", "RebootRequired", "Scheduled", "Unlocked")
_AGAIN = (ItemState.FAILED, ItemState.AWAY, ItemState.REFUSED)
OVER = (ItemState.DONE, ItemState.SKIPPED, *_AGAIN)


class Ask(NamedTuple):
    """Something to ask of a station; with ``skipped`` why it is not asked after all."""

    station_id: int
    action: str
    payload: dict[str, Any]
    skipped: str = ""


@transaction.atomic
def create(
    *,
    title: str,
    asks: Iterable[Ask],
    at: datetime,
    requested_by_id: int | None = None,
    queue_s: int | None = None,
) -> CommandBatch:
    """A batch that asks for ``asks``, in this order at each station; gives its row.

    Stations that are away are passed over, unless ``queue_s`` says for how many seconds a command
    may wait for them. Raises DomainError where it would be too many.
    """
    asks = list(asks)
    if len(asks) > MOST_ITEMS:
        raise DomainError(f"That is {len(asks)} commands; a batch has at most {MOST_ITEMS}")
    batch = CommandBatch.objects.create(
        title=title[:200], requested_at=at, requested_by_id=requested_by_id, queue_s=queue_s
    )
    BatchItem.objects.bulk_create(
        [
            BatchItem(
                batch=batch,
                station_id=ask.station_id,
                action=ask.action,
                payload=ask.payload,
                state=ItemState.SKIPPED if ask.skipped else ItemState.WAITING,
                detail=ask.skipped,
            )
            for ask in asks
        ],
        batch_size=1000,
    )
    if all(ask.skipped for ask in asks):
        batch.finished_at = at
        batch.save(update_fields=["finished_at"])
    return batch


@transaction.atomic
def retry(*, batch: CommandBatch, at: datetime) -> int:
    """Ask once more for what was refused, failed or passed over; gives how many commands.

    Raises Conflict where there is nothing of that.
    """
    batch = CommandBatch.objects.select_for_update().get(pk=batch.pk)
    again = batch.items.filter(state__in=_AGAIN).update(
        state=ItemState.WAITING, detail="", command=None
    )
    if not again:
        raise Conflict("Nothing of this batch failed")
    batch.finished_at = None
    batch.save(update_fields=["finished_at"])
    return again


@transaction.atomic
def advance(*, at: datetime) -> int:
    """Note the answers and ask further, batch by batch; gives how many commands were asked for."""
    batches = CommandBatch.objects.select_for_update(skip_locked=True, of=("self",))
    asked = 0
    for batch in batches.filter(finished_at=None).order_by("pk")[:20]:
        _note_answers(batch)
        asked += _ask_further(batch, at)
        if not batch.items.filter(state__in=[ItemState.WAITING, ItemState.ASKED]).exists():
            batch.finished_at = at
            batch.save(update_fields=["finished_at"])
    return asked


def _note_answers(batch: CommandBatch) -> None:
    open_ = Q(command__status__in=[CommandStatus.WAITING, CommandStatus.SENT])
    settled = batch.items.filter(state=ItemState.ASKED).exclude(open_).select_related("command")
    for item in settled[:_LOOKED_AT]:
        command = item.command
        if command is None or command.status != CommandStatus.ANSWERED:
            item.state = ItemState.FAILED
            item.detail = _why(command)
        else:
            good = command.answer_status in _DONE
            item.state = ItemState.DONE if good else ItemState.REFUSED
            item.detail = command.answer_status
        item.save(update_fields=["state", "detail"])


def _why(command: Any) -> str:
    if command is None:
        return "the command is gone"
    error = f"{command.error_code} {command.error_description}".strip()
    return (error or str(command.get_status_display()))[:500]


def _ask_further(batch: CommandBatch, at: datetime) -> int:
    """One command to each of as many stations as there is room for."""
    asked = batch.items.filter(state=ItemState.ASKED)
    busy = set(asked.values_list("station_id", flat=True)[:MOST_ITEMS])
    under_way = asked.filter(station__online=True).count()  # who is away holds up nobody
    room = max(0, batch.at_once - under_way)
    waiting = batch.items.filter(state=ItemState.WAITING).select_related("station")
    made = 0
    for item in waiting.exclude(station_id__in=asked.values("station_id"))[:_LOOKED_AT]:
        if made >= room:
            break
        if item.station_id in busy:
            continue
        busy.add(item.station_id)
        made += _ask(batch, item, at)
    return made


def _ask(batch: CommandBatch, item: BatchItem, at: datetime) -> bool:
    queue_for = None if batch.queue_s is None else timedelta(seconds=batch.queue_s)
    item.attempts += 1
    try:
        item.command = commands.request(
            station=item.station,
            action=item.action,
            payload=item.payload,
            at=at,
            requested_by_id=batch.requested_by_id,
            queue_for=queue_for,
        )
        item.state = ItemState.ASKED
    except StationOffline:
        _pass_over(batch, item)
        return False
    except DomainError as refused:
        item.state, item.detail = ItemState.FAILED, refused.message[:500]
    item.save(update_fields=["state", "detail", "command", "attempts"])
    return item.state == ItemState.ASKED


def _pass_over(batch: CommandBatch, item: BatchItem) -> None:
    """The station is away: none of what is left for it is asked."""
    batch.items.filter(station=item.station, state=ItemState.WAITING).update(state=ItemState.AWAY)


def away(station_ids: Iterable[int]) -> int:
    """How many of these stations are not connected."""
    wanted = set(station_ids)
    return len(wanted - set(selectors.connected().values_list("pk", flat=True)))
