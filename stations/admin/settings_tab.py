"""Behind the tab Configuration of a station's page: its settings, edited in place."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import urlencode

from cms.shared import display
from stations.admin import configuration, menu
from stations.admin.station_lists import all_of
from stations.models import ChargingStation, ConfigurationKey

_KEYS = 300


def shown(request: HttpRequest, station: ChargingStation) -> dict[str, Any]:
    """Every key with its value, what differs from a template, and how reading it goes."""
    may, keys = request.user.has_perm, list(station.configuration.all()[:_KEYS])
    return {
        "settings": [_setting(request, station, row) for row in keys],
        "setup": configuration.panel(station, keys, request.GET.get("template", "")),
        "tab_url": _url("configuration_tab", station),
        "read_url": _url("read_configuration", station),
        "apply_url": _url("apply_template", station),
        "why_not": menu.why_not(station),
        "may_send": may("stations.add_command"),
        "may_apply": may("stations.add_commandbatch"),
        "history_url": all_of("stations_configurationchange", station__id__exact=station.pk)
        if may("stations.view_configurationchange")
        else "",
    }


def urls(model_admin: Any) -> list[Any]:
    """Where one setting is fetched: as it is, or to be edited."""

    def view(request: HttpRequest, pk: int) -> HttpResponse:
        station = model_admin.found(request, str(pk))
        if not request.user.has_perm("stations.view_configurationkey"):
            return HttpResponse(status=403)
        key = request.GET.get("key", "")
        row = station.configuration.filter(key=key).first()
        if row is None:  # forgotten meanwhile
            return HttpResponse()
        setting = _setting(request, station, row)
        context = {"station": station, "setting": setting, "token": uuid.uuid4()}
        can_edit = setting["edit_url"] and not menu.why_not(station)
        part = "setting_form" if "edit" in request.GET and can_edit else "setting"
        context["change_url"] = _url("change_configuration", station)
        return render(request, f"admin/stations/tabs/{part}.html", context)

    name = "stations_chargingstation_setting"
    return [path("<int:pk>/setting/", model_admin.admin_site.admin_view(view), name=name)]


def _setting(
    request: HttpRequest, station: ChargingStation, row: ConfigurationKey
) -> dict[str, Any]:
    secret = display.is_secret(row.key)
    may = request.user.has_perm("stations.add_command") and not (row.readonly or secret)
    address = f"{_url('setting', station)}?{urlencode({'key': row.key})}"
    return {
        "row": row,
        "value": display.MASK if secret else row.value,
        "url": address,
        "edit_url": f"{address}&edit=1" if may else "",
    }


def _url(name: str, station: ChargingStation) -> str:
    return reverse(f"admin:stations_chargingstation_{name}", args=[station.pk])
