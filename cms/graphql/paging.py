"""Pages: so many rows from so many on. Bounded, as nobody reads a thousand pages."""

from __future__ import annotations

from typing import Any

import strawberry
from django.db.models import QuerySet

from cms.graphql.problems import wrong

MOST, FURTHEST = 1_000, 100_000


@strawberry.input
class Paging:
    """Which rows of a list."""

    limit: int | None = strawberry.field(default=None, description=f"At most {MOST}")
    offset: int | None = None


def page_of(rows: QuerySet[Any], paging: Paging | None, *, usual: int = MOST) -> QuerySet[Any]:
    """The rows meant. Raises ValidationError that names what is wrong with ``paging``."""
    limit = usual if paging is None or paging.limit is None else paging.limit
    offset = 0 if paging is None or paging.offset is None else paging.offset
    if limit < 1:
        raise wrong("paging.limit", "should be a whole number from 1 on")
    if not 0 <= offset <= FURTHEST:
        raise wrong("paging.offset", f"should be from 0 to {FURTHEST}")
    return rows[offset : offset + min(limit, MOST)]
