"""What sessions under way cost by now, on the page of their station."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest

from billing.admin.receipts import amount
from billing.services import running
from cms.shared import clock
from stations.admin import station_panels


@station_panels.on_cost
def by_now(request: HttpRequest, session_ids: Collection[int]) -> dict[int, str]:
    """The cost of each session, for whom may see what sessions cost."""
    if not request.user.has_perm("billing.view_sessionbill"):
        return {}
    found = running.costs(session_ids, clock.now())
    return {number: amount(cost.amount, cost.currency) for number, cost in found.items()}
