"""What differs between two maps, filed by where it is, for who looks at a part of it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from math import floor

from cms.maps.filters import Box
from cms.maps.markers import Marker

OnMap = Mapping[int, Marker]  # by the number of the site
_CELLS_A_DEGREE = 10  # a cell is 11 km high: a city is some, a country more than what changed


class Difference:
    """The sites that differ between what was told and how it is ``now``."""

    def __init__(self, told: OnMap, now: OnMap) -> None:
        self._told, self._now = told, now
        self.sites = frozenset(site_id for site_id, _ in now.items() ^ told.items())

    @cached_property
    def _filed(self) -> dict[tuple[int, int], set[int]]:
        cells: dict[tuple[int, int], set[int]] = defaultdict(set)
        for site_id in self.sites:
            for map_ in (self._told, self._now):
                if marker := map_.get(site_id):
                    cells[_cell(marker.latitude), _cell(marker.longitude)].add(site_id)
        return cells

    def near(self, box: Box | None) -> Collection[int]:
        """Those that are, or were, in the box; and some near it."""
        if box is None or box.crosses:
            return self.sites
        rows, columns = _cells(box.south, box.north), _cells(box.west, box.east)
        if len(rows) * len(columns) >= len(self._filed):
            return self.sites
        return self._in_cells((row, column) for row in rows for column in columns)

    def _in_cells(self, wanted: Iterable[tuple[int, int]]) -> set[int]:
        found: set[int] = set()
        for cell in wanted:
            found.update(self._filed.get(cell, ()))
        return found


def _cell(degrees: float) -> int:
    return floor(degrees * _CELLS_A_DEGREE)


def _cells(low: float, high: float) -> range:
    return range(_cell(low), _cell(high) + 1)
