"""States as the admin says them: a word, a colour, and what an answer means."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext

from cms.shared import clock, display
from stations.admin import meanings
from stations.models import (
    AssignmentState,
    ChargingSession,
    ChargingStation,
    Command,
    CommandStatus,
    Connector,
    ConnectorStatus,
    ProfileAssignment,
    Registration,
    Reservation,
    ReservationStatus,
    ReviewCase,
    SessionStatus,
)

_CONNECTOR = {
    ConnectorStatus.AVAILABLE: "green",
    ConnectorStatus.PREPARING: "blue",
    ConnectorStatus.CHARGING: "blue",
    ConnectorStatus.SUSPENDED_EV: "amber",
    ConnectorStatus.SUSPENDED_EVSE: "amber",
    ConnectorStatus.FINISHING: "blue",
    ConnectorStatus.RESERVED: "violet",
    ConnectorStatus.FAULTED: "red",
}
_SESSION = {
    SessionStatus.ACTIVE: "blue",
    SessionStatus.COMPLETED: "green",
    SessionStatus.INFERRED: "amber",
    SessionStatus.ORPHANED: "amber",
}
_SUSPECT = (SessionStatus.INFERRED, SessionStatus.ORPHANED)  # the word says why already
_RESERVATION = {
    ReservationStatus.REQUESTED: "blue",
    ReservationStatus.ACCEPTED: "violet",
    ReservationStatus.USED: "green",
    ReservationStatus.EXPIRED: "grey",
    ReservationStatus.CANCELLED: "grey",
}
_ASSIGNMENT = {
    AssignmentState.REQUESTED: "blue",
    AssignmentState.ACCEPTED: "green",
    AssignmentState.REPLACED: "grey",
    AssignmentState.CLEARED: "grey",
    AssignmentState.ENDED: "grey",
}
_REGISTRATION = {Registration.ACCEPTED: "green", Registration.PENDING: "amber"}
_GOOD = ("", "Accepted", "AcceptedCanceled", "Unlocked", "Scheduled", "RebootRequired")
_REVIEW = {
    "NoStop": lazy("no stop came from the station"),
    "NoStart": lazy("no start came from the station"),
    "RegisterMismatch": lazy("the meter ran backwards, or jumped"),
    "ClockSkew": lazy("it ended before it began"),
    "Silent": lazy("its station has been away for long"),
    "SecondStop": lazy("another stop contradicts its own"),
    "OtherGateway": lazy("another gateway contradicts what is known here"),
}


def online(station: ChargingStation) -> SafeString:
    """Whether the station is there, with since when on hover."""
    if station.online:
        return display.dot(_("Online"), "green", _since(station.connected_at))
    return display.dot(_("Offline"), "grey", _since(station.disconnected_at))


def _since(moment: datetime | None) -> str:
    return _("since %(moment)s") % {"moment": display.exact(moment)} if moment else ""


def registration(station: ChargingStation) -> SafeString:
    """Whether the system serves the station."""
    return display.pill(station.registration, _REGISTRATION.get(station.registration, "red"))  # type: ignore[call-overload]


def connector(row: Connector) -> SafeString:
    """The status of a connector."""
    return display.pill(row.get_status_display(), _tone(row), _hover(row))


def pips(rows: list[Connector]) -> SafeString:
    """One coloured pill per outlet with its number; the word on hover and for screen readers."""
    outlets = [row for row in rows if row.connector_id] or rows
    return format_html(
        '<span class="vd-pips">{}</span>',
        format_html_join(
            "",
            '<span class="vd-pip vd-{}" title="{}">{}<span class="vd-hidden"> {}</span></span>',
            ((_tone(row), _hover(row), row.connector_id, row.status) for row in outlets),
        )
        or display.NOTHING,
    )


def _tone(row: Connector) -> str:
    return connector_tone(row.status)


def connector_tone(status: str) -> str:
    """The colour that goes with the word of a connector's status."""
    return _CONNECTOR.get(status, "grey")  # type: ignore[call-overload, no-any-return]


