"""The addresses of the home page's parts."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from cms.home import first, parts
from cms.shared import clock
from stations.services import snoozes

_PARTS = {
    "now": (parts.now, "admin/home_now.html"),
    "charts": (parts.charts, "admin/home_charts.html"),
    "ticker": (parts.ticker, "admin/home_ticker.html"),
    "everything": (parts.everything, "admin/home_all.html"),
}


@require_GET
def part(request: HttpRequest, name: str) -> HttpResponse:
    """One part as it is now, of what its reader may see; ``everything``: all of them."""
    if name not in _PARTS:
        raise Http404
    gather, template = _PARTS[name]
    return render(request, template, gather(parts.Look(request, clock.now())))


@require_POST
@permission_required("stations.add_snooze", raise_exception=True)
def snooze(request: HttpRequest) -> HttpResponse:
    """Hide what somebody sees in the queue for an hour, or (``wake``) show it again."""
    at = clock.now()
    said = request.POST.get("kind", ""), request.POST.get("subject", "")
    queue = parts.Look(request, at).queue
    item = next((r.item for r in queue or () if (r.item.kind, str(r.item.subject)) == said), None)
    if item is None:
        raise Http404
    if request.POST.get("wake"):
        snoozes.wake(kind=item.kind, subject=item.subject)
    else:
        snoozes.snooze(kind=item.kind, subject=item.subject, by_id=request.user.pk or 0, at=at)
    if request.headers.get("HX-Request") != "true":
        return HttpResponseRedirect(reverse("admin:index"))
    return render(request, "admin/home_now.html", parts.now(parts.Look(request, at)))


_own = admin.site.admin_view
urls: list[URLPattern] = [
    path("admin/home/snooze/", _own(snooze), name="home_snooze"),
    path("admin/home/first/", _own(first.add), name="home_first"),
    path("admin/home/first/<int:pk>/", _own(first.waiting), name="home_waiting"),
    path("admin/home/<slug:name>/", _own(part), name="home_part"),
]
