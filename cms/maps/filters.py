"""What somebody looks for on a map: a value, read from names as apps write them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, TypeVar

from cms.shared.errors import DomainError, Text

LEAST, MOST = Decimal(0), Decimal(1000)  # the usual ranges of prices and of kW: no bound
MOST_TYPES, LONGEST_TYPE = 50, 30
_LARGEST = Decimal(10**9)
_RANGES = (("min_price", "max_price"), ("min_power", "max_power"))
_NAMES = {
    "connectorTypes": "connector_types",
    "minPrice": "min_price",
    "maxPrice": "max_price",
    "minPower": "min_power",
    "maxPower": "max_power",
    "freeOnly": "free_only",
    "bbox": "bbox",
}
NAMES = tuple(_NAMES)
T = TypeVar("T")


class Box(NamedTuple):
    """A part of the map in degrees; ``west`` beyond ``east``: across the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    @property
    def crosses(self) -> bool:
        """Whether the line where the days meet is inside (RFC 7946 section 5.2)."""
        return self.west > self.east

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place is inside, the edges included."""
        if not self.south <= latitude <= self.north:
            return False
        if self.crosses:
            return longitude >= self.west or longitude <= self.east
        return self.west <= longitude <= self.east


@dataclass(frozen=True, slots=True)
class Filter:
    """What a connector has to be. Bounds are inclusive; the usual ones bound nothing.

    ``connector_types`` as ``folded`` makes them, none: all. Prices are for a kWh, with tax, in
    whatever currency; power is in kW. What has no price, or whose power nobody knows, is left out
    by a bound only. ``free_only`` leaves out the sites (and groups) with nothing available.
    """

    connector_types: frozenset[str] = frozenset()
    min_price: Decimal = LEAST
    max_price: Decimal = MOST
    min_power: Decimal = LEAST
    max_power: Decimal = MOST
    free_only: bool = False
    bbox: Box | None = None

    def suits(self, connector_type: str, power_w: int | None, price: Decimal | None) -> bool:
        """Whether a connector is one of those looked for; where it stands is another matter."""
        if self.connector_types and folded(connector_type) not in self.connector_types:
            return False
        power = None if power_w is None else Decimal(power_w) / 1000
        return _inside(power, self.min_power, self.max_power) and _inside(
            price, self.min_price, self.max_price
        )


EVERYTHING = Filter()


def folded(connector_type: str) -> str:
    """The name of a type as it is compared: ``type  2`` is ``Type 2``."""
    return " ".join(connector_type.split()).casefold()


def read(said: Mapping[str, Any], *, of_site: bool = False) -> Filter:
    """The filter that ``said`` means, by the names of the API (``NAMES``); null says nothing.

    Numbers may be texts, as in the query of an address, and lists one text with commas. One site
    has no box. Raises DomainError with all that is wrong, by field.
    """
    problems: dict[str, list[Text]] = {
        name: [Text("is not known here; known are %(known)s", known=", ".join(NAMES))]
        for name in said
        if name not in _NAMES
    }
    if of_site and said.get("bbox") is not None:
        problems["bbox"] = [Text("is for many sites, not for one")]
    found: dict[str, Any] = {}
    for name, field in _NAMES.items():
        if said.get(name) is None:
            continue
        try:
            found[field] = _READERS[field](said[name])
        except _Wrong as wrong:
            problems[name] = [wrong.problem]
    if not problems:
        problems = _empty_ranges(Filter(**found))
    if problems:
        raise DomainError.of_fields(problems)
    return Filter(**found)


class _Wrong(Exception):
    def __init__(self, problem: Text) -> None:
        super().__init__(problem)
        self.problem = problem


def _inside(value: Decimal | None, low: Decimal, high: Decimal) -> bool:
    is_bounded = low != LEAST or high != MOST
    if value is None:
        return not is_bounded
    return low <= value and (value <= high or high == MOST)


def _empty_ranges(found: Filter) -> dict[str, list[Text]]:
    spelt = {field: name for name, field in _NAMES.items()}
    return {
        spelt[low]: [Text("should not be above %(other)s", other=spelt[high])]
        for low, high in _RANGES
        if getattr(found, low) > getattr(found, high)
    }


def _types(value: Any) -> frozenset[str]:
    parts = value.split(",") if isinstance(value, str) else value
    is_list = isinstance(parts, Sequence) and all(isinstance(part, str) for part in parts)
    if not is_list or len(parts) > MOST_TYPES or any(len(part) > LONGEST_TYPE for part in parts):
        raise _Wrong(
            Text(
                "should be at most %(most)d names of connector types, such as Type 2,CCS2",
                most=MOST_TYPES,
            )
        )
    return frozenset(filter(None, map(folded, parts)))


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value)) if isinstance(value, str | int | float | Decimal) else None
    except InvalidOperation:
        number = None
    if isinstance(value, bool) or number is None or not number.is_finite():
        raise _Wrong(Text("should be a number, such as 0.25"))
    if not 0 <= number <= _LARGEST:
        raise _Wrong(Text("should be a number from 0 to %(most)d", most=int(_LARGEST)))
    return number


def _flag(value: Any) -> bool:
    known = {"true": True, "false": False}
    found = (
        value if isinstance(value, bool) else known.get(value) if isinstance(value, str) else None
    )
    if found is None:
        raise _Wrong(Text("should be true or false"))
    return found


def _box(value: Any) -> Box:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or len(parts) != 4:
        raise _Wrong(_FOUR)
    west, south, east, north = (_degrees(part) for part in parts)
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise _Wrong(Text("should have west and east from -180 to 180"))
    if not (-90 <= south <= 90 and -90 <= north <= 90):
        raise _Wrong(Text("should have south and north from -90 to 90"))
    if south > north:
        raise _Wrong(Text("should not have south above north: west,south,east,north"))
    return Box(west, south, east, north)


_FOUR = Text("should be four numbers: west,south,east,north in degrees, such as 5.9,47.3,15.0,55.1")


def _degrees(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or "_" in str(value):
        raise _Wrong(_FOUR)
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise _Wrong(_FOUR) from None


_READERS: dict[str, Callable[[Any], Any]] = {
    "connector_types": _types,
    **{name: _number for pair in _RANGES for name in pair},
    "free_only": _flag,
    "bbox": _box,
}
