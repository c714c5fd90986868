"""The head of a session's page: how it stands, as it is now, and what happened so far."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from cms.shared import display
from stations import by_now
from stations.admin import panels, session_chart, session_story, words
from stations.models import ChargingSession

URL = "stations_chargingsession_head"
STORY_URL = "stations_chargingsession_story"


def shown(request: HttpRequest, session: ChargingSession) -> dict[str, Any]:
    """What the head of the page of ``session`` says; four queries, and those of apps above."""
    by_now.catch_up([session])
    mean, peak = session_chart.powers(session)
    return {
        "session": session,
        "head_url": reverse(f"admin:{URL}", args=[session.pk]),
        "state": words.session(session),
        "review": words.review(session),
        "review_url": _cases(request, session),
        "energy": display.kwh(session.energy_wh),
        "power": display.kw(session.power_w) if session.is_open else "",
        "mean": display.kw(mean),
        "peak": display.kw(peak),
        "charge": display.number(session.soc_percent, "%", 0),
        "length": words.session_length(session),
        "station_link": display.link(session.station),
        "outlet": session.connector.connector_id if session.connector else display.NOTHING,
        "figures": panels.figures_of(request, session),
    }


def story(request: HttpRequest, session: ChargingSession) -> dict[str, Any]:
    """What happened so far, by the station and by apps above, in order."""
    told = session_story.steps(session, session_story.changes(session))
    steps = session_story.in_order([*told, *panels.steps_of(request, session)])
    return {
        "session": session,
        "story": [{**step._asdict(), "when": display.when(step.at)} for step in steps],
        "story_url": reverse(f"admin:{STORY_URL}", args=[session.pk]),
    }


def _cases(request: HttpRequest, session: ChargingSession) -> str:
    """What was and is to settle about it, where there is anything and one may see it."""
    if not request.user.has_perm("stations.view_reviewcase"):
        return ""
    case = session.review_cases.order_by("state", "-id").first()
    return display.page(case) if case else ""
