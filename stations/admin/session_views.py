"""What a session's page fetches after it was opened: its live parts, its chart, its sections."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse

from cms.shared import spreadsheets
from cms.shared.admin import ModelAdmin
from cms.shared.downloads import streamed
from stations.admin import panels, session_chart, session_head, session_parts
from stations.models import ChargingSession

_PART = "stations_chargingsession_part_{}"
View = Callable[..., HttpResponseBase]


def urls(model_admin: ModelAdmin) -> list[Any]:
    """The addresses of all of it; each looks at who asks."""

    def at(route: str, view: View, name: str, **more: Any) -> Any:
        wrapped = model_admin.admin_site.admin_view(partial(view, model_admin, **more))
        return path(f"<int:pk>/{route}", wrapped, name=name)

    return [
        at("head/", _head, session_head.URL),
        at("story/", _story, session_head.STORY_URL),
        at("chart/", _chart, session_chart.URL),
        at("readings/", _readings, session_parts.READINGS_URL),
        at("readings.csv", _csv, session_parts.CSV_URL),
        *(
            at(f"part-{one.slug}/", _part, _PART.format(one.slug), part=one)
            for one in panels.parts()
        ),
    ]


def shown(request: HttpRequest, session: ChargingSession) -> dict[str, Any]:
    """What the page itself holds, and where it fetches the rest."""
    return {
        **session_head.shown(request, session),
        **session_head.story(request, session),
        "panels": panels.of_session(request, session),
        "chart_url": _address(session_chart.URL, session),
        "parts": [
            {"title": one.title, "url": _address(_PART.format(one.slug), session)}
            for one in panels.parts()
            if request.user.has_perm(one.permission)
        ],
    }


def _address(name: str, session: ChargingSession) -> str:
    return reverse(f"admin:{name}", args=[session.pk])


def _head(model_admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """State, energy and power as they are now."""
    session = model_admin.found(request, str(pk))
    context = session_head.shown(request, session)
    return render(request, "admin/stations/session_now.html", context)


def _story(model_admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """What happened by now."""
    session = model_admin.found(request, str(pk))
    context = session_head.story(request, session)
    return render(request, "admin/stations/session_story.html", context)


def _chart(model_admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """What the chart draws."""
    session = model_admin.found(request, str(pk))
    return JsonResponse(session_chart.of(request, session))


def _part(
    model_admin: ModelAdmin, request: HttpRequest, pk: int, *, part: panels.Part
) -> HttpResponse:
    """One section, for those who may see it."""
    session = model_admin.found(request, str(pk))
    _may(request, part.permission)
    return HttpResponse(part.show(request, session))


def _readings(model_admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """More meter values, behind the last one seen."""
    session = model_admin.found(request, str(pk))
    _may(request, session_parts.READINGS)
    context = session_parts.page_of(session, request.GET.get("before", ""))
    return render(request, "admin/stations/session_readings_rows.html", context)


def _csv(model_admin: ModelAdmin, request: HttpRequest, pk: int) -> HttpResponseBase:
    """All its meter values as a file, made while it is sent."""
    session = model_admin.found(request, str(pk))
    _may(request, session_parts.READINGS)
    name = f"session-{session.pk}-meter-values.csv"
    return streamed(session_parts.as_csv(session), name, spreadsheets.TYPE)


def _may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
