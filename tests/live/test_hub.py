"""Each page hears of what it shows, of nothing else, and not too often."""

from __future__ import annotations

import asyncio

import pytest

from cms.live import hub
from cms.live.hub import EVERYTHING, RESYNC, Hub, Watcher
from cms.shared import bulletin, live


class Page:
    """A page that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.watcher = Watcher(self._tell)

    async def _tell(self, names: list[str]) -> None:
        self.told.append(names)


def ring(*names: str) -> None:
    live.ring(bulletin.GROUP, {"type": "live.changed", "names": list(names)})


def played(story) -> None:
    """Run ``story`` with a hub that listens already, and pauses that take no time."""

    async def run() -> None:
        made = Hub()
        for _ in range(100):
            await asyncio.sleep(0.01)
            if made.is_listening:
                break
        try:
            await asyncio.wait_for(story(made), 20)
        finally:
            made.close()

    asyncio.run(run())


async def until(met) -> None:
    while not met():
        await asyncio.sleep(0.01)


def test_a_page_hears_of_what_it_shows_and_of_nothing_else():
    async def story(pages: Hub) -> None:
        one, other = Page(), Page()
        pages.watch(one.watcher, ["station:1"])
        pages.watch(other.watcher, ["station:2", "session:5"])
        ring("station:1", "station:3")
        ring("session:5")
        await until(lambda: one.told and other.told)
        assert (one.told, other.told) == ([["station:1"]], [["session:5"]])

    played(story)


def test_a_list_hears_of_any_station_by_one_name():
    async def story(pages: Hub) -> None:
        page = Page()
        pages.watch(page.watcher, [f"station:{EVERYTHING}"])
        ring("station:1", "station:2", "session:3")
        await until(lambda: page.told)
        assert page.told == [["station:*"]]

    played(story)


def test_what_comes_in_a_burst_is_told_at_once_and_then_once_more(monkeypatch):
    monkeypatch.setattr(hub, "_PAUSE_S", 0.3)

    async def story(pages: Hub) -> None:
        page = Page()
        pages.watch(page.watcher, ["station:1"])
        for _ in range(50):
            page.watcher.hear([("station:1", "station:1")])
        await until(lambda: page.told)
        for _ in range(50):
            page.watcher.hear([("station:1", "station:1")])
        await until(lambda: len(page.told) == 2)
        await asyncio.sleep(0.5)
        assert page.told == [["station:1"], ["station:1"]]

    played(story)


def test_a_page_that_shows_something_else_now_hears_of_that_only():
    async def story(pages: Hub) -> None:
        page = Page()
        pages.watch(page.watcher, ["station:1"])
        pages.watch(page.watcher, ["station:2"])
        ring("station:1")
        ring("station:2")
        await until(lambda: page.told)
        assert page.told == [["station:2"]]

    played(story)


def test_nobody_is_kept_who_left():
    async def story(pages: Hub) -> None:
        page = Page()
        pages.watch(page.watcher, ["station:1", "session:*"])
        pages.forget(page.watcher)
        assert len(pages) == 0
        assert pages._watchers == {}

    played(story)


def test_after_the_channel_layer_failed_every_page_looks_anew(monkeypatch):
    monkeypatch.setattr(hub, "_RETRY_S", 0.01)

    async def story(pages: Hub) -> None:
        page = Page()
        pages.watch(page.watcher, ["station:1"])
        live.ring(bulletin.GROUP, {"type": "live.changed"})  # without names: the listener falls
        await until(lambda: page.told)
        assert page.told == [[RESYNC]]

    played(story)


@pytest.fixture(autouse=True)
def _nobody_serves():
    yield
    live.serve_from(None)


def test_who_is_limited_is_told_only_of_what_they_may_see():
    async def theirs(names: set[str]) -> set[str]:
        return names & {"session:7", "station:1"}

    async def story(pages: Hub) -> None:
        page = Page()
        page.watcher = Watcher(page._tell, theirs)
        pages.watch(page.watcher, [f"session:{EVERYTHING}", "station:1", "station:2"])
        ring("session:8", "station:2")
        ring("station:1", "station:2")
        await until(lambda: page.told)
        assert page.told == [["station:1"]]
        ring("session:7", "session:8")
        await until(lambda: len(page.told) == 2)
        assert page.told[1] == ["session:*"]

    played(story)
