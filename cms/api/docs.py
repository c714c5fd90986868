"""The API documentation: the OpenAPI document, made once per process, and a page to browse it."""

from __future__ import annotations

from functools import cache
from typing import Any

from csp.decorators import csp
from django.utils.decorators import method_decorator
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from cms.settings.policies import DOCS


class Document(SpectacularAPIView):
    """The OpenAPI document, as JSON or (`?format=yaml`, or by Accept) as YAML."""

    authentication_classes = ()
    # The last one is the same as plain application/json, which many programs ask for.
    renderer_classes = [OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiJsonRenderer2]

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())


@method_decorator(csp(DOCS), name="dispatch")
class Browse(SpectacularSwaggerSplitView):
    """Swagger UI, from our own static files; its start is a file, too, as the CSP wants it."""

    authentication_classes = ()
    url_name = "schema"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document. It describes the code, so it is the same for everybody."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return made
