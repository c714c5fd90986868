"""Whatever happens to cards, answers and stations: in the end the station has what it should."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms.shared import clock
from rfid.models import CardStatus, RfidCard
from rfid.services import cards
from stations.models import LocalList
from stations.services import local_lists, stations
from stations.services.stations import BootReport
from tests.stations import given as world
from tests.stations.keeping import Keeper, entries, known, pass_time, tells

TAGS = [f"CARD-{letter}" for letter in "ABCDEF"]
MOODS = ["well", "Failed", "VersionMismatch", "GenericError", "deaf", "mute"]
tags = st.sampled_from(TAGS)
steps = st.one_of(
    st.tuples(st.just("add"), tags, st.sampled_from([None, 20, 90, 5000])),
    st.tuples(st.just("delete"), tags),
    st.tuples(st.just("block"), tags),
    st.tuples(st.just("activate"), tags),
    st.tuples(st.just("mood"), st.sampled_from(MOODS)),
    st.tuples(st.just("pass"), st.integers(1, 60)),
    st.tuples(st.just("boot"), st.booleans()),
    st.tuples(st.just("away")),
    st.tuples(st.just("write"), tags, st.booleans()),
)


class Story:
    """A station and its cards, minute by minute."""

    def __init__(self, chunk: int) -> None:
        self.minute = 0
        self.station = world.a_connected_station()
        self.keeper = Keeper(most=chunk)
        tells(self.station, "SendLocalListMaxLength", chunk)
        local_lists.choose(station=self.station, policy="All", groups=[], at=self.now)

    @property
    def now(self) -> Any:
        return world.after(self.minute)

    def do(self, what: str, *how: Any) -> None:
        getattr(self, what)(*how)
        self.minute += 1
        pass_time(self.station, self.keeper, minute=self.minute)

    def add(self, tag: str, ends_in: int | None) -> None:
        if cards.find(tag) is None:
            ends = self.now + timedelta(minutes=ends_in) if ends_in else None
            cards.create(id_tag=tag, valid_until=ends)

    def delete(self, tag: str) -> None:
        if card := cards.find(tag):
            cards.delete(card=card)

    def block(self, tag: str) -> None:
        if card := cards.find(tag):
            cards.block(card=card)

    def activate(self, tag: str) -> None:
        if card := cards.find(tag):
            cards.activate(card=card)

    def mood(self, mood: str) -> None:
        self.keeper.mood = mood

    def boot(self, forgets: bool) -> None:
        if forgets:
            self.keeper.forget()
        world.a_connected_station()
        report = BootReport("V", "M")
        stations.boot(station_id=self.station.pk, report=report, at=self.now)

    def away(self) -> None:
        stations.disconnected(station_id=self.station.pk, connection_id="socket-1", at=self.now)

    def write(self, tag: str, full: bool) -> None:
        """An operator writes an update, where that can be sent now."""
        row = LocalList.objects.get()
        if row.command_id or not self.station.__class__.objects.get().online:
            return
        item = {"idTag": tag, "idTagInfo": {"status": "Invalid"}}
        kind = "Full" if full else "Differential"
        payload = {"updateType": kind, "localAuthorizationList": [item]}
        local_lists.ask(station=self.station, payload=payload, at=self.now)

    def wanted(self) -> dict[str, Any]:
        found = {}
        for card in RfidCard.objects.all():
            if card.status == CardStatus.BLOCKED:
                found[card.id_tag] = {"status": "Blocked"}
            elif card.valid_until is None:
                found[card.id_tag] = {"status": "Accepted"}
            elif card.valid_until > self.now:
                ends = clock.text(card.valid_until)
                found[card.id_tag] = {"status": "Accepted", "expiryDate": ends}
        return found

    def passes(self, minutes: int) -> None:
        """``pass``, which is a keyword."""
        self.minute += minutes


setattr(Story, "pass", Story.passes)


@pytest.mark.django_db
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(story=st.lists(steps, max_size=15), chunk=st.integers(1, 4))
def test_once_answers_come_the_list_is_what_it_should_be(story: list[Any], chunk: int) -> None:
    with transaction.atomic():
        told = Story(chunk)
        for what, *how in story:
            told.do(what, *how)
        told.do("mood", "well")
        told.do("boot", False)
        for _ in range(3):  # it waits longer after each failure, at most a day
            told.minute += 1500
            pass_time(told.station, told.keeper, minute=told.minute)
        assert told.keeper.entries == told.wanted()
        row = known(told.station)
        assert row.in_step
        assert row.version == told.keeper.version
        assert entries(row) == told.keeper.entries
        transaction.set_rollback(True)
