"""Where apps above show what they know of a station, on its page: they register as they load."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.http import HttpRequest
from django.utils.safestring import SafeString

from stations.models import ChargingStation

Costs = Callable[[HttpRequest, Collection[int]], dict[int, str]]
Log = Callable[[HttpRequest, ChargingStation], SafeString]

_of_costs: list[Costs] = []
_of_log: list[tuple[str, Log]] = []


def on_cost(panel: Costs) -> Costs:
    """Show on connectors what ``panel`` says that sessions under way cost by now, as text.

    It is asked once for all sessions (their numbers) of a station, with the page's request;
    nothing for who may not see it. It shares a budget of eight queries: four at most.
    """
    _of_costs.append(panel)
    return panel


def costs(request: HttpRequest, session_ids: Collection[int]) -> dict[int, str]:
    """What sessions cost by now, for who asks; without those nothing is known of."""
    found: dict[int, str] = {}
    if session_ids:
        for panel in _of_costs:
            found |= panel(request, session_ids)
    return found


def on_log(permission: str) -> Callable[[Log], Log]:
    """Show what is decorated behind the tab "OCPP log" of every station's page: the last exchanges.

    It gives HTML. Who lacks ``permission`` has no such tab.
    """

    def register(panel: Log) -> Log:
        _of_log.append((permission, panel))
        return panel

    return register


def may_see_log(request: HttpRequest) -> bool:
    """Whether there is anything of the log for who asks."""
    return any(request.user.has_perm(permission) for permission, _panel in _of_log)


def log(request: HttpRequest, station: ChargingStation) -> list[SafeString]:
    """The last exchanges with ``station``, for who asks."""
    may = request.user.has_perm
    return [panel(request, station) for permission, panel in _of_log if may(permission)]
