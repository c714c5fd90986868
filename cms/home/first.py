"""The first run: from no station at all to one that is there, in three steps on one page."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cms.shared import scoping, texts
from cms.shared.errors import DomainError
from stations.admin.actions import may_serve
from stations.models import ChargingStation
from stations.overview import Figures
from stations.services import enrolment

_TEMPLATE = "admin/home_first.html"


def guide(request: HttpRequest, figures: Figures) -> dict[str, Any] | None:
    """The guide, where nobody has connected a station yet: what it shows; else None.

    Not for who works for some sites: they see too little to know.
    """
    if figures.stations > 1 or scoping.limit_of(request.user) is not None:
        return None
    if not figures.stations:
        return _beginning(request)
    station = scoping.visible(request.user, ChargingStation.objects.all()).first()
    if station is None or station.last_boot_at or station.last_seen_at:
        return None
    return _shown(request, station)


@require_POST
@permission_required("stations.add_chargingstation", raise_exception=True)
def add(request: HttpRequest) -> HttpResponse:
    """Make the first station and its password, which is shown here and never again."""
    cp_id = request.POST.get("cp_id", "").strip()
    try:
        scoping.needs_site(request.user, None)
        ChargingStation(cp_id=cp_id).full_clean()
        made = enrolment.enrol(cp_id=cp_id, key=enrolment.GENERATE)
    except ValidationError as error:
        return _again(request, cp_id, " ".join(error.messages))
    except DomainError as error:
        return _again(request, cp_id, texts.localised(error.message))
    shown = _shown(request, made.station, password=made.made_key or "")
    return render(request, _TEMPLATE, {"first": shown})


@require_GET
@permission_required("stations.view_chargingstation", raise_exception=True)
def waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """The last step: whether the station is there."""
    seen = scoping.visible(request.user, ChargingStation.objects.all())
    station = get_object_or_404(seen, pk=pk)
    return render(request, "admin/home_waiting.html", {"first": _shown(request, station)})


def _beginning(request: HttpRequest, cp_id: str = "", error: str = "") -> dict[str, Any]:
    return {
        "station": None,
        "may_add": request.user.has_perm("stations.add_chargingstation"),
        "add_url": reverse("home_first"),
        "typed": cp_id or "CP-0001",
        "error": error,
        "address": _address(request, cp_id or "CP-0001"),
    }


def _again(request: HttpRequest, cp_id: str, error: str) -> HttpResponse:
    shown = _beginning(request, cp_id, error or _("Say what the station is called."))
    return render(request, _TEMPLATE, {"first": shown})


def _shown(request: HttpRequest, station: ChargingStation, password: str = "") -> dict[str, Any]:
    of_station = [station.pk]
    may_key = request.user.has_perm("stations.change_chargingstation")
    return {
        "station": station,
        "is_there": bool(station.last_boot_at),
        "is_connected": bool(station.connection_id),
        "what": " ".join(filter(None, [station.vendor, station.model])),
        "password": password,
        "address": _address(request, station.cp_id),
        "waiting_url": reverse("home_waiting", args=of_station),
        "page_url": reverse("admin:stations_chargingstation_change", args=of_station),
        "key_url": reverse("admin:stations_chargingstation_new_key", args=of_station)
        if may_key
        else "",
        "start_url": reverse("admin:stations_chargingstation_remote_start", args=of_station)
        if may_serve(request)
        else "",
    }


def _address(request: HttpRequest, cp_id: str) -> str:
    """Where a station connects to: as this page was reached."""
    scheme = "wss" if request.is_secure() else "ws"
    return f"{scheme}://{request.get_host()}/ocpp/{quote(cp_id, safe='')}"
