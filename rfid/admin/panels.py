"""Where apps above show what they know of cards: they register as they load."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.safestring import SafeString

from rfid.models import RfidCard


class Use(NamedTuple):
    """What a card was used for: last and where, how often and for how much in a time."""

    last: SafeString | str = ""
    last_at: datetime | None = None
    where: str = ""
    sessions: int = 0
    energy_wh: int = 0


class Tab(NamedTuple):
    """A list beside the list of cards: its name, how many stand in it, where it is."""

    label: str
    number: str
    address: str
    is_chosen: bool


class Tool(NamedTuple):
    """A button above the lists: what it says, where it leads, whether as a dialog."""

    label: str
    address: str
    in_dialog: bool = False


Uses = Callable[[HttpRequest, Sequence[int], datetime, datetime], dict[int, Use]]
Tabs = Callable[[HttpRequest], Tab | None]
Tools = Callable[[HttpRequest], Tool | None]
Panel = Callable[[HttpRequest, RfidCard], SafeString]
Aftermath = Callable[[HttpRequest, Sequence[RfidCard]], str]

uses_of: list[Uses] = []  # one query or two for all cards of a page, not one for each
tabs: list[Tabs] = []
tools: list[Tools] = []
panels: list[Panel] = []
aftermaths: list[Aftermath] = []  # where one sees what came of blocking several cards, or ""


def uses(
    request: HttpRequest, cards: Sequence[int], since: datetime, until: datetime
) -> dict[int, Use]:
    """The use of ``cards`` (their numbers) in a time, as far as anybody above knows."""
    found: dict[int, Use] = {}
    for of in uses_of:
        found.update(of(request, cards, since, until))
    return found
