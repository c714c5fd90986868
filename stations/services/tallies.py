"""Tallies: how often something was tolerated of a station, counted in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cms.shared import bulk
from stations.models import Quirk

_WIDTH = 200  # of a detail
_COLUMNS = {
    "station_id": "bigint",
    "kind": "text",
    "quirk_id": "bigint",
    "detail": "text",
    "times": "bigint",
    "at": "timestamptz",
}
# A station or a quirk may be gone since: then nothing, or what is left of it, is counted.
_ADD = """
INSERT INTO stations_quirktally (station_id, kind, quirk_id, detail, times, first_seen_at,
  last_seen_at)
SELECT s.id, v.kind, q.id, max(v.detail), sum(v.times), min(v.at), max(v.at)
FROM {values}
JOIN stations_chargingstation s ON s.id = v.station_id
LEFT JOIN stations_quirk q ON q.id = v.quirk_id
WHERE true
GROUP BY s.id, v.kind, q.id
ORDER BY s.id, v.kind
ON CONFLICT (station_id, kind, COALESCE(quirk_id, 0)) DO UPDATE SET
  times = stations_quirktally.times + excluded.times,
  last_seen_at = excluded.last_seen_at,
  detail = CASE WHEN excluded.detail = '' THEN stations_quirktally.detail ELSE excluded.detail END
"""


class Tolerated(NamedTuple):
    """Something that was tolerated of a station so many times; ``quirk_id`` 0: of any model."""

    station_id: int
    kind: str
    quirk_id: int = 0
    detail: str = ""
    times: int = 1


def add(*, tolerated: Sequence[Tolerated], at: datetime) -> None:
    """Count ``tolerated``, all in one statement. All or none."""
    rows = [(t.station_id, t.kind, t.quirk_id, t.detail[:_WIDTH], t.times, at) for t in tolerated]
    bulk.run([bulk.Step(_ADD, _COLUMNS, rows)])


def fired(*, station_id: int, quirk: Quirk, at: datetime) -> None:
    """``quirk`` made a difference at the station; counted with the transaction that made it."""
    add(tolerated=[Tolerated(station_id, quirk.name, quirk.pk)], at=at)
