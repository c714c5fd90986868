"""Histories over real sockets that break, to a server that dies: stored as they happened.

VOLTDESK_DISORDER=n tries n of them, from a random seed; else one, always the same.
"""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.processes import start_server
from tests.properties import oracle
from tests.properties.carrier import arrivals
from tests.properties.histories import CARDS, histories
from tests.stack.carrying import Carried, cards_of, rounds
from tests.web import with_api_key

MANY = int(os.environ.get("VOLTDESK_DISORDER", "0"))
STATIONS = 4
_FATES = [*6 * ["answered"], "answer lost", "second socket"]
_numbers = itertools.count(1)
fates = st.lists(st.sampled_from(_FATES), min_size=40, max_size=40)
# The first example hypothesis tries is the smallest there is; the next ones are any.
disorderly = settings(
    max_examples=MANY + 1 if MANY else 2,
    derandomize=not MANY,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


@pytest.fixture(scope="module")
def server(shared_environment):
    """Who carries all this connects more often than stations do."""
    quick = {"OCPP_CONNECTS_PER_MINUTE": "10000", "LOG_LEVEL": "warning"}
    with start_server({**shared_environment, **quick}) as running:
        yield running


@pytest.fixture(scope="module")
def api(server):
    return with_api_key(server)


@disorderly
@given(data=st.data())
def test_any_disorder_and_death_is_stored_as_it_happened(server, api, data):
    told = [data.draw(histories()) for _ in range(STATIONS)]
    number = next(_numbers)
    names = [f"-{number}-{index}" for index in range(STATIONS)]
    stations = [
        Carried(server, f"DISORDER{name}", name, data.draw(arrivals(history)))
        for name, history in zip(names, told, strict=True)
    ]
    for card in cards_of(stations, CARDS):
        assert api.post("rfid", card).status == 201
    killed, stopped = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 30))
    for turn, _ in enumerate(rounds(stations, data.draw(fates))):
        if turn in (killed, stopped) and number > 1:
            server.kill() if turn == killed else server.stop()
            server.start()
    for history, station in zip(told, stations, strict=True):
        station.lose()
        assert station.stored() == oracle.expected(history)