def _hover(row: Connector) -> str:
    error = f", {row.error_code}" if row.error_code not in ("", "NoError") else ""
    said = _("Connector %(number)s: %(status)s")
    return said % {"number": row.connector_id, "status": row.get_status_display()} + error


def session(row: ChargingSession) -> SafeString:
    """Where a session stands, and whether somebody should look at it."""
    why = review(row)
    state = display.pill(row.get_status_display(), _SESSION[SessionStatus(row.status)], why)
    if not row.needs_review or row.status in _SUSPECT:
        return state
    return format_html("{} {}", state, display.pill(pgettext("state", "Review"), "amber", why))


def review(row: ChargingSession) -> str:
    """Why somebody should look at a session, in words."""
    return "; ".join(reason(word) for word in row.review_reasons)


def reason(word: str) -> str:
    """Why something is to be looked at, in words."""
    return str(_REVIEW.get(word, word))


def review_state(row: ReviewCase) -> SafeString:
    """Open, or how it was settled, with who and why on hover."""
    if row.is_open:
        return display.pill(pgettext("state", "Open"), "amber")
    by = row.settled_by_name or _("the system")
    return display.pill(row.get_resolution_display(), "green", f"{by}: {row.why}")


def session_length(row: ChargingSession) -> str:
    """How long a session lasted, or lasts by now."""
    if row.started_at is None:
        return "–"
    return display.span((row.stopped_at or clock.now()) - row.started_at)


def reservation(row: Reservation) -> SafeString:
    """Where a reservation stands."""
    return display.pill(row.get_status_display(), reservation_tone(row), row.status_reason)


def reservation_tone(row: Reservation) -> str:
    """The colour of where a reservation stands."""
    return _RESERVATION.get(ReservationStatus(row.status), "red")


def assignment(row: ProfileAssignment) -> SafeString:
    """Where an assigned charging profile stands."""
    tone = _ASSIGNMENT.get(AssignmentState(row.state), "red")
    return display.pill(row.get_state_display(), tone, row.answer)


def profile_name(row: ProfileAssignment) -> str:
    """The name of an assigned profile; else its number at the station."""
    return row.profile.name if row.profile else _("profile %(number)s") % {"number": row.number}


def at_connector(row: ProfileAssignment) -> str:
    """Where an assigned profile counts."""
    if row.connector is None:
        return _("any")
    return str(row.connector.connector_id or _("the station"))


def in_line(row: ProfileAssignment) -> str:
    """An assigned profile in one line."""
    where = _("connector %(number)s") % {"number": at_connector(row)}
    parts = (
        profile_name(row),
        where,
        row.get_purpose_display(),
        _("level %(number)s") % {"number": row.stack_level},
    )
    return " · ".join(parts)


def is_good(command: Command) -> bool:
    """Whether the station did what it was asked."""
    return command.status == CommandStatus.ANSWERED and command.answer_status in _GOOD


def command(row: Command) -> SafeString:
    """How a command stands: the station's own word once it answered."""
    word = row.answer_status or row.error_code or row.get_status_display()
    if row.is_open:
        return display.pill(word, "blue")
    return display.pill(word, "green" if is_good(row) else "red", meaning(row))


def meaning(row: Command) -> str:
    """What the station's answer means, or why there is none."""
    if row.status == CommandStatus.FAILED:
        return row.error_description or _("The station answered with an error.")
    if row.status == CommandStatus.TIMED_OUT:
        return _("The station did not answer. It may or may not have done it.")
    if row.status == CommandStatus.EXPIRED:
        return _("It was never sent, and will not be.")
    return meanings.of(row.action, row.answer_status)


def latency(row: Command) -> SafeString:
    """How long the station took to answer."""
    if row.sent_at is None or row.settled_at is None or row.status == CommandStatus.TIMED_OUT:
        return display.NOTHING
    milliseconds = (row.settled_at - row.sent_at) / timedelta(milliseconds=1)
    return display.number(milliseconds, "ms", 0)
