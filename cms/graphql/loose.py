"""JSON as apps of the prior system write it: numbers as texts, texts as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from cms.graphql.problems import wrong

_LONGEST = 1_000
_SMALLEST = Decimal("0.000001")


class Members:
    """The members of an object; what is wrong is said by its place (``input.data.name``)."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise wrong(path, "should be an object")
        self._value, self.path = value, path

    def has(self, name: str) -> bool:
        """Whether something is said; null is nothing."""
        return self._value.get(name) is not None

    def text(self, *names: str) -> str | None:
        """The first of these that is said, as a text; None where none is."""
        for name in names:
            value = self._value.get(name)
            if value is None:
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (isinstance(value, str) or is_number) or len(str(value)) > _LONGEST:
                raise self.wrong(name, "should be a text")
            return str(value).strip()
        return None

    def amount(self, *names: str, most: int = 10**6) -> Decimal | None:
        """The same as a number from 0 to ``most``."""
        for name in names:
            if (said := self.text(name)) is not None:
                return self._amount(name, said, most)
        return None

    def whole(self, *names: str) -> int | None:
        """The same as a whole number from 1 on."""
        for name in names:
            if (said := self.text(name)) is not None:
                if not (said.isascii() and said.isdigit() and 0 < int(said[:18]) == int(said)):
                    raise self.wrong(name, "should be a whole number from 1 on")
                return int(said)
        return None

    def objects(self, name: str, most: int) -> list[Members]:
        """The objects of a list; none where nothing is said."""
        value = self._value.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(name, f"should be a list of {most} at most")
        return [Members(one, f"{self.path}.{name}.{place}") for place, one in enumerate(value)]

    def point(self, name: str) -> tuple[Decimal, Decimal] | None:
        """Longitude and latitude of a GeoJSON Point."""
        if not self.has(name):
            return None
        said = self._value[name]
        numbers = said.get("coordinates") if isinstance(said, Mapping) else None
        if not isinstance(numbers, list) or len(numbers) != 2 or said.get("type") != "Point":
            raise self.wrong(name, "should be a GeoJSON Point: longitude, latitude")
        try:
            longitude, latitude = (Decimal(str(one)).quantize(_SMALLEST) for one in numbers)
        except (InvalidOperation, ValueError):
            raise self.wrong(name, "should have two numbers: longitude, latitude") from None
        return longitude, latitude

    def wrong(self, name: str, problem: str) -> Exception:
        """What is wrong with one of them."""
        return wrong(f"{self.path}.{name}", problem)

    def _amount(self, name: str, said: str, most: int) -> Decimal:
        try:
            number = Decimal(said)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 <= number <= most:
            raise self.wrong(name, f"should be a number from 0 to {most}")
        return number.quantize(_SMALLEST).normalize()
