"""Every HTTP path: the admin, the API and the health check. WebSockets: ocpp_gateway/routing.py."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from cms import palette
from cms.accounts import pages, second_factor
from cms.drivers import pages as drivers_pages
from cms.graphql.view import GraphQL
from cms.health import health
from cms.home.views import urls as home_urls
from cms.shared.api import route

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/language/", include("django.conf.urls.i18n")),  # before what the admin catches
    path("admin/search/", admin.site.admin_view(palette.search)),
    path("admin/second-factor/", admin.site.admin_view(second_factor.page), name="second_factor"),
    *home_urls,
    path("admin/", admin.site.urls),
    *pages.urls,
    *drivers_pages.urls,
    path("api", RedirectView.as_view(pattern_name="docs")),
    path("api/", include("cms.api.urls")),
    route("graphql", GraphQL.as_view(), "graphql"),
    route("health", health, "health"),
]
handler400 = "cms.api.errors.bad_request"
handler404 = "cms.api.errors.page_not_found"
handler500 = "cms.api.errors.server_error"
