"""The page a mail leads to that asks whether an address is somebody's: without any app."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cms.accounts import verifying
from cms.accounts.pages import refused, shown
from cms.drivers import joining

_TEMPLATE = "account/verify.html"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, token: str) -> HttpResponse:
    """A button: programs that look at mail before its reader open links, but send no forms."""
    if request.method != "POST":
        return shown(request, _TEMPLATE)
    try:
        joining.verify(token=token)
    except verifying.LinkRefused as error:
        return refused(request, _TEMPLATE, error)
    return shown(request, _TEMPLATE, is_done=True)


urls: list[URLPattern] = [path("account/verify/<segment:token>/", verify, name="account-verify")]
