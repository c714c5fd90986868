"""In whatever order readings come, and however seldom rows are written: all see the same values."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stations import by_now
from stations.services import filing
from tests.stations import given as world

# Seconds after the start, and what the meter said: half of it missing, some of it below the start
reading = st.tuples(
    st.integers(-5, 40),
    st.none() | st.integers(990, 1040),
    st.none() | st.integers(0, 9),
    st.none() | st.integers(0, 9).map(float),
)
messages = st.lists(st.lists(reading, min_size=1, max_size=3), min_size=1, max_size=8)
COLUMNS = ("last_reading_at", "last_register_wh", "energy_wh", "power_w", "soc_percent")


def values(session: Any) -> list[Any]:
    return [getattr(session, column) for column in COLUMNS]


@pytest.mark.django_db
@given(interval=st.sampled_from([0, 1000, 7000, 30_000]), told=messages)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_seen_is_the_newest_of_each_kind_whatever_was_written(
    interval: int, told: list[list[tuple[Any, ...]]]
) -> None:
    with transaction.atomic(), override_settings(LIVEMETRICS_DB_UPDATE_INTERVAL=interval):
        world.a_card()
        station = world.a_station()
        number = world.begin(station, meter=1000).transaction_id
        for message in told:
            world.meter(
                *(
                    world.a_reading(station, number, minute=at / 60, energy=e, power=p, soc=soc)
                    for at, e, p, soc in message
                )
            )
            seen = world.session(number)
            by_now.catch_up([seen])
            # What is worked out anew from all readings, as once a session is put right.
            with transaction.atomic():
                filing.show([number])
                anew = values(world.session(number))
                transaction.set_rollback(True)
            assert values(seen) == anew
        transaction.set_rollback(True)
