"""PDF as an answer: to whoever accepts it, and as a file with a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer

from cms.shared.api.json import JSON, OrjsonRenderer
from cms.shared.downloads import document

PDF = "application/pdf"


class PdfRenderer(BaseRenderer):
    """Lets callers ask for PDF. What is refused is told in JSON all the same."""

    media_type = PDF
    format = "pdf"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """An error: files are answered by ``file``."""
        if renderer_context:
            renderer_context["response"]["Content-Type"] = JSON
        return OrjsonRenderer().render(data)


def file(content: bytes, name: str) -> HttpResponse:
    """A document as browsers show it, and save it under ``name``."""
    return document(content, name)
