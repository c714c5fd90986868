"""Names in two spellings: snake_case in Python, camelCase on the wire."""

from __future__ import annotations

import re

_WORD = re.compile(r"_+([a-z0-9])")


def camel(name: str) -> str:
    """``started_at`` -> ``startedAt``; a name that is camelCase already stays as it is."""
    return _WORD.sub(lambda match: match[1].upper(), name)
