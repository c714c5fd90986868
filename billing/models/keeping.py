"""What rows that never change point to is not deleted."""

from __future__ import annotations

from typing import Any

from django.db.models import ProtectedError


def kept(collector: Any, field: Any, rows: Any, using: str) -> None:
    """An ``on_delete``: refuse while a row points there. As PROTECT, which reads all that do."""
    if some := list(rows.using(using)[:1]):
        raise ProtectedError(f"{field.model._meta.verbose_name_plural} name it", set(some))


kept.lazy_sub_objs = True  # type: ignore[attr-defined]  # Django gives a query, not its rows
