"""Where the apps above take part in what happens here, in the same transaction.

What stands below knows nobody above it: who wants to take part says so when the apps start
(``AppConfig.ready``). A function that raises undoes what it takes part in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from rfid.models import RfidCard
from stations.models import ChargingSession, ChargingStation


class Cost(NamedTuple):
    """What a session costs by now, with tax."""

    amount: Decimal
    currency: str


Opened = Callable[[ChargingSession, datetime], None]
Changed = Callable[[int, datetime], None]
Refusal = Callable[[RfidCard, int, datetime], str]
Currencies = Callable[[ChargingStation], list[str]]
Costs = Callable[[Collection[int], datetime], dict[int, Cost]]

# Called with every new session, orphans included, and the time.
session_opened: list[Opened] = []
# Called with the number of a session that had ended and of which something decisive changed since
# (its times, its energy, whether it is over), and the time.
session_changed: list[Changed] = []
# Called with a card that may charge, the station and the time; gives the idTagInfo status with
# which it may not, or "".
may_charge: list[Refusal] = []
# Called with the numbers of sessions under way and the time; gives what each that has a price
# costs by now. Reads only.
session_costs: list[Costs] = []
# Called with a station; gives the currencies its sessions may be priced in. Reads only.
session_currencies: list[Currencies] = []


def opened(session: ChargingSession, at: datetime) -> None:
    """Tell everybody of a new ``session``."""
    for take_part in session_opened:
        take_part(session, at)


def changed(session_id: int, at: datetime) -> None:
    """Tell everybody that something was learned of a session that had ended."""
    for take_part in session_changed:
        take_part(session_id, at)


def refusal(card: RfidCard, station_id: int, at: datetime) -> str:
    """Why ``card`` may not charge after all, in the words of idTagInfo; empty where it may."""
    return next(filter(None, (ask(card, station_id, at) for ask in may_charge)), "")


def costs(session_ids: Collection[int], at: datetime) -> dict[int, Cost]:
    """What sessions cost by now; without those that have no price."""
    found: dict[int, Cost] = {}
    for ask in session_costs:
        found |= ask(session_ids, at)
    return found


def currencies(station: ChargingStation) -> list[str]:
    """The currencies a session at ``station`` may be priced in."""
    return sorted({code for ask in session_currencies for code in ask(station)})
