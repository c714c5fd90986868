"""Numbers of rows as apps write them: 3 or "3"."""

from __future__ import annotations

from cms.graphql.problems import wrong


def number(said: str, field: str) -> int:
    """The number of a row. Raises ValidationError that names ``field``."""
    if said.isascii() and said.isdigit() and len(said) < 19:
        return int(said)
    raise wrong(field, "should be a whole number")
