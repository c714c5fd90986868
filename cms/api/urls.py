"""Every path below /api: the apps' own, authentication and documentation."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from django.views.generic import RedirectView

from billing.api.urls import urlpatterns as money
from cms.accounts.api.urls import urlpatterns as authentication
from cms.api.docs import Browse, Document
from cms.api.errors import unknown_path
from cms.drivers.api.urls import urlpatterns as apps
from cms.gateways.api import urlpatterns as gateways
from cms.maps.api import urlpatterns as maps
from cms.shared.api import route
from ocpp_gateway.api import urlpatterns as remote_control
from rfid.api.urls import urlpatterns as cards
from stations.api.urls import urlpatterns as stations

urlpatterns: list[URLPattern | URLResolver] = [
    *authentication,
    *stations,
    *cards,
    *money,
    *remote_control,
    *apps,
    *maps,
    *gateways,
    route("schema", Document.as_view(), "schema"),
    route("docs", Browse.as_view(), "docs"),
    path("", RedirectView.as_view(pattern_name="docs")),
    re_path(r"", unknown_path),
]
