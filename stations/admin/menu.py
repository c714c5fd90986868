"""What one can have a station do: two buttons and one menu, grouped, each entry a dialog."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from stations.models import ChargingStation, Registration


class Group(NamedTuple):
    """Entries of the menu that belong together."""

    title: str | Promise
    actions: tuple[str, ...]


BUTTONS = ("remote_start", "remote_stop")
MENU = (
    Group(
        pgettext_lazy("commands", "Session"), ("unlock_connector", "reserve", "cancel_reservation")
    ),
    Group(
        pgettext_lazy("commands", "Maintenance"),
        (
            *(
                "accept_station",
                "reset",
                "change_availability",
                "trigger_message",
                "extended_trigger",
            ),
            *("clear_cache", "data_transfer", "update_firmware"),
        ),
    ),
    Group(
        pgettext_lazy("commands", "Configuration"),
        (
            *("read_configuration", "get_configuration", "change_configuration", "apply_template"),
            *("send_local_list", "list_version", "list_policy"),
            *("set_charging_profile", "clear_charging_profile", "composite_schedule"),
        ),
    ),
    Group(pgettext_lazy("commands", "Diagnostics"), ("get_log", "read_certificates")),
    Group(
        gettext_lazy("Security"),
        (
            *("rotate_key", "upgrade_profile", "new_key", "remove_key"),
            *("install_certificate", "delete_certificate", "certificate_signed"),
        ),
    ),
)
ACTIONS = (*BUTTONS, *(name for group in MENU for name in group.actions))
# What works while the station is away: nothing is sent, or it waits.
_WITHOUT_STATION = {"accept_station", "apply_template", "list_policy", "new_key", "remove_key"}
_CHARGES = set(BUTTONS)


class Entry(NamedTuple):
    """A button or a line of the menu; ``why_not`` says why it is off, empty where it is not."""

    name: str
    title: str
    address: str
    why_not: str = ""


def buttons(model_admin: Any, request: HttpRequest, station: ChargingStation) -> list[Entry]:
    """The two that everybody looks for, for whom may press them."""
    return _entries(model_admin, request, station, BUTTONS)


def groups(
    model_admin: Any, request: HttpRequest, station: ChargingStation
) -> list[tuple[str, list[Entry]]]:
    """The menu, without what one may not do."""
    found = [
        (str(group.title), _entries(model_admin, request, station, group.actions)) for group in MENU
    ]
    return [(title, entries) for title, entries in found if entries]


def is_there(station: ChargingStation) -> bool:
    """Whether it would hear what is sent."""
    return bool(station.online and station.connection_id)


def why_not(station: ChargingStation) -> str:
    """Why nothing can be sent to ``station`` now, in words; empty where it can."""
    if station.registration == Registration.REJECTED:
        return _("Its registration is rejected: it is asked nothing.")
    if not is_there(station):
        return _("It is offline: nothing can be sent until it connects again.")
    return ""


def why_no_charging(station: ChargingStation) -> str:
    """Why no session can be started or stopped now."""
    if station.registration == Registration.PENDING:
        return _("Its registration is pending: it charges nobody until it is accepted.")
    return why_not(station)


def is_offered(station: ChargingStation, name: str) -> bool:
    """Whether an action is any use to ``station`` as it stands: who is in needs no letting in."""
    return name != "accept_station" or station.registration != Registration.ACCEPTED


def _entries(
    model_admin: Any, request: HttpRequest, station: ChargingStation, names: tuple[str, ...]
) -> list[Entry]:
    entries = []
    for name in names:
        action = getattr(model_admin, name)
        if not is_offered(station, name) or not all(
            getattr(model_admin, f"has_{permission}_permission")(request)
            for permission in action.allowed_permissions
        ):
            continue
        address = reverse(f"admin:stations_chargingstation_{name}", args=[station.pk])
        why = why_no_charging(station) if name in _CHARGES else why_not(station)
        off = "" if name in _WITHOUT_STATION else why
        entries.append(Entry(name, f"{action.dialog['title']}…", address, off))
    return entries
