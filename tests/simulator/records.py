"""What a station remembers of its conversation, so that a test can prove nothing was lost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any, NamedTuple


class Acknowledged(NamedTuple):
    """One message of the station and the CALLRESULT it got."""

    action: str
    payload: dict[str, Any]
    answer: dict[str, Any]


class Records:
    """Every acknowledged message in order (the last ``keep`` of them), and counts.

    ``counts`` has: sent, acknowledged, retried, refused (a CALLERROR came), unanswered,
    abandoned (a message given up for good), passed_over (a status that grew old while offline),
    conflicts (the server contradicted itself), connected, refused_cards.
    ``on_acknowledged`` is called with each acknowledged message, at once.
    """

    def __init__(self, keep: int | None = None):
        self.on_acknowledged: Callable[[], None] | None = None
        self.acknowledged: deque[Acknowledged] = deque(maxlen=keep)
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()

    def note(self, what: str) -> None:
        """Count one more ``what``."""
        self.counts[what] += 1

    def acknowledge(self, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep a message together with its answer."""
        self.counts["acknowledged"] += 1
        self.acknowledged.append(Acknowledged(action, payload, answer))
        if self.on_acknowledged is not None:
            self.on_acknowledged()

    def of(self, action: str) -> list[Acknowledged]:
        """The acknowledged messages of one action, in the order of their answers."""
        return [entry for entry in self.acknowledged if entry.action == action]
