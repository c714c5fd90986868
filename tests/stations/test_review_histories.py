"""Whatever order stops and decisions come in: nothing is lost, and no energy counts twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cms.shared.errors import DomainError
from stations.models import ChargingSession, MeterValue, ReviewCase
from stations.models.review import REASONS
from stations.services import settling, unplaced
from tests.stations import given as told

pytestmark = pytest.mark.usefixtures("card")
FIRST, SECOND = (0, 1000, 5000), (120, 5000, 8000)  # minute, register at the start, at the end
NOBODYS = 2_000_000_000  # the number of no session, however many there were
MOST_WH = 7000  # what the meter turned from the first start to the last stop


class Undone(Exception):
    """Takes back what one example stored."""


class Story:
    """Two sessions on one connector, told in pieces; operators decide in between."""

    def __init__(self, station: Any) -> None:
        self.station = station
        self.started = [self._begin(FIRST), self._begin(SECOND)]
        self.acknowledged: set[tuple[Any, ...]] = set()

    def _begin(self, session: tuple[int, int, int]) -> int:
        minute, meter, _ = session
        return told.begin(self.station, minute=minute, meter=meter).transaction_id

    def start(self, which: int) -> None:
        """A retried StartTransaction."""
        assert self._begin((FIRST, SECOND)[which]) == self.started[which]

    def stop(self, which: int) -> None:
        """The session's own stop."""
        self._stop(self.started[which], which)

    def nameless(self, which: int) -> None:
        """Its stop under a number nobody gave."""
        self._stop(4711 + which, which)

    def offline(self, which: int) -> None:
        """Its stop as a station sends it that never learned the number."""
        self._stop(-1, which)

    def _stop(self, number: int, which: int) -> None:
        minute, _, meter = (FIRST, SECOND)[which]
        told.finish(self.station, number, minute=minute + 60, meter=meter)
        self.acknowledged.add((minute + 60, meter))

    def reading(self, which: int) -> None:
        """A meter value that names no session."""
        minute, meter, _ = (FIRST, SECOND)[which]
        told.meter(told.a_reading(self.station, NOBODYS, minute=minute + 20, energy=meter + 1000))
        unplaced.notice_unplaced(at=told.after(500))
        self.acknowledged.add(("reading", minute + 20))

    def attach(self, which: int) -> None:
        """An operator attaches the oldest orphan or reading."""
        kinds = ("OrphanedStop", "UnplacedReadings")
        self._decide(settling.attach, kinds, transaction_id=self.started[which])

    def accept(self, which: int) -> None:
        """An operator accepts the oldest inferred or doubtful session as it is."""
        self._decide(settling.accept, ("InferredStop", "RegisterMismatch", "SecondStop"))

    def discard(self, which: int) -> None:
        """An operator discards the oldest, or the newest, case there is."""
        self._decide(settling.discard, tuple(told.kinds())[:: -1 if which else 1][:1])

    def _decide(self, verb: Any, kinds: tuple[str, ...], **fields: Any) -> None:
        case = ReviewCase.objects.filter(state="Open", kind__in=kinds).order_by("pk").first()
        if case is not None:
            try:
                verb(case_id=case.pk, who=self.who, at=told.after(600), **fields)
            except DomainError:
                pass  # it does not fit: refused, and nothing changed

    @property
    def who(self) -> Any:
        """The operator."""
        return told.decided()

    def check(self) -> None:
        """What holds at any time."""
        sessions = list(ChargingSession.objects.all())
        energy = sum(s.energy_wh for s in sessions if s.billable)
        assert energy <= MOST_WH, [(s, s.energy_wh) for s in sessions]
        for session in sessions:
            cases = ReviewCase.objects.filter(session=session, state="Open")
            assert sorted(session.review_reasons) == sorted(case.reason for case in cases)
            assert session.needs_review == bool(session.review_reasons)
            assert {REASONS[case.reason] for case in cases} == {case.kind for case in cases}
        self._check_nothing_lost(sessions)

    def _check_nothing_lost(self, sessions: list[ChargingSession]) -> None:
        known: set[tuple[Any, ...]] = {
            (int((s.stopped_at - told.NOON).total_seconds() / 60), s.meter_stop_wh)
            for s in sessions
            if s.stopped_at
        }
        for case in ReviewCase.objects.filter(kind="SecondStop"):
            for stop in case.evidence["stops"]:
                minutes = told.datetime.fromisoformat(stop["stopped_at"]) - told.NOON
                known.add((int(minutes.total_seconds() / 60), stop["meter_stop_wh"]))
        known |= {
            ("reading", int((value.sampled_at - told.NOON).total_seconds() / 60))
            for value in MeterValue.objects.all()
        }
        assert self.acknowledged <= known


_STEPS = "start stop nameless offline reading attach accept discard".split()
steps = st.lists(st.tuples(st.sampled_from(_STEPS), st.integers(0, 1)), max_size=14)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=steps)
def test_no_energy_counts_twice_and_nothing_acknowledged_is_lost(station, story):
    try:
        with transaction.atomic():
            told_story = Story(station)
            for step, which in story:
                getattr(told_story, step)(which)
                told_story.check()
            raise Undone
    except Undone:
        pass
