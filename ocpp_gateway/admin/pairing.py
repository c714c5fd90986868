"""Answers that came after their time: which call each belongs to. Pure: no query, no clock.

In time, the gateway itself pairs a call with its answer, and the log holds them in one row. An
answer to a call that was given up stands in a row of its own, with the message id it answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple


class Said(NamedTuple):
    """A row of the log, as far as pairing asks: a call without an answer, or a stray answer."""

    pk: int
    station_id: int
    message_id: str
    at: datetime


class LateAnswer(NamedTuple):
    """What answered a call in the end: its row, how long it took, and how many came doubled."""

    pk: int
    latency_ms: int
    more: int


def late_answers(calls: Iterable[Said], strays: Iterable[Said]) -> Mapping[int, LateAnswer]:
    """By the ``pk`` of each call of ours that got an answer late: the first of those that came.

    Stations and ids may repeat: a stray belongs to the last call of its station and message id
    that was made before it.
    """
    by_id: dict[tuple[int, str], list[Said]] = defaultdict(list)
    for call in calls:
        if call.message_id:
            by_id[call.station_id, call.message_id].append(call)
    found: dict[int, list[Said]] = defaultdict(list)
    starts: dict[int, Said] = {}
    for stray in strays:
        earlier = [c for c in by_id[stray.station_id, stray.message_id] if c.at <= stray.at]
        if earlier:
            call = max(earlier, key=lambda one: (one.at, one.pk))
            starts[call.pk] = call
            found[call.pk].append(stray)
    return {pk: _first(starts[pk], answers) for pk, answers in found.items()}


def _first(call: Said, answers: list[Said]) -> LateAnswer:
    first = min(answers, key=lambda one: (one.at, one.pk))
    took = round((first.at - call.at).total_seconds() * 1000)
    return LateAnswer(first.pk, took, len(answers) - 1)
