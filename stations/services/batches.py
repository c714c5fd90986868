"""Batches: the same asked of many stations, so many at a time, with the result of each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q

from cms.shared.errors import Conflict, DomainError, StationOffline
from stations import events, selectors
from stations.models import BatchItem, Command, CommandBatch, CommandStatus, ItemState
from stations.services import batch_firmware, commands

MOST_ITEMS = 50_000
CHARGING = "it is charging"  # why a station was left alone
_LOOKED_AT = 500  # items, and 20 batches, in one pass
_DONE = ("", "Accepted", "RebootRequired", "Scheduled", "Unlocked")
UNDONE = (ItemState.FAILED, ItemState.TIMED_OUT, ItemState.AWAY, ItemState.REFUSED)
OVER = (ItemState.DONE, ItemState.SKIPPED, *UNDONE)


class Ask(NamedTuple):
    """Something to ask of a station; with ``skipped`` why it is not asked after all."""

    station_id: int
    action: str
    payload: dict[str, Any]
    skipped: str = ""


class Terms(NamedTuple):
    """How a batch goes about it.

    ``queue_s``: for how many seconds a command may wait for a station that is away; None: it is
    passed over. ``spare_busy``: stations that charge when it is their turn are left alone.
    """

    queue_s: int | None = None
    spare_busy: bool = False
    requested_by_id: int | None = None
    idempotency_key: str | None = None


PLAIN = Terms()


def create(*, title: str, asks: Iterable[Ask], at: datetime, terms: Terms = PLAIN) -> CommandBatch:
    """A batch that asks for ``asks``, in this order at each station; gives its row.

    A repeated idempotency key gives the batch it made the first time. Raises DomainError where it
    would be too many.
    """
    asks = list(asks)
    if len(asks) > MOST_ITEMS:
        raise DomainError(
            "That is %(count)s commands; a batch has at most %(most)s",
            count=len(asks),
            most=MOST_ITEMS,
        )
    batch = CommandBatch(title=title[:200], requested_at=at, **terms._asdict())
    if all(ask.skipped for ask in asks):
        batch.finished_at = at
    items = [
        BatchItem(
            batch=batch,
            station_id=ask.station_id,
            action=ask.action,
            payload=ask.payload,
            state=ItemState.SKIPPED if ask.skipped else ItemState.WAITING,
            detail=ask.skipped,
        )
        for ask in asks
    ]
    return _kept(batch, items)


@transaction.atomic
def retry(
    *,
    batch: CommandBatch,
    at: datetime,
    requested_by_id: int | None = None,
    idempotency_key: str | None = None,
) -> CommandBatch:
    """Ask once more for what was refused, failed or passed over: by a new batch, which it gives.

    Raises Conflict where nothing failed that was not asked for again before.
    """
    known = repeated(idempotency_key)
    if known is not None:
        return known
    batch = CommandBatch.objects.select_for_update().get(pk=batch.pk)
    undone = list(again(batch).order_by("pk"))
    if not undone:
        raise Conflict("Nothing of this batch failed, or it was asked for again before")
    made = CommandBatch(
        title=batch.title,
        requested_at=at,
        requested_by_id=requested_by_id,
        queue_s=batch.queue_s,
        at_once=batch.at_once,
        spare_busy=batch.spare_busy,
        retry_of=batch,
        idempotency_key=idempotency_key,
    )
    items = [
        BatchItem(batch=made, station_id=old.station_id, action=old.action, payload=old.payload)
        for old in undone
    ]
    batch.items.filter(pk__in=[old.pk for old in undone]).update(asked_again=True)
    events.batch_changed(batch.pk)
    return _kept(made, items)


def again(batch: CommandBatch) -> Any:
    """What of ``batch`` may be asked once more."""
    return batch.items.filter(state__in=UNDONE, asked_again=False)


def repeated(idempotency_key: str | None) -> CommandBatch | None:
    """The batch that was made with this key before."""
    if idempotency_key is None:
        return None
    return CommandBatch.objects.filter(idempotency_key=idempotency_key).first()


def _kept(batch: CommandBatch, items: list[BatchItem]) -> CommandBatch:
    """Store a new batch with its items; the one its key made before, where there is one."""
    try:
        with transaction.atomic():
            batch.save()
            BatchItem.objects.bulk_create(items, batch_size=1000)
    except IntegrityError:
        known = repeated(batch.idempotency_key)
        if known is None:
            raise
        return known
    return batch


@transaction.atomic
def advance(*, at: datetime) -> int:
    """Note the answers and ask further, batch by batch; gives how many commands were asked for."""
    batches = CommandBatch.objects.select_for_update(skip_locked=True, of=("self",))
    asked = 0
    for batch in batches.filter(finished_at=None).order_by("pk")[:20]:
        noted = _note_answers(batch)
        asked_now, settled_now = _ask_further(batch, at)
        asked += asked_now
        if not batch.items.filter(state__in=[ItemState.WAITING, ItemState.ASKED]).exists():
            batch.finished_at = at
            batch.save(update_fields=["finished_at"])
        if noted or asked_now or settled_now or batch.finished_at:
            events.batch_changed(batch.pk)
    return asked


def _note_answers(batch: CommandBatch) -> int:
    open_ = Q(command__status__in=[CommandStatus.WAITING, CommandStatus.SENT])
    settled = batch.items.filter(state=ItemState.ASKED).exclude(open_).select_related("command")
    noted = list(settled[:_LOOKED_AT])
    for item in noted:
        item.state, item.detail = _outcome(item.command)
    BatchItem.objects.bulk_update(noted, ["state", "detail"])
    return len(noted)


def _outcome(command: Command | None) -> tuple[ItemState, str]:
    """What became of an item, and the station's word or why there is none."""
    if command is None:
        return ItemState.FAILED, "the command is gone"
    if command.status == CommandStatus.ANSWERED:
        good = command.answer_status in _DONE
        return ItemState.DONE if good else ItemState.REFUSED, command.answer_status
    error = f"{command.error_code} {command.error_description}".strip()
    is_late = command.status == CommandStatus.TIMED_OUT
    state = ItemState.TIMED_OUT if is_late else ItemState.FAILED
    return state, (error or str(command.get_status_display()))[:500]


