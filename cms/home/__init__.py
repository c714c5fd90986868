"""The admin's home page: how the network stands, what needs somebody, and what happens."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from cms.home import first, parts
from cms.shared import clock
from stations.admin import site_map


def page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the home page shows: the guide of the first run, else every part to whom may see it."""
    at = clock.now()
    look = parts.Look(request, at)
    shown = first.guide(request, look.figures) if look.may_stations else None
    if shown is not None:
        return {**context, "cards": [], "first": shown}
    return {**context, **site_map.panel(request), **parts.everything(look)}
