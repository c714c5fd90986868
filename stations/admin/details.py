"""Behind the tab Details of a station's page: what it reported, and what is set up for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cms.shared import display
from stations.admin import charging, local_lists, quirks
from stations.admin.station_lists import all_of
from stations.models import ChargingStation

_REPORTED = (
    "vendor",
    "model",
    "serial_number",
    "charge_box_serial_number",
    "firmware_version",
    "meter_type",
    "meter_serial_number",
    "iccid",
    "imsi",
)


def shown(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """All of it; the local list, profiles and quirks only to whom may see them."""
    may = request.user.has_perm
    return {
        "facts": facts(station),
        "local_list": local_lists.panel(station) if may("stations.view_locallist") else None,
        **charging.shown(request, station),
        **quirks.panel(request, station),
        "assigned_url": all_of("stations_profileassignment", station__id__exact=station.pk),
    }


def facts(station: ChargingStation) -> list[tuple[str, Any]]:
    """What the station said of itself, and what we saw of it; only what there is."""
    fields = [(station._meta.get_field(name), getattr(station, name)) for name in _REPORTED]
    reported = [(str(field.verbose_name).capitalize(), value) for field, value in fields if value]  # type: ignore[union-attr]
    return [
        *reported,
        (_("Last start"), display.when(station.last_boot_at)),
        (_("Last message"), display.when(station.last_seen_at)),
        (_("Connected"), display.when(station.connected_at)),
        (_("Disconnected"), display.when(station.disconnected_at)),
        (_("Key"), _key(station)),
        *_profiles(station),
    ]


def _key(station: ChargingStation) -> str:
    if station.pending_keys:
        return _("Being changed: the old one and the new one are taken")
    is_set = pgettext("station key", "Set")
    return is_set if station.key_hash else pgettext("station key", "None")


def _profiles(station: ChargingStation) -> list[tuple[str, Any]]:
    """What it proved when it connected last, and what it was told to change to."""
    shown: list[tuple[str, Any]] = []
    if station.connected_profile is not None:
        shown.append((_("Connected with profile"), station.get_connected_profile_display()))
    if station.pending_profile is not None:
        shown.append((_("Changing to profile"), station.get_pending_profile_display()))
    return shown
