"""Opening hours of a station's site over REST, as OCPI has them."""

from __future__ import annotations

from rest_framework.test import APIClient

from stations.models import Site
from stations.services import opening_hours


def test_a_site_says_when_it_is_open(api: APIClient, station):
    hours = {"week": {"1": [["08:00", "24:00"]]}, "exceptions": [{"date": "2026-12-25"}]}
    station.site = Site.objects.create(
        name="Harbour", time_zone="Europe/Berlin", opening_hours=opening_hours.checked(hours)
    )
    station.save()
    assert api.get("/api/stations/CP_001").json()["site"]["openingHours"] == {
        "twentyfourseven": False,
        "regularHours": [{"weekday": 1, "periodBegin": "08:00", "periodEnd": "23:59"}],
        "exceptionalOpenings": [],
        "exceptionalClosings": [
            {"periodBegin": "2026-12-24T23:00:00Z", "periodEnd": "2026-12-25T23:00:00Z"}
        ],
    }


def test_a_site_nobody_said_it_of_says_null(api: APIClient, station):
    station.site = Site.objects.create(name="Harbour")
    station.save()
    assert api.get("/api/stations/CP_001").json()["site"]["openingHours"] is None
