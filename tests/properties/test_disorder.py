"""Any history, carried in any disorder, is stored as it happened.

VOLTDESK_DISORDER=150 tries so many histories, from a random seed; else a few, always the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from ocpp_gateway import dispatch
from ocpp_gateway.dispatch import Alone, Inbound, Payload, Shared
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.v16 import CALLS
from stations.models import ChargingSession, ChargingStation, ReviewCase
from stations.services import unplaced
from tests.properties import oracle
from tests.properties.carrier import Message, arrivals
from tests.properties.histories import CARDS, History, histories, moment
from tests.stations import given as told

MANY = int(os.environ.get("VOLTDESK_DISORDER", "0"))
disorderly = settings(
    max_examples=MANY or 12,
    derandomize=not MANY,
    database=None,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)


class Undone(Exception):
    """Takes back what one example stored."""


@pytest.fixture
def station(db: None) -> ChargingStation:
    """A station, and the cards that are known."""
    for tag, standing in CARDS.items():
        if standing != "Invalid":
            told.a_card(tag, status=standing)
    return told.a_station()


@contextmanager
def taken_back() -> Iterator[None]:
    """Nothing of the block stays."""
    try:
        with transaction.atomic():
            yield
            raise Undone
    except Undone:
        pass


class Receiver:
    """The gateway without its sockets: messages in, rows out."""

    def __init__(self, station: ChargingStation) -> None:
        self.station = station
        self.numbers: dict[int | None, int] = {}
        self.now = moment(0)
        self.stops: set[tuple[object, int]] = set()

    def hear(self, message: Message) -> None:
        """Serve one message, and see that what was acknowledged is there."""
        self.now = max(self.now, moment(message.second)) + timedelta(seconds=1)
        payload = dict(message.payload)
        if message.action != "StartTransaction" and message.charge is not None:
            number = message.number if message.number is not None else self.numbers[message.charge]
            payload["transactionId"] = number
        answer = self._serve(message.action, payload)
        if message.action == "StartTransaction":
            number = answer["transactionId"]
            assert self.numbers.setdefault(message.charge, number) == number
        if message.action == "StopTransaction":
            self.stops.add((moment(message.second), payload["meterStop"]))
            kept = ChargingSession.objects.filter(
                station=self.station, stop_received_at__isnull=False
            )
            assert self.stops <= set(kept.values_list("stopped_at", "meter_stop_wh"))

    def _serve(self, action: str, payload: Payload) -> Payload:
        found = dispatch.route(CALLS, Call("1", action, payload))
        assert not isinstance(found, CallError), found
        route, checked = found
        inbound = Inbound(self.station.pk, self.station.cp_id, UTC, checked, self.now)
        if isinstance(route, Alone):
            return route.answer(inbound)
        assert isinstance(route, Shared)
        route.store(route.translate(inbound), inbound.at)
        return {}


def check(history: History, station: ChargingStation) -> None:
    """The stored equals what happened, and only what has no stop waits for review."""
    assert oracle.stored(station.pk) == oracle.expected(history)
    oracle.check_rest(history, station.pk)
    waiting = ReviewCase.objects.filter(state="Open").exclude(kind="UnknownCard")
    without = [c for c in oracle.expected(history) if c.reasons]
    assert sorted(waiting.values_list("reason", flat=True)) == ["NoStop"] * len(without)


@disorderly
@given(data=st.data())
def test_any_disorder_is_stored_as_it_happened(station: ChargingStation, data: st.DataObject):
    history = data.draw(histories())
    with taken_back():
        receiver = Receiver(station)
        for number, message in enumerate(data.draw(arrivals(history))):
            note(f"{number}: {message}")
            receiver.hear(message)
            if number % 7 == 0:
                unplaced.notice_unplaced(at=receiver.now)
        check(history, station)
