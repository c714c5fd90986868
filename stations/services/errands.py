"""Errands: what stations say of downloads, installations and uploads, and what that means."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from stations import events
from stations.models import (
    Command,
    CommandStatus,
    ErrandReport,
    FirmwareUpdate,
    LogKind,
    LogRequest,
    Outcome,
    Subject,
    Transfer,
)
from stations.models.errands import ERROR, NO_ANSWER, REQUESTED, STATUS_WIDTH

AnyErrand = FirmwareUpdate | LogRequest
_KINDS: tuple[type[AnyErrand], ...] = (FirmwareUpdate, LogRequest)
ACTIONS = ("GetDiagnostics", "GetLog", "SignedUpdateFirmware", "UpdateFirmware")
_ACCEPTED = ("Accepted", "AcceptedCanceled")
GOOD = ("Installed", "Uploaded")
BAD = {
    "DownloadFailed": "the station could not download the file",
    "InstallationFailed": "the installation failed",
    "InstallVerificationFailed": "the station could not verify the installation",
    "InvalidSignature": "the signature of the firmware is not valid",
    "UploadFailed": "the station could not upload the file",
    "UploadFailure": "the station could not upload the file",
    "BadMessage": "the station did not understand the request",
    "NotSupportedOperation": "the station does not support this way to upload",
    "PermissionDenied": "the station was not let in where it should upload",
}
_IDLE = "Idle"
_NO_FILE = "NoFile"
_DOWNLOADING = ("DownloadScheduled", "Downloading", "DownloadPaused", "Downloaded")
_INSTALLING = ("InstallScheduled", "Installing", "InstallRebooting")
# A station that was told to retry goes on after these; any other word after them is merely late.
_RETRIED = {
    "DownloadFailed": _DOWNLOADING,
    "InstallationFailed": (*_DOWNLOADING, *_INSTALLING),
    "UploadFailed": ("Uploading",),
    "UploadFailure": ("Uploading",),
}
_SILENT = (NO_ANSWER, _NO_FILE)  # it said nothing, and then did it all the same


@transaction.atomic
def said(
    *, station_id: int, subject: Subject, status: str, request_id: int | None, at: datetime
) -> None:
    """A station reported ``status``. It is kept, and moves the errand it is about, if there is one.

    Duplicates and words that come too late change nothing (sections 4.4 and 4.5; whitepaper
    sections 5.12 and 5.16).
    """
    errand = _meant(station_id, subject, request_id, at)
    report = ErrandReport(
        station_id=station_id,
        subject=subject,
        status=status,
        request_id=request_id,
        received_at=at,
        update=errand if isinstance(errand, FirmwareUpdate) else None,
        log_request=errand if isinstance(errand, LogRequest) else None,
    )
    if not _repeats(report):
        report.save()
    if errand is not None:
        _follow(errand, status, at)
        events.station_changed(station_id)


@transaction.atomic
def answered(*, command: Command, status: str, at: datetime, file_name: str | None = "") -> None:
    """The station answered: it will do it, or says why not. ``file_name`` None: it has no file."""
    errand = _of(command)
    if errand is None:
        return
    if isinstance(errand, LogRequest) and file_name:
        errand.file_name = file_name[:255]
    if status not in _ACCEPTED:
        _end(errand, Outcome.REFUSED, status, "the station refused it", at)
    elif errand.status == REQUESTED:  # else its first report came before its answer
        errand.status, errand.status_at = status[:STATUS_WIDTH], at
        if file_name is None:
            _end(errand, Outcome.FAILED, _NO_FILE, "the station says it has nothing to send", at)
    errand.save()
    if status in _ACCEPTED:
        _replace_older(errand, status, at)


def unanswered(*, command: Command, at: datetime) -> None:
    """Nobody will say whether the station does it; one that does it all the same is followed."""
    if command.action not in ACTIONS:
        return
    errand = _of(command)
    if errand is None or errand.status != REQUESTED or not errand.is_open:
        return
    if command.status == CommandStatus.FAILED:
        reason = f"{command.error_code} {command.error_description}".strip()
        _end(errand, Outcome.REFUSED, ERROR, reason or "the station answered with an error", at)
    elif command.status == CommandStatus.EXPIRED:
        _end(errand, Outcome.FAILED, NO_ANSWER, "it was never sent", at)
    else:
        _end(errand, Outcome.FAILED, NO_ANSWER, "the station did not answer", at)
    errand.save()


def delivered(*, transfer: Transfer, at: datetime) -> None:
    """The file of a request for logs is here, whatever the station says of it."""
    request = LogRequest.objects.select_for_update(of=("self",)).filter(transfer=transfer).first()
    if request is not None and request.outcome != Outcome.DONE:
        _end(request, Outcome.DONE, request.status, "", at)
        request.save()


@transaction.atomic
def booted(*, station_id: int, firmware_version: str, at: datetime) -> None:
    """The station started. Where it now has the firmware it was told to install, that is done."""
    update = _locked(FirmwareUpdate).filter(station_id=station_id, outcome=Outcome.OPEN).first()
    if update is None or not firmware_version:
        return
    wanted = update.version_wanted.strip().lower()
    if wanted:
        arrived = firmware_version.strip().lower() == wanted
    else:  # whatever it installed, it is not what it was
        installing = (*_INSTALLING, "Downloaded", "SignatureVerified")
        arrived = update.status in installing and firmware_version != update.version_before
    if arrived:
        reason = f"the station started with {firmware_version}"
        _end(update, Outcome.DONE, update.status, reason, at)
        update.save()


def expire_due(*, at: datetime) -> int:
    """End what stations never finished in time; gives how many."""
    return sum(
        kind.objects.filter(outcome=Outcome.OPEN, expires_at__lte=at).update(
            outcome=Outcome.TIMED_OUT, reason="the station never said that it is done", ended_at=at
        )
        for kind in _KINDS
    )


def prune_reports(*, before: datetime) -> int:
    """Delete reports older than ``before``; gives how many."""
    return ErrandReport.objects.filter(received_at__lt=before).delete()[0]


def _meant(
    station_id: int, subject: Subject, request_id: int | None, at: datetime
) -> AnyErrand | None:
    """The errand a notification is about: by its number, else the newest that is still followed."""
    firmware = subject in (Subject.FIRMWARE, Subject.SIGNED_FIRMWARE)
    rows = _locked(FirmwareUpdate if firmware else LogRequest).filter(station_id=station_id)
    if firmware:
        rows = rows.filter(signed=subject == Subject.SIGNED_FIRMWARE)
    elif subject == Subject.DIAGNOSTICS:
        rows = rows.filter(kind=LogKind.DIAGNOSTICS)
    else:
        rows = rows.exclude(kind=LogKind.DIAGNOSTICS)
    if request_id is not None:
        rows = rows.filter(request_id=request_id)
    else:
        rows = rows.filter(expires_at__gt=at)
    found: AnyErrand | None = rows.exclude(outcome=Outcome.CANCELLED).first()
    return found


def _follow(errand: AnyErrand, status: str, at: datetime) -> None:
    if status == _IDLE or status == errand.status:  # Idle: an answer to TriggerMessage (7.25)
        return
    if status in GOOD:
        _end(errand, Outcome.DONE, status, "", at)
    elif not errand.is_open and not _goes_on(errand, status):
        return
    elif status in BAD:
        _end(errand, Outcome.FAILED, status, BAD[status], at)
    else:
        errand.status, errand.status_at = status, at
        errand.outcome, errand.reason, errand.ended_at = Outcome.OPEN, "", None
    errand.save()


def _goes_on(errand: AnyErrand, status: str) -> bool:
    """Whether ``status`` is the station's next try, and not a word that comes too late."""
    if errand.outcome != Outcome.FAILED or errand.expires_at <= errand.status_at:
        return False
    return errand.status in _SILENT or status in _RETRIED.get(errand.status, ())


