"""What the page of a site shows above its form: its stations, live, and whether it is open."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cms.shared import clock, display
from stations.admin import hours, site_map, site_states, words
from stations.models import ChargingStation, Connector, Site
from stations.services import opening_hours

_MOST = 50  # stations on the page of a site; its list has all of them


def live(request: HttpRequest, site: Site) -> dict[str, Any]:
    """What renews itself; stations and sessions only to whom may see them."""
    may = request.user.has_perm
    stations = reverse("admin:stations_chargingstation_changelist")
    sessions = reverse("admin:stations_chargingsession_changelist")
    return {
        "site": site,
        "address": site_map.address(site),
        "open_now": open_now(site),
        "hours": hours.told(site.opening_hours),
        "stations": _stations(site) if may("stations.view_chargingstation") else None,
        "states": site_states.pills(site_states.of_sites([site.pk]).get(site.pk, {}))
        if may("stations.view_chargingstation")
        else "",
        "stations_url": f"{stations}?site__id__exact={site.pk}",
        "sessions_url": f"{sessions}?station__site__id__exact={site.pk}"
        if may("stations.view_chargingsession")
        else "",
        "live_url": reverse("admin:stations_site_live", args=[site.pk]),
    }


def open_now(site: Site) -> SafeString:
    """A word for whether it is open, by its own clock; a dash where nobody said."""
    is_open = opening_hours.is_open(site.opening_hours, clock.now().astimezone(site.zone))
    if is_open is None:
        return display.NOTHING
    return (
        display.dot(pgettext("opening hours", "Open"), "green")
        if is_open
        else display.dot(_("Closed"), "grey")
    )


def _stations(site: Site) -> list[dict[str, Any]]:
    outlets = Prefetch("connectors", Connector.objects.order_by("connector_id"))
    rows = ChargingStation.objects.filter(site=site).prefetch_related(outlets)
    return [
        {
            "pk": row.pk,
            "link": display.link(row),
            "name": row.name,
            "online": words.online(row),
            "pips": words.pips(list(row.connectors.all())),
            "last_message": display.ago(row.last_seen_at),
        }
        for row in rows[:_MOST]
    ]
