"""Importing cards: a table is taken in, its columns are named, what would come of it is shown.

Once that is confirmed its good rows become cards; wrong ones are left out, by line. Both are done
batch by batch (``import_work``): small files at once, others by a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import get_language

from cms.shared.errors import Conflict, Text
from rfid.models import CardImport, CardImportProblem, ImportState
from rfid.services import (
    columns,
    import_rows,
    import_tally,
    import_work,
    import_writing,
    revisions,
    sheets,
)

if TYPE_CHECKING:
    from cms.accounts.models import User

_SAMPLES = 3
_NAME = 255
_AT_ONCE_BYTES = 100_000  # a file somebody may wait for: some thousand rows, half a second
_WAITING = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.PREVIEWED, ImportState.FAILED)
_PROBLEMS_KEPT = timedelta(days=90)


def take(*, name: str, content: bytes, by: User | None, at: datetime) -> CardImport:
    """Keep a file and guess what its columns are. Raises DomainError for what is no table."""
    rows = sheets.rows(content)
    found = list(islice(rows, 1 + _SAMPLES))
    if len(found) < 2:
        raise sheets.unreadable(Text("has no rows below its head"))
    head, *samples = found
    width = max(len(row.cells) for row in found)
    headings = [*head.cells, *[""] * (width - len(head.cells))]
    is_quick = not sheets.is_workbook(content)  # to unpack one takes seconds
    return CardImport.objects.create(
        name=name[:_NAME],
        content=content,
        headings=headings,
        samples=[row.cells for row in samples],
        columns=columns.guessed(headings),
        rows_total=len(samples) + sum(1 for _row in rows) if is_quick else None,
        by=by,
        by_name=by.get_username() if by else "",
        uploaded_at=at,
    )


def preview(
    *,
    of: CardImport,
    fields: Sequence[str],
    reverse: bool,
    update: bool,
    now: Callable[[], datetime],
) -> CardImport:
    """Say what each column is, and work out what would come of it; no card is changed.

    Of a large file that is done by a worker. Where the table turns out to be none, its columns are
    to be named again, and ``error`` says why. Raises DomainError for columns that make no sense, or
    where it is confirmed already.
    """
    _check_open(of)
    if of.is_under_way:
        return of
    columns.check(fields)
    of.columns, of.reverse, of.update = list(fields), reverse, update
    _begin(of, ImportState.CHECKING, anew=True)
    _at_once(of, now)
    of.refresh_from_db()
    return of


def confirm(*, of: CardImport, by: User | None, now: Callable[[], datetime]) -> CardImport:
    """Do what was shown, with the cards as they are then; of a large file by a worker.

    What a worker that dies has done stays, and the next goes on behind it. Confirmed again it
    changes nothing; where it stopped midway, it goes on. Raises Conflict where it was cancelled,
    or its columns are not named.
    """
    with transaction.atomic():
        row = CardImport.objects.select_for_update(no_key=True).get(pk=of.pk)
        if row.state in (ImportState.RUNNING, ImportState.DONE):
            return row
        _check_open(row)
        if row.state not in (ImportState.PREVIEWED, ImportState.FAILED):
            raise Conflict("Say first what its columns are")
        row.confirmed_by = by
        _begin(row, ImportState.RUNNING, anew=row.state == ImportState.PREVIEWED)
    return _at_once(row, now)


def cancel(*, of: CardImport) -> None:
    """Forget the file; what of it is no card yet becomes none. Nothing where it is done."""
    waiting = CardImport.objects.filter(pk=of.pk, state__in=_WAITING)
    waiting.update(state=ImportState.CANCELLED, content=b"")


def prune(*, before: datetime) -> int:
    """Forget files nobody confirmed, and errors of long ago; gives how many files."""
    long_ago = CardImport.objects.filter(uploaded_at__lt=before - _PROBLEMS_KEPT)
    CardImportProblem.objects.filter(of__in=long_ago).delete()
    waiting = CardImport.objects.filter(state__in=_WAITING, uploaded_at__lt=before)
    return waiting.update(state=ImportState.CANCELLED, content=b"")


def at_once(
    *,
    rows: Iterable[dict[str, str]],
    by: User | None,
    at: datetime,
    reverse: bool = False,
    update: bool = True,
    only_look: bool = False,
) -> CardImport:
    """The same for rows a program sends, fields by their names, in one go: all good ones or, where

    something fails, none. Nothing of the file is kept. ``only_look`` changes nothing, and gives
    what would come of it.
    """
    names = list(columns.FIELDS)
    of = CardImport(columns=names, headings=names, reverse=reverse, update=update, uploaded_at=at)
    table = [sheets.Row(0, names)]
    table += [
        sheets.Row(number, [row.get(name, "") for name in names])
        for number, row in enumerate(rows, 1)
    ]
    import_tally.begin(of)
    with transaction.atomic():
        if not only_look:
            revisions.grow()
        for batch in import_rows.batches(of, table):
            import_rows.compare(of, batch)
            if not only_look:
                import_writing.write(batch, row=of, by=by, at=at)
            import_tally.add(of, batch)
    return of


def _begin(of: CardImport, state: ImportState, *, anew: bool) -> None:
    """It is due, from its first row or from where it stopped."""
    if anew:
        import_tally.begin(of)
        of.rows_done = 0
    of.state, of.language = state, get_language() or ""
    of.claim, of.leased_until, of.attempts, of.error = None, None, 0, ""
    of.save()


def _at_once(of: CardImport, now: Callable[[], datetime]) -> CardImport:
    """Carried out here and now where it is small; as it stands then."""
    if len(of.content) <= _AT_ONCE_BYTES:
        import_work.carry_out(of=of, now=now)
        of = CardImport.objects.get(pk=of.pk)
    return of


def _check_open(of: CardImport) -> None:
    if of.state in (ImportState.DONE, ImportState.CANCELLED):
        raise Conflict("It is over: %(state)s", state=ImportState(of.state))
