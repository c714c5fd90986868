"""Favourites: sites and stations people mark for themselves, and forget again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cms.shared.errors import Conflict
from stations.models import ChargingStation, Favourite, Site

MOST = 500  # of one person


@transaction.atomic
def mark(
    *,
    user_id: int,
    at: datetime,
    site: Site | None = None,
    station: ChargingStation | None = None,
) -> Favourite:
    """Mark a site or a station; gives the row, the one there was where it is marked already.

    Raises Conflict where somebody has as many as there may be.
    """
    own = Favourite.objects.filter(user=user_id)
    known = own.filter(site=site, station=station).first()
    if known is None and own.count() >= MOST:
        raise Conflict("There are %(most)s favourites already: forget one first", most=MOST)
    return (
        known
        or own.get_or_create(
            user_id=user_id, site=site, station=station, defaults={"marked_at": at}
        )[0]
    )


def forget(*, favourite: Favourite) -> None:
    """It is none any more."""
    favourite.delete()
