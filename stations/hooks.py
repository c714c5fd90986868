"""Where the apps above take part in what happens here, in the same transaction.

What stands below knows nobody above it: who wants to take part says so when the apps start
(``AppConfig.ready``). A function that raises undoes what it takes part in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rfid.models import RfidCard
from stations.models import ChargingSession

Opened = Callable[[ChargingSession, datetime], None]
Refusal = Callable[[RfidCard, int, datetime], str]

# Called with every new session, orphans included, and the time.
session_opened: list[Opened] = []
# Called with a card that may charge, the station and the time; gives the idTagInfo status with
# which it may not, or "".
may_charge: list[Refusal] = []


def opened(session: ChargingSession, at: datetime) -> None:
    """Tell everybody of a new ``session``."""
    for take_part in session_opened:
        take_part(session, at)


def refusal(card: RfidCard, station_id: int, at: datetime) -> str:
    """Why ``card`` may not charge after all, in the words of idTagInfo; empty where it may."""
    return next(filter(None, (ask(card, station_id, at) for ask in may_charge)), "")
