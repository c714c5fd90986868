"""How the network stood at the beginning of each hour, per site: what the home page compares."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from stations import attention, by_now
from stations.models import ChargingSession, ChargingStation, NetworkHour, SessionStatus
from stations.services.spreading import hour_of


def note(*, at: datetime) -> bool:
    """Keep how things stand, once in an hour; says whether this was the time."""
    hour = hour_of(at)
    if NetworkHour.objects.filter(hour=hour).exists():
        return False
    try:
        with transaction.atomic():
            NetworkHour.objects.bulk_create(_rows(hour, at))
    except IntegrityError:  # another process was first
        return False
    return True


def prune(*, before: datetime) -> int:
    """Delete what is older than ``before``; gives how many rows."""
    return NetworkHour.objects.filter(hour__lt=before).delete()[0]


def _rows(hour: datetime, at: datetime) -> list[NetworkHour]:
    stations = ChargingStation.objects.order_by().values_list("site")
    there = stations.annotate(total=Count("pk"), there=Count("pk", filter=Q(online=True)))
    sessions = ChargingSession.objects.filter(status=SessionStatus.ACTIVE).order_by()
    running = sessions.values_list("station__site").annotate(
        n=Count("pk"), w=Sum(by_now.columns()["power_w_by_now"])
    )
    charging = {site: (count, power_w or 0) for site, count, power_w in running}
    waiting = Counter(item.site_id for item in attention.of_stations(at=at))
    return [
        NetworkHour(
            site_id=site,
            hour=hour,
            stations=total,
            online=online,
            charging=charging.get(site, (0, 0))[0],
            power_w=charging.get(site, (0, 0))[1],
            attention=waiting[site],
        )
        for site, total, online in there
    ]
