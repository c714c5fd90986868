"""MoneyField: exact amounts on both engines."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models

PLACES = 4  # as many as any currency's minor unit has (CLF, UYW)


_Set = TypeVar("_Set")
_Get = TypeVar("_Get")
if TYPE_CHECKING:
    _Decimals = models.DecimalField
else:

    class _Decimals(models.DecimalField):
        def __class_getitem__(cls, _: object) -> type:
            return cls


class MoneyField(_Decimals[_Set, _Get]):
    """A Decimal with four places: ``numeric`` on PostgreSQL, ten-thousandths on SQLite.

    SQLite has no decimals: a DecimalField is a float there, and 0.1 + 0.2 - 0.3 is not zero in its
    SUM. Whole numbers add up exactly.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 19, "decimal_places": PLACES, **kwargs})

    def get_internal_type(self) -> str:
        """Not DecimalField: SQLite's converters for that one go through a float."""
        return "MoneyField"

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "numeric(19, 4)" if connection.vendor == "postgresql" else "bigint"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """``value`` as the column holds it."""
        if value is None or hasattr(value, "as_sql"):
            return value
        amount = self.to_python(value)
        return amount if connection.vendor == "postgresql" else int(amount.scaleb(PLACES))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Decimal | None:
        """The amount of a column, or of a sum of it."""
        if value is None:
            return None
        return Decimal(value) if connection.vendor == "postgresql" else Decimal(value).scaleb(-4)
