"""The last messages of a station, on its page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from ocpp_gateway.admin import rows
from ocpp_gateway.models import OcppMessage
from stations.admin import station_panels
from stations.models import ChargingStation

_ROWS = 8


@station_panels.on_log("ocpp_gateway.view_ocppmessage")
def last(request: HttpRequest, station: ChargingStation) -> SafeString:
    """The last exchanges with ``station``."""
    found = rows.light(OcppMessage.objects.filter(station=station)).order_by("-id")[:_ROWS]
    everything = reverse("admin:ocpp_gateway_ocppmessage_changelist")
    return render_to_string(
        "admin/ocpp_gateway/on_station.html",
        {
            "messages": rows.shown(list(found)),
            "all_url": f"{everything}?{urlencode({'station__id__exact': station.pk})}",
        },
    )
