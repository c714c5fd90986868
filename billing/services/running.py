"""What sessions under way cost by now: for limits, and for whoever looks at them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from billing.services import pricing
from billing.services.pricing import Priced
from stations.hooks import Cost


def costs(session_ids: Collection[int], at: datetime) -> dict[int, Cost]:
    """What each session costs at ``at``, with tax; without those that have no price.

    Four queries at most, whatever their number.
    """
    rows = pricing.rows_with_sessions().filter(session__in=session_ids)
    few = rows.prefetch_related(None).select_related("version__tariff")  # two queries fewer
    priced = pricing.of_rows(list(few), at=at)
    return {
        found.session.pk: Cost(found.bill.gross, found.bill.currency)
        for found in priced
        if isinstance(found, Priced)
    }
