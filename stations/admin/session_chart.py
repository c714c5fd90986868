"""The chart of a session: power and state of charge over time, prices and pauses behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Min
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from cms.shared import clock
from stations.admin import panels, session_story
from stations.admin.session_story import Pause
from stations.admin.thinning import Sample, thinned, with_power
from stations.models import ChargingSession

URL = "stations_chargingsession_chart"
_BATCH = 2000  # readings in memory


def of(request: HttpRequest, session: ChargingSession) -> dict[str, Any]:
    """What the chart draws, as JSON can say it: times in ms since 1970, kW and %."""
    span = _span(session)
    if span is None:
        return {"points": [], "idle": [], "prices": []}
    points = thinned(with_power(_samples(session)), *span)
    pauses = session_story.pauses(session, session_story.changes(session))
    return {
        "points": [_point(sample) for sample in points],
        "idle": [_idle(pause, span) for pause in pauses if pause.since < span[1]],
        "prices": [_price(band, span) for band in panels.prices_of(request, session)],
        "language": get_language(),
        "zone": timezone.get_current_timezone_name(),
    }


def powers(session: ChargingSession) -> tuple[float | None, float | None]:
    """The mean and the highest power of a session in W, as far as they are known; one query."""
    found = session.meter_values.aggregate(peak=Max("power_w"))
    end = session.stopped_at or (clock.now() if session.is_open else session.last_reading_at)
    if session.started_at is None or end is None or end <= session.started_at:
        return None, found["peak"]
    hours = (end - session.started_at) / timedelta(hours=1)
    return session.energy_wh / hours, found["peak"]


def _span(session: ChargingSession) -> tuple[datetime, datetime] | None:
    """From the first reading until the last; None without any."""
    found = session.meter_values.aggregate(since=Min("sampled_at"), until=Max("sampled_at"))
    return (found["since"], found["until"]) if found["since"] else None


def _samples(session: ChargingSession) -> Iterator[Sample]:
    rows = session.meter_values.order_by("sampled_at", "id").values_list(
        "sampled_at", "power_w", "soc_percent", "energy_wh"
    )
    return (Sample(*row) for row in rows.iterator(_BATCH))


def _point(sample: Sample) -> list[float | None]:
    power = None if sample.power_w is None else round(sample.power_w / 1000, 3)
    return [_ms(sample.at), power, sample.soc_percent]


def _idle(pause: Pause, span: tuple[datetime, datetime]) -> dict[str, Any]:
    until = min(pause.until or span[1], span[1])
    return {"since": _ms(max(pause.since, span[0])), "until": _ms(until), "word": pause.word}


def _price(band: panels.Band, span: tuple[datetime, datetime]) -> dict[str, Any]:
    since, until = max(band.since, span[0]), min(band.until, span[1])
    return {"since": _ms(since), "until": _ms(max(since, until)), "word": band.word}


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