def _end(errand: AnyErrand, outcome: Outcome, status: str, reason: str, at: datetime) -> None:
    errand.status, errand.status_at = status[:STATUS_WIDTH], at
    errand.outcome, errand.reason, errand.ended_at = outcome, reason[:200], at


def _replace_older(errand: AnyErrand, status: str, at: datetime) -> None:
    """A station does one of a kind at a time; of its logs only where it says so itself."""
    if isinstance(errand, FirmwareUpdate):
        older: Any = FirmwareUpdate.objects.all()
    elif errand.kind == LogKind.DIAGNOSTICS:
        older = LogRequest.objects.filter(kind=LogKind.DIAGNOSTICS)
    elif status == "AcceptedCanceled":
        older = LogRequest.objects.exclude(kind=LogKind.DIAGNOSTICS)
    else:
        return
    older.filter(station_id=errand.station_id, outcome=Outcome.OPEN, pk__lt=errand.pk).update(
        outcome=Outcome.CANCELLED, reason=f"replaced by #{errand.pk}", ended_at=at
    )


def _of(command: Command) -> AnyErrand | None:
    kind = FirmwareUpdate if command.action.endswith("UpdateFirmware") else LogRequest
    found: AnyErrand | None = _locked(kind).filter(command=command).first()
    return found


def _locked(kind: type[AnyErrand]) -> Any:
    """Its rows, newest first, for one who will write."""
    return kind.objects.select_for_update(no_key=True, of=("self",)).order_by("-id")


def _repeats(report: ErrandReport) -> bool:
    """Whether the station's last word on the subject was the same."""
    last = ErrandReport.objects.filter(station_id=report.station_id, subject=report.subject).first()
    return last is not None and all(
        getattr(last, name) == getattr(report, name)
        for name in ("status", "request_id", "update_id", "log_request_id")
    )
