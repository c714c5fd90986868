"""Who reads slowly costs nothing meanwhile, and is told the last of it."""

from __future__ import annotations

import pytest

from cms.live import hub
from cms.maps import following
from cms.maps.filters import EVERYTHING
from cms.maps.following import Following
from cms.maps.watching import MarkerWatch
from tests.maps.given import a_site, a_station
from tests.maps.watchers import NoHub, changed, played, quiet

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_reads_slowly_is_rung_once_and_told_the_last_of_it(monkeypatch):
    berlin = a_station(a_site("Berlin"), "CP-B", ("Type 2", 22, "Available"))
    monkeypatch.setattr(following, "_PAUSE_S", 0)
    monkeypatch.setattr(hub, "here", NoHub)
    compared: list[MarkerWatch] = []
    is_behind = MarkerWatch.is_behind

    def noted(watch: MarkerWatch) -> bool:
        compared.append(watch)
        return is_behind(watch)

    monkeypatch.setattr(MarkerWatch, "is_behind", noted)

    async def story():
        here, rings = Following(), []
        watch = MarkerWatch(EVERYTHING, limit=None, whose=None, ring=lambda: rings.append(1))
        here.join(watch)
        await quiet(here)
        for status in ("Charging", "Available", "Charging"):
            await changed(here, berlin, status)
        assert (len(rings), len(compared)) == (1, 1)
        assert [one.available for one in watch.news().markers] == [0]
        await changed(here, berlin, "Available")
        assert len(rings) == 2

    played(story)
