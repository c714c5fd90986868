"""What happened in a session, in order: authorised, plugged in, charging, paused, stopped …"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import display
from rfid.admin import numbers
from stations.models import ChargingSession, ConnectorStatus, SessionStatus, StatusChange

_BEFORE = timedelta(hours=1)  # a cable that was put in earlier is another story
_AFTER = timedelta(days=1)  # how long a vehicle is looked for after the stop
_END = datetime.max.replace(tzinfo=UTC)
_MOST = 500  # changes of status looked at
_SHOWN = 24  # pauses told one by one
# Where the vehicle is connected and takes nothing.
_IDLE = {
    ConnectorStatus.SUSPENDED_EV: gettext_lazy("Paused by the vehicle"),
    ConnectorStatus.SUSPENDED_EVSE: gettext_lazy("Paused by the station"),
    ConnectorStatus.FINISHING: gettext_lazy("Ended, the cable is still in"),
}
# OCPP 1.6, section 7.36.
_REASONS = {
    "": gettext_lazy("the station names no reason"),
    "DeAuthorized": gettext_lazy("the card was refused"),
    "EmergencyStop": gettext_lazy("the emergency button was pressed"),
    "EVDisconnected": gettext_lazy("the cable was taken out at the vehicle"),
    "HardReset": gettext_lazy("the station was restarted at once"),
    "Local": gettext_lazy("by the driver at the station"),
    "Other": gettext_lazy("for another reason"),
    "PowerLoss": gettext_lazy("the station lost its power"),
    "Reboot": gettext_lazy("the station restarted"),
    "Remote": gettext_lazy("by us, or through the driver's app"),
    "SoftReset": gettext_lazy("the station was restarted"),
    "UnlockCommand": gettext_lazy("the connector was unlocked"),
}


class Step(NamedTuple):
    """Something that happened: when, in a word, with which colour, and more of it."""

    at: datetime | None
    word: str
    tone: str
    more: str = ""


class Change(NamedTuple):
    """A status the connector reported."""

    at: datetime
    status: str


class Pause(NamedTuple):
    """A time in which the vehicle was connected and took nothing; ``until`` None: still."""

    since: datetime
    until: datetime | None
    word: str


def changes(session: ChargingSession) -> list[Change]:
    """What its connector reported around it, in order; one query, bounded."""
    if session.connector_id is None or session.started_at is None:
        return []
    rows = StatusChange.objects.filter(
        connector=session.connector_id, reported_at__gte=session.started_at - _BEFORE
    )
    if session.stopped_at:
        rows = rows.filter(reported_at__lte=session.stopped_at + _AFTER)
    found = rows.order_by("reported_at", "id").values_list("reported_at", "status")
    return [Change(*row) for row in found[:_MOST]]


def pauses(session: ChargingSession, reported: Sequence[Change]) -> list[Pause]:
    """When the vehicle took nothing, from the start until its connector was free again."""
    found: list[Pause] = []
    since: Change | None = None
    for change in _within(session, reported):
        if since is not None:
            found.append(Pause(since.at, change.at, str(_IDLE[ConnectorStatus(since.status)])))
        since = change if change.status in _IDLE else None
        if _has_left(session, change):
            return found
    if since is not None:
        until = None if session.is_open else session.stopped_at
        late = until is not None and until <= since.at
        word = str(_IDLE[ConnectorStatus(since.status)])
        found.append(Pause(since.at, None if late else until, word))
    return found


def steps(session: ChargingSession, reported: Sequence[Change]) -> list[Step]:
    """The story as far as the station tells it, in order."""
    found = [
        *_plugged(session, reported),
        _authorised(session),
        *_charging(session, reported),
        *_stopped(session),  # before a pause of the same moment: it ended, the cable stayed
        *_paused(pauses(session, reported)),
        *_left(session, reported),
    ]
    return in_order(found)


def in_order(found: Iterable[Step]) -> list[Step]:
    """By time; what is of one time as it was told, what has none at the end."""
    return sorted(found, key=lambda step: step.at or _END)


def reason(session: ChargingSession) -> str:
    """Why it ended, in words; the station's own where OCPP has none for it."""
    return str(_REASONS.get(session.stop_reason, session.stop_reason))


def _within(session: ChargingSession, reported: Sequence[Change]) -> Iterator[Change]:
    assert session.started_at is not None or not reported
    return (one for one in reported if session.started_at and one.at >= session.started_at)


def _has_left(session: ChargingSession, change: Change) -> bool:
    is_after = session.stopped_at is not None and change.at >= session.stopped_at
    return is_after and change.status not in {*_IDLE, ConnectorStatus.CHARGING}


def _plugged(session: ChargingSession, reported: Sequence[Change]) -> Iterator[Step]:
    """The last Preparing before the start, unless the connector was free after it."""
    before = [one for one in reported if session.started_at and one.at <= session.started_at]
    if before and before[-1].status == ConnectorStatus.PREPARING:
        yield Step(before[-1].at, _("Cable in or card shown"), "blue", _("Preparing"))


def _authorised(session: ChargingSession) -> Step:
    tag = str(numbers.cell(session.id_tag))
    if session.authorization in ("Accepted", ""):
        return Step(session.started_at, _("Authorised"), "green", tag)
    words = _("%(tag)s: %(answer)s; energy may flow all the same")
    more = words % {"tag": tag, "answer": session.authorization}
    return Step(session.started_at, _("Not authorised"), "red", more)


def _charging(session: ChargingSession, reported: Sequence[Change]) -> Iterator[Step]:
    charging = (one for one in _within(session, reported) if one.status == "Charging")
    if first := next(charging, None):
        yield Step(first.at, _("Charging"), "blue")


def _paused(found: Sequence[Pause]) -> Iterator[Step]:
    for pause in found[:_SHOWN]:
        length = display.span(pause.until - pause.since) if pause.until else ""
        yield Step(pause.since, pause.word, "amber", length)
    if len(found) > _SHOWN:
        more = _("and %(number)s more pauses") % {"number": len(found) - _SHOWN}
        yield Step(found[_SHOWN].since, more, "amber")


def _stopped(session: ChargingSession) -> Iterator[Step]:
    if session.stopped_at is None or session.is_open:
        return
    if session.status == SessionStatus.INFERRED:
        yield Step(session.stopped_at, _("Ended"), "amber", _("no stop came from the station"))
    else:
        yield Step(session.stopped_at, _("Stopped"), "green", reason(session))


def _left(session: ChargingSession, reported: Sequence[Change]) -> Iterator[Step]:
    stopped = session.stopped_at
    if stopped is None or session.is_open:
        return
    after = (one for one in reported if one.at >= stopped)
    free = next((one for one in after if one.status == ConnectorStatus.AVAILABLE), None)
    if free is not None:
        yield Step(free.at, _("Connector free"), "grey")
