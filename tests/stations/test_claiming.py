"""Two at once: claims, idempotency keys, adoption and starts from several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection

from cms.shared.errors import Conflict
from stations.models import ChargingSession, ChargingStation, Command, CommandStatus, MeterValue
from stations.services import commands, reservations, stations
from tests.stations import given

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")
THREADS = 4


def at_once(work: Callable[[int], T], times: int = THREADS) -> list[T]:
    """What ``work`` gives in several threads that begin together."""
    together = threading.Barrier(times)

    def one(number: int) -> T:
        together.wait(10)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_each_command_is_claimed_once():
    station = given.a_connected_station()
    for _ in range(3):
        commands.request(station=station, action="Reset", payload={}, at=given.NOON)
    claimed = at_once(
        lambda _: commands.claim_next(
            station_id=station.pk, connection_id="socket-1", at=given.NOON
        )
    )
    taken = [command.pk for command in claimed if command]
    assert len(taken) == len(set(taken))
    while one := commands.claim_next(
        station_id=station.pk, connection_id="socket-1", at=given.NOON
    ):
        taken.append(one.pk)
    assert sorted(taken) == sorted(Command.objects.values_list("pk", flat=True))


def test_one_answer_settles_a_command():
    station = given.a_connected_station()
    commands.request(station=station, action="Reset", payload={}, at=given.NOON)
    command = commands.claim_next(station_id=station.pk, connection_id="socket-1", at=given.NOON)
    outcome = commands.Outcome(CommandStatus.ANSWERED, {})
    settled = at_once(
        lambda _: commands.settle(command_id=command.pk, outcome=outcome, at=given.NOON)
    )
    assert len([one for one in settled if one]) == 1


def test_one_key_makes_one_command():
    station = given.a_connected_station()
    made = at_once(
        lambda _: commands.request(
            station=station, action="Reset", payload={}, at=given.NOON, idempotency_key="once"
        )
    )
    assert len({command.pk for command in made}) == 1
    assert Command.objects.count() == 1


def test_one_identity_makes_one_station():
    made = at_once(
        lambda n: stations.adopt(
            cp_id="new-station" if n % 2 else "NEW-STATION", registration="Accepted"
        )
    )
    assert len({station.pk for station in made}) == 1
    assert ChargingStation.objects.count() == 1


def test_one_start_makes_one_session():
    station = given.a_station()
    given.a_card()
    made = at_once(lambda _: given.begin(station))
    assert len({started.transaction_id for started in made}) == 1
    assert ChargingSession.objects.count() == 1


def test_starts_of_many_stations_get_numbers_of_their_own():
    everywhere = [given.a_station(f"CP-{n}") for n in range(THREADS)]
    made = at_once(lambda n: given.begin(everywhere[n], tag=f"TAG-{n}"))
    assert len({started.transaction_id for started in made}) == THREADS


def test_one_reservation_holds_a_connector():
    station = given.a_connected_station()

    def reserve(number: int) -> bool:
        try:
            reservations.reserve(
                station=station,
                connector_id=1,
                id_tag=f"CARD-{number}",
                expires_at=given.after(60),
                at=given.NOON,
            )
        except Conflict:
            return False
        return True

    assert at_once(reserve).count(True) == 1
    assert Command.objects.count() == 1


def test_one_reading_sent_twice_at_once_is_stored_once():
    station = given.a_station()
    at_once(lambda _: given.meter(given.a_reading(station)))
    assert MeterValue.objects.count() == 1
