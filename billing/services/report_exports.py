"""Exports: asked for, made in the background with a lease, and forgotten with their files."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from billing.models import ExportState, ReportExport
from billing.models.exports import SITES, UNDER_WAY, said_of
from billing.reports import asked, exports
from billing.reports.asked import Asked
from billing.services import report_files, report_mail
from billing.services.leases import Heartbeat, Lost
from cms.shared.errors import Conflict, DomainError
from cms.shared.scoping import Limit
from stations.services import media

logger = logging.getLogger(__name__)
FOLDER = "exports"
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 3
MOST_UNDER_WAY = 5  # of one asker
_AGAIN = timedelta(seconds=30)
_KEPT = timedelta(days=90)  # rows whose file is gone
_IDLE_S = 24 * 3600.0
_PIECE = 2**20


class TooManyExports(Conflict):
    """Somebody has as many under way as one may."""

    code = "too_many_exports"


def request(*, wanted: Asked, kind: str, asker: Any, at: datetime) -> ReportExport:
    """Ask for a file of ``kind``. The same that is still under way is that one.

    Raises DomainError for no kind of file, TooManyExports.
    """
    if kind not in report_files.KINDS:
        known = ", ".join(report_files.KINDS)
        raise DomainError(
            "What kind of file?", fields={"format": ["should be one of %(known)s"]}, known=known
        )
    said = _lasting(wanted)
    mine = ReportExport.objects.filter(by=asker, state__in=UNDER_WAY)
    for export in mine:
        if (export.format, export.parameters) == (kind, said):
            return export
    if len(mine) >= MOST_UNDER_WAY:
        raise TooManyExports(
            "%(most)s exports of yours are under way: wait for one", most=MOST_UNDER_WAY
        )
    name = report_files.name(wanted, kind)
    return ReportExport.objects.create(
        by=asker, parameters=said, format=kind, file_name=name, created_at=at
    )


def make_due(*, now: Callable[[], datetime]) -> int:
    """Make what is due, one after the other; gives how many were begun.

    Whatever goes wrong with one is written into its row. ``now`` is read as often as a lease is
    renewed.
    """
    begun = 0
    while (export := _claimed(now())) is not None:
        begun += 1
        _attempt(export, now)
    return begun


def expire(*, at: datetime) -> int:
    """Delete files that are past their time, rows that are long past it, files of no row."""
    past = ReportExport.objects.filter(expires_at__lte=at, state=ExportState.READY)
    expired = 0
    for export in past[:500]:
        media.remove(export.file)
        expired += ReportExport.objects.filter(pk=export.pk).update(
            state=ExportState.EXPIRED, file=""
        )
    long_past = ReportExport.objects.filter(expires_at__lte=at - _KEPT)
    long_past.exclude(state=ExportState.READY).delete()
    media.sweep_folder(FOLDER, known=_known, idle_s=_IDLE_S)
    return expired


def _known(names: list[str]) -> set[str]:
    return set(ReportExport.objects.filter(file__in=names).values_list("file", flat=True))


def _lasting(wanted: Asked) -> dict[str, str]:
    """The parameters with moments: next month ``lastMonth`` is another."""
    scope = wanted.scope
    moments = {"since": scope.since.isoformat(), "until": scope.until.isoformat()}
    said = {name: value for name, value in wanted.said.items() if name not in ("period", "limit")}
    # As it was when they asked, with the key they asked by.
    sites = {} if scope.sites is None else {SITES: said_of(scope.sites)}
    return {**said, **moments, "zone": scope.zone, **sites}


def _limit(export: ReportExport) -> Limit | None:
    """The sites its asker was limited to."""
    if SITES not in export.parameters:
        return None
    return Limit(export.by_id, frozenset(map(int, export.parameters[SITES].split())))


def _claimed(at: datetime) -> ReportExport | None:
    """The oldest that waits, or whose maker has not been heard of; claimed by us."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = ReportExport.objects.filter(free, state__in=UNDER_WAY).order_by("id")
    if not due.exists():  # nearly always; a transaction would stop who writes on SQLite
        return None
    with transaction.atomic():
        if connection.vendor == "postgresql":
            due = due.select_for_update(skip_locked=True, of=("self",))
        export = due.first()
        if export is None:
            return None
        export.attempts += 1
        export.claim, export.leased_until = uuid.uuid4(), at + LEASE
        export.state, export.rows_done = ExportState.RUNNING, 0
        export.save(update_fields=["attempts", "claim", "leased_until", "state", "rows_done"])
    return export


def _attempt(export: ReportExport, now: Callable[[], datetime]) -> None:
    """Make one, or write down why not: a few times, then for good."""
    if export.attempts > MOST_ATTEMPTS:
        _fail(export, now(), export.error or f"It was begun {MOST_ATTEMPTS} times and not finished")
        return
    part = media.new_file()
    try:
        _make(export, part, now)
    except Lost:
        logger.warning("%s is made by somebody else now", export)
    except DomainError as error:  # what was asked for is not there any more
        _fail(export, now(), str(error))
    except Exception as error:
        logger.exception("%s failed", export)
        _later(export, now(), f"{type(error).__name__}: {error}")
    finally:
        part.unlink(missing_ok=True)


def _make(export: ReportExport, part: Path, now: Callable[[], datetime]) -> None:
    wanted = asked.read(export.parameters, at=export.created_at, within=_limit(export))
    total = wanted.scope.bills().count()
    _mine(export).update(rows_total=total)

    def renew(rows: int) -> bool:
        return bool(_mine(export).update(rows_done=rows, leased_until=now() + LEASE))

    with Heartbeat(renew) as heart:
        report_files.write(
            part,
            wanted,
            export.format,
            at=now(),
            rows=lambda scope: heart.counted(exports.rows(scope)),
        )
    _finish(export, part, total, now())


def _finish(export: ReportExport, part: Path, total: int, at: datetime) -> None:
    """The file gets its place, and the row says so; unless somebody else has taken it over."""
    size, digest = part.stat().st_size, _digest(part)
    name = media.keep(part, FOLDER)
    kept = _mine(export).update(
        state=ExportState.READY,
        file=name,
        size_bytes=size,
        sha256=digest,
        rows_done=total,
        finished_at=at,
        expires_at=at + timedelta(days=settings.EXPORT_DAYS),
        claim=None,
        error="",
    )
    if not kept:
        media.remove(name)
        raise Lost
    export.refresh_from_db()
    report_mail.tell(export)


def _fail(export: ReportExport, at: datetime, why: str) -> None:
    forgotten = at + timedelta(days=settings.EXPORT_DAYS)
    ended = {"finished_at": at, "expires_at": forgotten, "claim": None}
    if _mine(export).update(state=ExportState.FAILED, error=why[:300], **ended):
        export.refresh_from_db()
        report_mail.tell(export)


def _later(export: ReportExport, at: datetime, why: str) -> None:
    _mine(export).update(
        state=ExportState.WAITING, error=why[:300], claim=None, leased_until=at + _AGAIN
    )


def _mine(export: ReportExport) -> Any:
    """The row, as long as nobody else has claimed it."""
    return ReportExport.objects.filter(pk=export.pk, claim=export.claim)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
