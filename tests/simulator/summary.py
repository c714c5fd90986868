"""What a run of the simulator came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.simulator.charge_point import ChargePoint
from tests.simulator.records import Records


@dataclass
class Summary:
    """Counts over all stations. ``drained``: nothing is unsaid, given up or contradicted."""

    stations: int = 0
    sent: int = 0
    acknowledged: int = 0
    retried: int = 0
    unanswered: int = 0
    refused: int = 0
    abandoned: int = 0
    undelivered: int = 0
    conflicts: int = 0
    refused_cards: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    elapsed_s: float = 0.0
    records: dict[str, Records] = field(default_factory=dict, repr=False)

    @property
    def drained(self) -> bool:
        """Whether everything there was to say has been said and answered."""
        return not (self.undelivered or self.abandoned or self.conflicts or self.failures)

    @property
    def messages_per_s(self) -> float:
        """Acknowledged messages per second."""
        return self.acknowledged / self.elapsed_s if self.elapsed_s else 0.0

    def gather(self, stations: Iterable[ChargePoint], elapsed_s: float) -> None:
        """Add up what the stations remember."""
        counts, faults = Counter[str](), Counter[str]()
        for station in stations:
            self.stations += 1
            self.undelivered += len(station.outbox)
            self.records[station.cp_id] = station.records
            counts += station.records.counts
            faults += station.records.faults
        for name in _COUNTED:
            setattr(self, name, counts[name])
        self.faults = dict(sorted(faults.items()))
        self.elapsed_s = elapsed_s

    def as_dict(self) -> dict[str, Any]:
        """For JSON: all but the records."""
        told = {name: value for name, value in vars(self).items() if name != "records"}
        told["elapsed_s"] = round(self.elapsed_s, 3)
        return told | {"messages_per_s": round(self.messages_per_s, 1), "drained": self.drained}


_COUNTED = (
    "sent",
    "acknowledged",
    "retried",
    "unanswered",
    "refused",
    "abandoned",
    "conflicts",
    "refused_cards",
)


@dataclass
class ReplaySummary(Summary):
    """``energy_wh`` per station, of the sessions whose StopTransaction was acknowledged."""

    sessions: int = 0
    sessions_played: int = 0
    energy_wh: dict[str, int] = field(default_factory=dict)

    @property
    def drained(self) -> bool:
        """Also every session must have been played to its end."""
        return super().drained and self.sessions_played == self.sessions


@dataclass
class FleetSummary(Summary):
    """What the drivers of a fleet did."""

    sessions_started: int = 0
    sessions_ended: int = 0
    visits: int = 0
