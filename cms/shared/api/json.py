"""JSON bodies by orjson: strict about what comes in, fast about what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

JSON = "application/json"


class TooLarge(APIException):
    """The body is longer than the system reads."""

    status_code = 413
    default_code = "too_large"
    default_detail = "The body is too large."


class OrjsonParser(BaseParser):
    """Reads a JSON body. NaN, lone surrogates and endless nesting are no JSON: 400."""

    media_type = JSON

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value of the body. Raises ParseError (400) or TooLarge (413)."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise TooLarge(f"The body is larger than {limit} bytes.")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}") from None
        if b"\\u0000" in body and _has_nul(value):
            raise ParseError("The body holds a NUL character, which no text here may hold.")
        return value


class OrjsonRenderer(BaseRenderer):
    """Writes a JSON body."""

    media_type = JSON
    format = "json"
    charset = None  # JSON is UTF-8 by definition (RFC 8259)

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """``data`` as JSON; nothing at all for no data (204)."""
        if data is None:
            return b""
        # Lazy texts and Decimals are written as text.
        return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


def _has_nul(value: Any) -> bool:
    """Whether any text in ``value`` holds a NUL, which PostgreSQL cannot store."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_has_nul(item) for item in value)
