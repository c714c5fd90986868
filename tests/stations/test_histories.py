"""A session's story told with doubles and in any order ends with the same energy."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stations.models import ChargingSession, MeterValue, SessionStatus
from stations.services import endings
from tests.stations import given as told

pytestmark = pytest.mark.usefixtures("card")
REGISTERS = [1000, 1800, 2600, 2600, 4100, 5000]
quickly = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Undone(Exception):
    """Takes back what one example stored."""


def tell(station: Any, deliveries: list[Any]) -> tuple[int, int]:
    """Energy and number of readings after these deliveries: Start, Stop or a reading's number."""
    number = told.begin(station).transaction_id
    for delivery in deliveries:
        if delivery == "Start":
            assert told.begin(station).transaction_id == number
        elif delivery == "Stop":
            told.finish(station, number, minute=60, meter=5000)
        else:
            register = REGISTERS[delivery]
            told.meter(told.a_reading(station, number, minute=10 * delivery, energy=register))
    stored = told.session(number)
    return stored.energy_wh, MeterValue.objects.filter(session=stored).count()


def taken_back(station: Any, deliveries: list[Any]) -> tuple[int, int]:
    """The same, leaving nothing behind."""
    try:
        with transaction.atomic():
            told_story = tell(station, deliveries)
            assert ChargingSession.objects.count() == 1
            raise Undone
    except Undone:
        return told_story


readings_twice = st.permutations([*range(6), *range(6)])


@quickly
@given(readings=readings_twice, starts=st.integers(0, 2), at=st.integers(0, 12))
def test_a_stopped_session_ends_with_the_same_energy(station, readings, starts, at):
    deliveries = [*readings[:at], "Stop", *readings[at:], "Stop", *["Start"] * starts]
    assert taken_back(station, deliveries) == (4000, 6)


@quickly
@given(readings=readings_twice, repeated=st.integers(0, 12))
def test_a_session_without_a_stop_shows_the_same_energy(station, readings, repeated):
    deliveries = [*readings[:repeated], "Start", *readings[repeated:]]
    assert taken_back(station, deliveries) == (4000, 6)


@quickly
@given(readings=st.permutations(range(6)), cut=st.integers(0, 6))
def test_one_call_or_many_show_the_same(station, readings, cut):
    def in_two_calls(number: int) -> int:
        sent = [
            told.a_reading(station, number, minute=10 * i, energy=REGISTERS[i]) for i in readings
        ]
        told.meter(*sent[:cut])
        told.meter(*sent[cut:])
        return told.session(number).energy_wh

    try:
        with transaction.atomic():
            assert in_two_calls(told.begin(station).transaction_id) == 4000
            raise Undone
    except Undone:
        pass


@quickly
@given(
    begun=st.integers(-(2**62) + 1, 2**62 - 1),
    metered=st.lists(st.integers(-(2**62) + 1, 2**62 - 1), max_size=3),
    ended=st.integers(-(2**62) + 1, 2**62 - 1),
    minute=st.integers(-1000, 1000),
)
def test_no_registers_make_energy_negative(station, begun, metered, ended, minute):
    try:
        with transaction.atomic():
            number = told.begin(station, meter=begun).transaction_id
            for i, energy in enumerate(metered):
                told.meter(told.a_reading(station, number, minute=i, energy=energy))
            told.finish(station, number, minute=minute, meter=ended)
            stored = told.session(number)
            assert stored.status == SessionStatus.COMPLETED
            assert stored.energy_wh >= 0
            odd = not 0 <= ended - begun <= endings.MOST_ENERGY_WH
            assert stored.needs_review == (odd or minute < 0)
            raise Undone
    except Undone:
        pass
