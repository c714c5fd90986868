"""Every driver hears of their own sessions: once, at last, and of no others, whatever rings."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import pytest
from asgiref.sync import sync_to_async

from cms.drivers import following
from cms.drivers.following import Following
from cms.drivers.standing import Standing
from cms.live import hub
from cms.live.hub import RESYNC


class Phone:
    """An app that keeps what it is told."""

    def __init__(self):
        self.told = []

    def push(self, key, frame):
        self.told.append((key, json.loads(frame)["data"]))

    def numbers(self):
        return {data["transactionId"] for _, data in self.told}


class Rows:
    """What is stored: sessions by number, and how often somebody looked."""

    def __init__(self):
        self.sessions: dict[int, Standing] = {}
        self.looks = []
        self.priced = []

    def begin(self, number, user, station=1, status="Active"):
        self.sessions[number] = Standing(
            number, station, f"CP-{station}", 1, "Charging", status, user, None, None, 0, None, None
        )

    def change(self, number, **fields):
        self.sessions[number] = self.sessions[number]._replace(**fields)

    def looked_at(self, users, numbers, unpriced):
        self.looks.append(set(numbers))
        self.priced.append(set(unpriced))
        return [
            one
            for one in self.sessions.values()
            if one.session_id in numbers or (one.user_id in users and one.is_open)
        ]


class NoHub:
    def watch(self, watcher, shows):
        watcher.shows = frozenset(shows)

    def forget(self, watcher):
        watcher.shows = frozenset()


@pytest.fixture
def rows(monkeypatch):
    made = Rows()
    monkeypatch.setattr(following, "_looked_at", made.looked_at)
    monkeypatch.setattr(following, "database_sync_to_async", sync_to_async)  # there is none
    monkeypatch.setattr(following, "_PAUSE_S", 0)
    monkeypatch.setattr(hub, "here", NoHub)
    return made


async def quiet(one):
    """Until it has nothing to look at any more."""
    while one._looking is not None:
        await asyncio.sleep(0.005)


def played(story):
    asyncio.run(asyncio.wait_for(story(), 20))


def rang(*numbers):
    return [("session:*", f"session:{number}") for number in numbers]


def test_who_comes_is_told_how_their_sessions_stand(rows):
    async def story():
        here, ann = Following(), Phone()
        rows.begin(1, user=7)
        rows.begin(2, user=8)
        here.join(7, ann)
        await quiet(here)
        assert ann.numbers() == {1}

    played(story)


def test_a_second_device_is_told_all_and_the_first_nothing_twice(rows):
    async def story():
        here, phone, watch = Following(), Phone(), Phone()
        rows.begin(1, user=7)
        here.join(7, phone)
        await quiet(here)
        here.join(7, watch)
        await quiet(here)
        assert (len(phone.told), watch.numbers()) == (1, {1})

    played(story)


def test_what_changed_is_told_to_its_driver_and_to_nobody_else(rows):
    async def story():
        here, phones = Following(), {user: Phone() for user in range(20)}
        for user, phone in phones.items():
            here.join(user, phone)
            rows.begin(100 + user, user=user)
        here.hear(rang(*range(100, 120)))
        await quiet(here)
        for _ in range(50):
            for number in rows.sessions:
                rows.change(number, energy_wh=rows.sessions[number].energy_wh + 1)
            here.hear(rang(*rows.sessions))
            await asyncio.sleep(0)
        await quiet(here)
        assert {user: phone.numbers() for user, phone in phones.items()} == {
            user: {100 + user} for user in phones
        }

    played(story)


def test_a_thousand_rings_while_somebody_looks_are_one_look(rows):
    async def story():
        here, ann = Following(), Phone()
        here.join(7, ann)
        await quiet(here)
        rows.begin(1, user=7)
        before = len(rows.looks)
        for _ in range(1000):
            here.hear(rang(1))
        await quiet(here)
        assert len(rows.looks) == before + 1
        assert len(ann.told) == 1

    played(story)


def test_sessions_of_nobody_here_are_looked_at_once(rows):
    async def story():
        here, ann = Following(), Phone()
        here.join(7, ann)
        rows.begin(1, user=99)
        here.hear(rang(1))
        await quiet(here)
        here.hear(rang(1))
        await quiet(here)
        assert Counter(number for look in rows.looks for number in look)[1] == 1
        bob = Phone()
        here.join(99, bob)  # and their driver hears of it all the same
        await quiet(here)
        rows.change(1, connector_status="Finishing")
        here.hear(rang(1))
        await quiet(here)
        assert bob.told[-1][1]["status"] == "Finishing"
        assert not ann.told

    played(story)


def test_a_station_that_changes_is_looked_at_for_its_sessions(rows):
    async def story():
        here, ann = Following(), Phone()
        rows.begin(1, user=7, station=3)
        here.join(7, ann)
        await quiet(here)
        rows.change(1, connector_status="SuspendedEV")
        here.hear([("station:*", "station:3")])
        await quiet(here)
        assert ann.told[-1][1]["status"] == "SuspendedEV"

    played(story)


def test_what_was_missed_is_caught_up_with(rows):
    async def story():
        here, ann = Following(), Phone()
        here.join(7, ann)
        await quiet(here)
        rows.begin(1, user=7)
        here.hear([(RESYNC, RESYNC)])
        await quiet(here)
        assert ann.numbers() == {1}

    played(story)


def test_a_card_that_has_another_owner_now_tells_that_one(rows):
    async def story():
        here, ann, bob = Following(), Phone(), Phone()
        rows.begin(1, user=7)
        here.join(7, ann)
        here.join(8, bob)
        await quiet(here)
        rows.change(1, user_id=8)
        here.hear(rang(1))
        await quiet(here)
        rows.change(1, status="Completed")
        here.hear(rang(1))
        await quiet(here)
        assert len(ann.told) == 1
        assert [data["sessionStatus"] for _, data in bob.told] == ["Active", "Completed"]

    played(story)


def test_after_the_database_was_away_nobody_has_missed_anything(rows, monkeypatch):
    monkeypatch.setattr(following, "_AGAIN_S", 0)

    async def story():
        here, ann = Following(), Phone()
        rows.begin(1, user=7)
        failures = iter([True, True, False])
        monkeypatch.setattr(following, "_looked_at", _failing(rows, failures))
        here.join(7, ann)
        await quiet(here)
        assert ann.numbers() == {1}

    played(story)


def test_what_everybody_pays_is_worked_out_in_turn_though_nothing_rings_again(rows, monkeypatch):
    async def story():
        here = Following()
        here.join(7, Phone())
        for number in range(800):
            rows.begin(number, user=7)
        here.hear(rang(*rows.sessions))
        await quiet(here)
        monkeypatch.setattr(following, "_PRICE_S", 0)
        here.hear(rang(*rows.sessions))
        await quiet(here)
        asked = [look for look in rows.priced if look]
        assert [len(look) for look in asked] == [800, 100, *([50] * 14)]
        assert set.union(*asked[1:]) == set(rows.sessions)

    played(story)


def test_what_did_not_change_is_not_told_and_without_a_price_it_is_not_priced_again(rows):
    async def story():
        here, ann = Following(), Phone()
        here.join(7, ann)
        rows.begin(1, user=7)
        await quiet(here)
        for _ in range(3):
            here.hear(rang(1))
            await quiet(here)
        assert len(ann.told) == 1
        assert rows.priced == [set(), {1}, set(), set()]

    played(story)


def _failing(rows, failures):
    def looked_at(*wanted):
        if next(failures, False):
            raise ConnectionError("away")
        return rows.looked_at(*wanted)

    return looked_at


def test_who_left_hears_nothing_and_nothing_is_kept(rows):
    async def story():
        here, ann = Following(), Phone()
        rows.begin(1, user=7)
        here.join(7, ann)
        await quiet(here)
        here.leave(7, ann)
        here.hear(rang(1))
        await quiet(here)
        assert len(ann.told) == 1
        assert not here.shows
        kept = (here._told, here._sockets, here._at_station, here._strangers)
        assert not any(kept)

    played(story)