def _ask_further(batch: CommandBatch, at: datetime) -> tuple[int, int]:
    """One command to each of as many stations as there is room for; gives how many were asked,

    and how many are over without.
    """
    asked = batch.items.filter(state=ItemState.ASKED)
    busy = set(asked.values_list("station_id", flat=True)[:MOST_ITEMS])
    under_way = asked.filter(station__online=True).count()  # who is away holds up nobody
    room = max(0, batch.at_once - under_way)
    waiting = batch.items.filter(state=ItemState.WAITING).select_related("station")
    made = over = 0
    for item in waiting.exclude(station_id__in=asked.values("station_id"))[:_LOOKED_AT]:
        if made >= room:
            break
        if item.station_id in busy:
            continue
        busy.add(item.station_id)
        was_asked = _ask(batch, item, at)
        made, over = made + was_asked, over + (not was_asked)
    return made, over


def _ask(batch: CommandBatch, item: BatchItem, at: datetime) -> bool:
    if batch.spare_busy and item.station.sessions.filter(status="Active").exists():
        item.state, item.detail = ItemState.SKIPPED, CHARGING
        item.save(update_fields=["state", "detail"])
        return False
    item.attempts += 1
    try:
        item.command = _command(batch, item, at)
        item.state = ItemState.ASKED
    except StationOffline:
        _pass_over(batch, item)
        return False
    except DomainError as refused:
        item.state, item.detail = ItemState.FAILED, str(refused)[:500]
    item.save(update_fields=["state", "detail", "command", "attempts"])
    return item.state == ItemState.ASKED


def _command(batch: CommandBatch, item: BatchItem, at: datetime) -> Command:
    queue_for = None if batch.queue_s is None else timedelta(seconds=batch.queue_s)
    if batch_firmware.is_one(item):
        return batch_firmware.ask(item, at=at, by_id=batch.requested_by_id, queue_for=queue_for)
    return commands.request(
        station=item.station,
        action=item.action,
        payload=item.payload,
        at=at,
        requested_by_id=batch.requested_by_id,
        queue_for=queue_for,
    )


def _pass_over(batch: CommandBatch, item: BatchItem) -> None:
    """The station is away: none of what is left for it is asked."""
    batch.items.filter(station=item.station, state=ItemState.WAITING).update(state=ItemState.AWAY)


def away(station_ids: Iterable[int]) -> int:
    """How many of these stations are not connected."""
    wanted = set(station_ids)
    return len(wanted - set(selectors.connected().values_list("pk", flat=True)))
