"""Maps over REST: markers as GeoJSON, and a site with what is free there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from cms.maps import documents, filters, markers, shapes, sites
from cms.maps.filters import Filter
from cms.shared import clock
from cms.shared.api import route
from cms.shared.errors import NotFound

_READ = "read"


class MayLook(BasePermission):
    """Keys that may read, whoever is logged in, and with MAPS_PUBLIC anybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may look at maps; which sites they see is another matter."""
        scopes = getattr(request.auth, "scopes", None)
        if scopes is not None:
            self.message = f"This API key lacks the scope {_READ}."
            return _READ in scopes
        is_known: bool = request.user.is_authenticated
        return is_known or settings.MAPS_PUBLIC


class Strangers(AnonRateThrottle):
    """How often an address may look without a login (DEFAULT_THROTTLE_RATES)."""

    scope = "maps"


class _Map(APIView):
    permission_classes = (MayLook,)
    throttle_classes = (Strangers,)
    refusals = {
        "400": "Something about the filter is wrong; `fields` says what",
        "429": "Too often without a login; Retry-After says when to come back",
    }


class Markers(_Map):
    """Sites on the map."""

    @extend_schema(
        operation_id="markers",
        parameters=[*documents.FILTER, documents.BOX],
        responses={200: documents.MarkerCollection},
        examples=[documents.MARKERS],
    )
    def get(self, request: Request) -> Response:
        """Sites that have a connector that suits, with how many of those are free."""
        asked = _asked(request)
        seen = markers.seen(asked, request.user, clock.now())
        shown = shapes.collection(markers.of_table(seen, asked), is_cut=seen.is_cut)
        return Response(shown)


class SiteOnMap(_Map):
    """One of them."""

    @extend_schema(
        operation_id="site",
        parameters=documents.FILTER,
        responses={200: documents.MapSite},
        examples=[documents.SITE],
    )
    def get(self, request: Request, site_id: int | str) -> Response:
        """A site with its connectors that suit, in groups of one type, power and price."""
        asked = _asked(request, of_site=True)
        found = sites.grouped(int(site_id), asked, request.user, clock.now())
        if found is None:
            raise NotFound("Site not found")
        return Response(shapes.site(found))


def _asked(request: Request, *, of_site: bool = False) -> Filter:
    """The filter of the address; a name that comes twice is a list. Raises DomainError (400)."""
    given = {name: ",".join(values) for name, values in request.query_params.lists()}
    return filters.read({name: value for name, value in given.items() if value}, of_site=of_site)


urlpatterns = [
    route("markers", Markers.as_view(), "markers"),
    route("sites/<number:site_id>", SiteOnMap.as_view(), "site"),
]
