"""Primary keys taken before the rows are written: where what belongs to a row comes first."""

from __future__ import annotations

from django.db import connection
from django.db.models import Model


def of(model: type[Model], count: int) -> list[int]:
    """So many new keys of a model whose rows are never deleted. Needs a transaction."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return [number for (number,) in cursor.fetchall()]
    # Only one writes at a time here.
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    return list(range(last + 1, last + 1 + count))
