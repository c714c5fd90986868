"""What a browser may load and do on our pages: the Content-Security-Policies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

# Whatever says nothing of its own (the API, the health check, redirects) needs nothing.
STRICT: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Swagger UI, from our own files: its styles stand in the page, its pictures in its styles.
DOCS: dict[str, list[str]] = {
    **STRICT["DIRECTIVES"],
    "script-src": [SELF],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
}


def for_pages(*hosts_of_pictures: str) -> dict[str, list[str]]:
    """The policy of the admin; ``hosts_of_pictures`` are asked for map tiles.

    Alpine, which Unfold is made with, evaluates the expressions in our templates ('unsafe-eval'):
    a script that somebody smuggles into a page runs nonetheless never, for it has no file here.
    """
    return {
        **DOCS,
        "script-src": [SELF, UNSAFE_EVAL],
        "img-src": [SELF, "data:", *hosts_of_pictures],
        "form-action": [SELF],
    }


def hosts_of_tiles(url: str) -> list[str]:
    """Where the pictures of MAP_TILE_URL come from; Leaflet puts a, b or c for ``{s}``."""
    found = urlsplit(url)
    return [f"{found.scheme}://{found.netloc.replace('{s}', '*')}"] if url else []
