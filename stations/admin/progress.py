"""What becomes of a command, step by step: asked, sent, answered, and what followed from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, dialogs, display
from rfid.services import cards
from stations.admin import limits, words
from stations.admin import steps as followed_steps
from stations.admin.periods import schedule_table
from stations.admin.steps import Step
from stations.models import (
    ChargingSession,
    Command,
    CommandEffect,
    CommandStatus,
    EffectState,
    SessionLimit,
)

_PATIENCE = timedelta(minutes=3)  # how long a page watches for what follows an accepted command


class Progress(NamedTuple):
    """The steps so far; a page that shows them asks again unless it is over."""

    command: Command
    steps: list[Step]
    is_over: bool


def of(command: Command, *, at: datetime) -> Progress:
    """How ``command`` stands at ``at``. Reads only."""
    steps = [_asked(command), *_told(command), _sent(command)]
    if command.status != CommandStatus.WAITING and command.sent_at:
        steps.append(_answered(command, at))
    if words.is_good(command) and command.action in _FOLLOWS:
        steps.append(_watched(command, at))
    elif command.action in followed_steps.ACTIONS and not command.is_open:
        steps += followed_steps.following(command, at)
    return Progress(command, steps, all(step.state != "now" for step in steps))


def respond(model_admin: Any, request: HttpRequest, obj: Any, command: Command) -> HttpResponse:
    """The answer to a dialog that asked for ``command``: its progress, live."""
    if not dialogs.in_modal(request):
        return dialogs.leave(request, display.page(command))
    context = {"title": command.action, "progress": of(command, at=clock.now())}
    return dialogs.show(model_admin, request, obj, "admin/stations/progress_dialog.html", context)


def _asked(command: Command) -> Step:
    by = _("by %(person)s") % {"person": command.requested_by} if command.requested_by else ""
    return Step("done", _("Asked"), by, command.requested_at)


def _told(command: Command) -> list[Step]:
    """What one should know of a remote start: its limit, and that nobody knows the card."""
    if command.action != "RemoteStartTransaction":
        return []
    limit = SessionLimit.objects.filter(command=command).first()
    found = [Step("open", _("Stops by itself at"), limits.shown(limit))] if limit else []
    if cards.find(str(command.payload.get("idTag", ""))) is None:
        said = _("Its start is answered Invalid, and most stations stop then.")
        found.append(Step("open", _("Nobody here knows this card"), said))
    return found


def _sent(command: Command) -> Step:
    if command.status == CommandStatus.EXPIRED:
        return Step("failed", _("Not sent"), words.meaning(command), command.settled_at)
    if command.status == CommandStatus.WAITING:
        return Step("now", _("Waiting to be sent"))
    return Step("done", _("Sent to the station"), "", command.sent_at)


def _answered(command: Command, at: datetime) -> Step:
    if command.is_open:
        most = (command.answer_before or at) - (command.sent_at or at)
        said = _("at most %(seconds)s s") % {"seconds": round(most.total_seconds())}
        return Step("now", _("Waiting for the answer"), said)
    state = "done" if words.is_good(command) else "failed"
    return Step(state, words.command(command), words.meaning(command), command.settled_at)


def _watched(command: Command, at: datetime) -> Step:
    followed, waiting = _FOLLOWS[command.action]
    step = followed(command)
    if step is not None:
        return step
    effect = CommandEffect.objects.filter(command=command, state=EffectState.MISSING).first()
    if effect is not None:
        said = _("Accepted, and nothing happened")
        return Step("failed", said, str(waiting), effect.settled_at)
    if command.settled_at and at - command.settled_at > _PATIENCE:
        said = _("%(waiting)s: nothing so far") % {"waiting": waiting}
        return Step("open", said, _("This page no longer watches."))
    return Step("now", str(waiting))


def _started(command: Command) -> Step | None:
    """The session a RemoteStart led to: among the station's newest, by card and connector."""
    newest = ChargingSession.objects.filter(station_id=command.station_id).select_related(
        "connector"
    )[:10]
    for session in newest:
        if _is_of(session, command):
            return Step(
                "done",
                format_html("{}: {}", _("Charging"), display.link(session)),
                _("connector %(number)s") % {"number": session.connector.connector_id}
                if session.connector
                else "",
                session.started_at,
            )
    return None


def _is_of(session: ChargingSession, command: Command) -> bool:
    asked = command.payload
    if session.start_received_at is None or session.start_received_at < command.requested_at:
        return False
    number = session.connector.connector_id if session.connector else None
    if asked.get("connectorId") not in (None, number):
        return False
    return session.id_tag.upper() == str(asked.get("idTag", "")).upper()


def _stopped(command: Command) -> Step | None:
    session = ChargingSession.objects.filter(
        pk=command.payload.get("transactionId"), station_id=command.station_id
    ).first()
    if session is None or session.is_open:
        return None
    ended, energy = display.link(session), display.kwh(session.energy_wh)
    text = format_html("{}: {}, {}", _("Ended"), ended, energy)
    return Step("done", text, session.stop_reason, session.stopped_at)


def _restarted(command: Command) -> Step | None:
    booted = command.station.last_boot_at
    if booted is None or command.sent_at is None or booted < command.sent_at:
        return None
    return Step("done", _("The station is back"), "", booted)


def _read_back(command: Command) -> Step:
    """What the station makes of its charging profiles, as it just answered."""
    schedule = (command.answer or {}).get("chargingSchedule")
    if not schedule:
        return Step("done", _("No profile limits this connector"))
    return Step("done", _("The station charges by"), schedule_table(schedule))


_FOLLOWS: dict[str, tuple[Callable[[Command], Step | None], Promise]] = {
    "RemoteStartTransaction": (_started, gettext_lazy("Waiting for the driver to plug in")),
    "RemoteStopTransaction": (_stopped, gettext_lazy("Waiting for the session to end")),
    "GetCompositeSchedule": (_read_back, gettext_lazy("Reading")),
    "Reset": (_restarted, gettext_lazy("Waiting for the station to come back")),
}
