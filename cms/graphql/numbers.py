"""Numbers of rows as apps write them: 3 or "3"."""

from __future__ import annotations

from cms.shared.errors import DomainError


def number(said: str, field: str) -> int:
    """The number of a row. Raises DomainError that names ``field``."""
    if said.isascii() and said.isdigit() and len(said) < 19:
        return int(said)
    raise DomainError.of_field(field, "should be a whole number")
