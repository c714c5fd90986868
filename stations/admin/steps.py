"""Steps of what goes on at a station: of a command, and of the errand it began."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import display
from stations.models import ChargingStation, Command, FirmwareUpdate, LogRequest, Outcome
from stations.services import errands

ACTIONS = errands.ACTIONS
_PATIENCE = timedelta(minutes=15)  # how long a page watches a station that says nothing more
_MOST, _FEW = 30, 3
_TONES = {
    Outcome.OPEN: "blue",
    Outcome.DONE: "green",
    Outcome.CANCELLED: "grey",
}


class Step(NamedTuple):
    """One line: ``state`` is done, now, failed or open (no longer watched)."""

    state: str
    text: str | SafeString
    detail: str | SafeString = ""
    at: datetime | None = None


def following(command: Command, at: datetime) -> list[Step]:
    """What the station reported of the errand ``command`` began, and where it stands now."""
    kind = FirmwareUpdate if command.action.endswith("UpdateFirmware") else LogRequest
    errand = kind.objects.select_related("transfer").filter(command=command).first()
    return of(errand, at) if errand is not None else []


def of(errand: FirmwareUpdate | LogRequest, at: datetime) -> list[Step]:
    """The steps of an errand."""
    reports = list(errand.reports.all()[:_MOST])[::-1]
    told = [
        Step("failed" if row.status in errands.BAD else "done", row.status, "", row.received_at)
        for row in reports
    ]
    return [*told, _stand(errand, at)]


def unasked(station: ChargingStation) -> list[Step]:
    """What the station last reported of firmware and logs nobody here had asked for."""
    rows = station.errand_reports.filter(update=None, log_request=None).exclude(status="Idle")
    return [
        Step("open", f"{row.get_subject_display()}: {row.status}", "", row.received_at)
        for row in rows[:_FEW]
    ]


def outcome(errand: FirmwareUpdate | LogRequest) -> SafeString:
    """How it ended, or the station's last word while it goes on."""
    tone = _TONES.get(Outcome(errand.outcome), "red")
    word = errand.status if errand.is_open else errand.get_outcome_display()
    return display.pill(word, tone, errand.reason)


def file_link(errand: LogRequest) -> SafeString:
    """The uploaded file, to be saved."""
    transfer = errand.transfer
    if transfer is None or not transfer.file:
        return display.NOTHING
    url = reverse("admin:stations_transfer_file", args=[transfer.pk])
    return format_html('<a class="vd-link" href="{}">{}</a>', url, transfer.file_name)


def _stand(errand: FirmwareUpdate | LogRequest, at: datetime) -> Step:
    if errand.is_open:
        watched = at - errand.status_at < _PATIENCE
        waiting = _("Waiting for the station")
        return (
            Step("now", waiting)
            if watched
            else Step(
                "open",
                _("%(waiting)s: nothing so far") % {"waiting": waiting},
                _("This page no longer watches."),
            )
        )
    state = "done" if errand.outcome == Outcome.DONE else "failed"
    detail: str | SafeString = errand.reason
    if isinstance(errand, LogRequest) and errand.transfer and errand.transfer.file:
        detail = file_link(errand)
    return Step(state, errand.get_outcome_display(), detail, errand.ended_at)
