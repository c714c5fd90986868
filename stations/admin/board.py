"""The page of a station: its head, its connectors, and tabs; each part only to whom may see it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cms.shared import clock, display
from stations.admin import menu, outlets, station_list, station_tabs, words
from stations.admin.actions import may_serve
from stations.models import ChargingStation


def page(model_admin: Any, request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What the page of ``station`` shows at first; what stands behind tabs is fetched by them."""
    return {
        **live(model_admin, request, station),
        **station_tabs.bar(request, station),
        "errands_url": reverse("admin:stations_chargingstation_errands", args=[station.pk]),
    }


def live(model_admin: Any, request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """What renews itself: whether it is there, what one can do, and its connectors."""
    station_list.with_connectors([station])
    may_see_sites = request.user.has_perm("stations.view_site")
    return {
        "station": station,
        "online": words.online(station),
        "since": _since(station),
        "registration": words.registration(station),
        "site": display.link(station.site) if station.site and may_see_sites else station.site,
        "kind": " ".join(filter(None, [station.vendor, station.model])),
        "protocol": station.protocol.upper().replace("OCPP", "OCPP "),
        "last_message": display.ago(station.last_seen_at),
        "connectors": outlets.cards(request, station, clock.now()),
        "itself": _itself(station),
        "is_there": menu.is_there(station),
        "buttons": menu.buttons(model_admin, request, station),
        "menu": menu.groups(model_admin, request, station),
        "why_not": menu.why_not(station),
        "why_no_charging": menu.why_no_charging(station),
        "may_serve": may_serve(request),
        "live_url": reverse("admin:stations_chargingstation_live", args=[station.pk]),
    }


def _since(station: ChargingStation) -> SafeString | str:
    """For how long it is there, or not; since when on hover."""
    moment = station.connected_at if station.online else station.disconnected_at
    if moment is None:
        return "" if station.last_seen_at else _("never connected")
    return format_html(
        '<time class="vd-time" datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        display.exact(moment),
        _("for %(span)s") % {"span": display.span(clock.now() - moment)},
    )


def _itself(station: ChargingStation) -> SafeString | str:
    """The state of the station as a whole (connector 0), where it is not simply well."""
    rows = [row for row in station.connectors.all() if not row.connector_id]
    return words.connector(rows[0]) if rows and rows[0].status != "Available" else ""
