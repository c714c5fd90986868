"""Sites on a map: what the map of the home page shows, and what it loads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from cms.shared import display
from stations.admin import site_states
from stations.models import Site

_MOST = 5000  # sites on one map
_OPEN_STREET_MAP = "© OpenStreetMap contributors"


def may_see(request: HttpRequest) -> bool:
    """Whether somebody may see where stations are, and how they stand."""
    return request.user.has_perms(["stations.view_site", "stations.view_chargingstation"])


def panel(request: HttpRequest) -> dict[str, Any]:
    """What templates/admin/home_map.html needs; no queries: its data comes by itself."""
    if not may_see(request):
        return {}
    shown = {
        "url": reverse("admin:stations_site_map"),
        "sites_url": reverse("admin:stations_site_changelist"),
        "states": site_states.STATES,
        **frame(),
    }
    return {"site_map": shown}


def frame() -> dict[str, str]:
    """What every map needs: its words as JSON; tiles, where some are set, and whose they are."""
    url: str = settings.MAP_TILE_URL
    host = urlsplit(url).hostname or ""
    osm = host == "openstreetmap.org" or host.endswith(".openstreetmap.org")
    by = _OPEN_STREET_MAP if osm else host.removeprefix("{s}.")
    return {"tiles": url, "tiles_by": by, "words": json.dumps(_words())}


def geojson(sites: Iterable[Site]) -> dict[str, Any]:
    """Sites as GeoJSON, each with how its stations stand in words; two queries.

    A site without a place has no geometry: the table shows it all the same.
    """
    rows = list(sites)[:_MOST]
    counts = site_states.of_sites([site.pk for site in rows])
    return {
        "type": "FeatureCollection",
        "features": [_feature(site, counts.get(site.pk, {})) for site in rows],
    }


def _feature(site: Site, counts: site_states.Counts) -> dict[str, Any]:
    worst, number = site_states.worst(counts), sum(counts.values())
    told = site_states.told(counts)
    return {
        "type": "Feature",
        "id": site.pk,
        "geometry": _point(site),
        "properties": {
            "name": site.name,
            "address": ", ".join(
                filter(None, [site.address, f"{site.postal_code} {site.city}".strip()])
            ),
            "url": display.page(site),
            "state": worst.key,
            "tone": worst.tone,
            "word": str(worst.word),
            "stations": number,
            "size": ngettext("%(number)d station", "%(number)d stations", number)
            % {"number": number},
            "states": [[state.key, state.tone, str(state.word), count] for state, count in told],
        },
    }


def address(site: Site) -> str:
    """Street and town in one line, without what nobody knows."""
    town = f"{site.postal_code} {site.city}".strip()
    return ", ".join(filter(None, [site.address, town, site.country]))


def _point(site: Site) -> dict[str, Any] | None:
    if site.latitude is None or site.longitude is None:
        return None
    return {"type": "Point", "coordinates": [float(site.longitude), float(site.latitude)]}


def _words() -> dict[str, str]:
    """What the scripts say."""
    return {
        "open": pgettext("button", "Open"),
        "close": _("Close"),
        "closer": _("Closer"),
        "farther": _("Farther away"),
        "nowhere": _("not on the map"),
        "failed": _("How the sites stand could not be asked just now. It is tried again."),
        "chosen": _("The site is at %(place)s."),
    }
