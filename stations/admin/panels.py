"""Where apps above show what they know of a session, on its page: they register as they load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils.safestring import SafeString

from stations.admin.session_story import Step
from stations.models import ChargingSession


class Band(NamedTuple):
    """A stretch of a session in which one price counts, in words such as ``0.30 EUR/kWh``."""

    since: datetime
    until: datetime
    word: str


class Figure(NamedTuple):
    """A number at the top of the page."""

    name: str
    value: Any


class Part(NamedTuple):
    """A section of the page that is fetched when it is opened, for those with ``permission``."""

    slug: str
    title: Any
    permission: str
    show: Callable[[HttpRequest, ChargingSession], SafeString | str]


Panel = Callable[[HttpRequest, ChargingSession], SafeString]
Bands = Callable[[HttpRequest, ChargingSession], Iterable[Band]]
Figures = Callable[[HttpRequest, ChargingSession], Iterable[Figure]]
Steps = Callable[[HttpRequest, ChargingSession], Iterable[Step]]

_of_session: list[Panel] = []
_prices: list[Bands] = []
_figures: list[Figures] = []
_steps: list[Steps] = []
_parts: dict[str, Part] = {}


def on_session(panel: Panel) -> Panel:
    """Show ``panel`` on every session's page, between its head and its facts.

    It gives HTML for who asks, nothing where there is nothing for them. It shares the page's
    request, and its budget of queries.
    """
    _of_session.append(panel)
    return panel


def prices(found: Bands) -> Bands:
    """Shade the chart of every session by these: which price counted when, for who may know."""
    _prices.append(found)
    return found


def figures(found: Figures) -> Figures:
    """Show these among the numbers at the top of every session's page, for who may know them."""
    _figures.append(found)
    return found


def steps(found: Steps) -> Steps:
    """Tell these steps in the story of every session, for who may know them."""
    _steps.append(found)
    return found


def part(slug: str, title: Any, permission: str) -> Callable[[Any], Any]:
    """Make what is decorated a section of every session's page, fetched when it is opened."""

    def decorate(show: Any) -> Any:
        _parts[slug] = Part(slug, title, permission, show)
        return show

    return decorate


def of_session(request: HttpRequest, session: ChargingSession) -> list[SafeString]:
    """What is shown of ``session`` to who asks."""
    return [panel(request, session) for panel in _of_session]


def prices_of(request: HttpRequest, session: ChargingSession) -> list[Band]:
    """Which price counted when, for who asks."""
    return [band for found in _prices for band in found(request, session)]


def figures_of(request: HttpRequest, session: ChargingSession) -> list[Figure]:
    """The numbers of apps above, for who asks."""
    return [figure for found in _figures for figure in found(request, session)]


def steps_of(request: HttpRequest, session: ChargingSession) -> list[Step]:
    """What apps above tell of it, for who asks."""
    return [step for found in _steps for step in found(request, session)]


def parts() -> list[Part]:
    """All sections there are, in the order they were registered."""
    return list(_parts.values())
