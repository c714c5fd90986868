"""The API documentation: the OpenAPI document, made once per process, and a page to browse it."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.request import Request
from rest_framework.response import Response


class Document(SpectacularAPIView):
    """The OpenAPI document, as JSON or (`?format=yaml`, or by Accept) as YAML."""

    authentication_classes = ()
    # The last one is the same as plain application/json, which many programs ask for.
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiJsonRenderer2]

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


class Browse(SpectacularSwaggerView):
    """Swagger UI, from our own static files."""

    authentication_classes = ()
    url_name = "schema"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. It describes the code, so it is the same for everybody."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made
