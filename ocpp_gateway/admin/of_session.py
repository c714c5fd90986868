"""What was said about a session: a section of its page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from cms.shared import clock
from ocpp_gateway.admin import rows
from ocpp_gateway.admin.filters import SLACK
from ocpp_gateway.models import OcppMessage
from stations.admin import panels
from stations.models import ChargingSession

_MOST = 200
_AROUND = timedelta(days=1)  # a queue that was kept offline is sent later


@panels.part("messages", gettext_lazy("OCPP messages"), "ocpp_gateway.view_ocppmessage")
def messages(request: HttpRequest, session: ChargingSession) -> SafeString:
    """Exchanges that name its transaction, newest first."""
    found = list(rows.light(of(session)).select_related("station")[: _MOST + 1])
    context = {"exchanges": rows.shown(found[:_MOST]), "has_more": len(found) > _MOST}
    return render_to_string("admin/ocpp_gateway/of_session.html", context, request)


def of(session: ChargingSession) -> QuerySet[OcppMessage]:
    """Those of its station that name it, by our number or its own, while it lasted and after.

    The index on time bounds the ids, that of the station the rows whose text is looked at.
    """
    since, until = _span(session)
    bounds = rows.id_bounds(since - SLACK, until + SLACK)
    if bounds is None:
        return OcppMessage.objects.none()
    numbers = {session.pk, session.reported_transaction_id or session.pk}
    wanted = Q()
    for number in numbers:
        named = rf'"transactionId"\s*:\s*{number}[^0-9]'
        wanted |= Q(request__regex=named) | Q(response__regex=named)
    ours = OcppMessage.objects.filter(station=session.station_id, pk__range=bounds)
    # Nothing that matters is outside of it; the days before and after are not looked at.
    days = (since - 2 * SLACK, until + 2 * SLACK)
    return ours.filter(wanted, at__range=days).order_by("-pk")


def _span(session: ChargingSession) -> tuple[datetime, datetime]:
    """From when until when it may have been spoken of, by our clock where that is known."""
    now = clock.now()
    known = [session.start_received_at, session.started_at, session.stop_received_at]
    moments = [moment for moment in known if moment]
    until = session.stop_received_at or session.stopped_at
    last = now if session.is_open or until is None else min(until + _AROUND, now)
    return min([*moments, last]), last
