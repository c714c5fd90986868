"""The long part of imports, batch by batch: a table is looked at, or becomes cards.

Each batch is a transaction of its own that also stores how far it came. So nobody who adds a card
or starts a session waits for longer than a batch, and of a worker that dies nothing is lost or
done twice: the lease ends, and the next one goes on behind the last batch.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from cms.shared import audit, texts
from cms.shared.errors import DomainError
from rfid.models import CardImport, ImportState
from rfid.services import import_rows, import_tally, import_writing, revisions, sheets
from rfid.services.import_rows import Line

logger = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 3  # without a batch that came through
_AGAIN = timedelta(seconds=5)
_UNDER_WAY = (ImportState.CHECKING, ImportState.RUNNING)
# Where it stands that cannot go on: a look is taken again, half an import goes on.
_STOPPED = {ImportState.CHECKING: ImportState.UPLOADED, ImportState.RUNNING: ImportState.FAILED}
Now = Callable[[], datetime]


class _Lost(Exception):
    """Somebody else has it now, or it was cancelled."""


def carry_out_due(*, now: Now) -> int:
    """Carry out what is due, one after the other; gives how many were begun or taken over."""
    begun = 0
    while carry_out(of=None, now=now):
        begun += 1
    return begun


def carry_out(*, of: CardImport | None, now: Now) -> bool:
    """Carry out ``of``, or the oldest that is due; whether it was, and nobody had it.

    What goes wrong is written into its row.
    """
    row = _claimed(of, now())
    if row is None:
        return False
    with override(row.language or settings.LANGUAGE_CODE):
        _attempt(row, now)
    return True


def _claimed(of: CardImport | None, at: datetime) -> CardImport | None:
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = CardImport.objects.filter(free, state__in=_UNDER_WAY).order_by("id")
    due = due.filter(pk=of.pk) if of else due
    if not due.exists():  # nearly always; a transaction would stop who writes on SQLite
        return None
    with transaction.atomic():
        if connection.vendor == "postgresql":
            due = due.select_for_update(skip_locked=True, of=("self",))
        row = due.first()
        if row is None:
            return None
        row.attempts += 1
        row.claim, row.leased_until = uuid.uuid4(), at + LEASE
        row.save(update_fields=["attempts", "claim", "leased_until"])
    return row


def _attempt(row: CardImport, now: Now) -> None:
    if row.attempts > MOST_ATTEMPTS:
        _stop(row, row.error or _("It was begun several times and did not come forward."))
        return
    try:
        _work(row, now)
    except _Lost:
        logger.warning("Import %s is no longer ours", row.pk)
    except DomainError as error:  # of the table itself
        _stop(row, texts.localised(error.message))
    except Exception as error:
        logger.exception("Import %s failed", row.pk)
        said = f"{type(error).__name__}: {error}"[:300]
        _mine(row).update(error=said, claim=None, leased_until=now() + _AGAIN)


def _work(row: CardImport, now: Now) -> None:
    rows = sheets.rows(bytes(row.content))
    for batch in import_rows.batches(row, rows, behind=row.rows_done):
        _carry_out(row, batch, now())
    if not row.rows_done:
        raise DomainError("There is no row in it.")
    _finish(row, now())


@transaction.atomic
def _carry_out(row: CardImport, batch: Sequence[Line], at: datetime) -> None:
    if is_running := row.state == ImportState.RUNNING:
        revisions.grow()  # held until the end of the batch: nobody adds a card meanwhile
    import_rows.compare(row, batch)
    if is_running:
        import_writing.write(batch, row=row, by=row.confirmed_by, at=at)
    import_tally.add(row, batch)
    import_tally.keep_problems(row, batch, is_first=not row.rows_done)
    row.rows_done += len(batch)
    _store(
        row,
        counts=row.counts,
        problems=row.problems,
        examples=row.examples,
        rows_done=row.rows_done,
        attempts=0,
        leased_until=at + LEASE,
    )


@transaction.atomic
def _finish(row: CardImport, at: datetime) -> None:
    ended: dict[str, Any] = {"rows_total": row.rows_done, "claim": None, "error": ""}
    if row.state == ImportState.CHECKING:
        _store(row, state=ImportState.PREVIEWED, **ended)
        return
    _store(row, state=ImportState.DONE, done_at=at, content=b"", **ended)
    audit.note(row, "Imported cards", user_id=row.confirmed_by_id, **row.counts)


def _stop(row: CardImport, why: str) -> None:
    _mine(row).update(state=_STOPPED[ImportState(row.state)], error=why[:300], claim=None)


def _store(row: CardImport, **values: Any) -> None:
    """Raises _Lost, and with it goes what was done of the batch."""
    if not _mine(row).update(**values):
        raise _Lost


def _mine(row: CardImport) -> Any:
    return CardImport.objects.filter(pk=row.pk, claim=row.claim, state=row.state)
