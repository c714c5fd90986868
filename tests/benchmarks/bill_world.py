"""The world of the benchmarks of billing: a fresh database, and ended sessions written into it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks import database
from tests.services import empty_database

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
BILLED_AT = datetime(2030, 1, 1, tzinfo=UTC)
_STATIONS, _DRIVERS, _AT_A_TIME = 400, 500, 5000


@contextlib.contextmanager
def fresh_database(engine: str) -> Iterator[None]:
    """Django set up on an empty database of its own, with all tables."""
    with contextlib.ExitStack() as held:
        folder = held.enter_context(TemporaryDirectory(prefix="voltdesk-bench-"))
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        if engine == "postgresql":
            url = held.enter_context(empty_database(held.enter_context(database.postgresql())))
        os.environ |= {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "cms.settings.test",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield


def fill(sessions: int) -> None:
    """So many ended sessions, each half an hour of charging and one of parking, not billed yet."""
    from billing.services import tariffs
    from stations.models import ChargingStation, Connector, Site
    from tests.billing import recorded

    tariff = tariffs.define(name="Benchmark", terms=recorded.TERMS, at=BEGIN)
    site = Site.objects.create(name="Benchmark", country="DE", time_zone="Europe/Berlin")
    stations = ChargingStation.objects.bulk_create(
        ChargingStation(cp_id=f"BENCH-{number}", site=site) for number in range(_STATIONS)
    )
    outlets = Connector.objects.bulk_create(
        Connector(station=station, connector_id=1) for station in stations
    )
    cards = _drivers()
    for first in range(0, sessions, _AT_A_TIME):
        numbers = range(first, min(first + _AT_A_TIME, sessions))
        _write([_session(number, outlets, cards) for number in numbers], tariff)


def _drivers() -> list[Any]:
    from cms.accounts.models import User
    from rfid.models import RfidCard

    users = User.objects.bulk_create(User(username=f"driver-{n}") for n in range(_DRIVERS))
    cards = (RfidCard(id_tag=f"BENCH{n}", user=user) for n, user in enumerate(users))
    return RfidCard.objects.bulk_create(cards)


def _session(number: int, outlets: list[Any], cards: list[Any]) -> Any:
    from stations.models import ChargingSession

    outlet, turn = outlets[number % _STATIONS], number // _STATIONS
    began = BEGIN + timedelta(hours=2 * turn)
    return ChargingSession(
        station=outlet.station,
        connector=outlet,
        card=cards[number * 7 % _DRIVERS],
        id_tag="BENCH",
        authorization="Accepted",
        status="Completed",
        started_at=began,
        stopped_at=began + timedelta(minutes=90),
        stop_received_at=began + timedelta(minutes=90),
        meter_start_wh=turn * 50_000,
        meter_stop_wh=turn * 50_000 + 7_321,
        energy_wh=7_321,
    )


def _write(sessions: list[Any], version: Any) -> None:
    from billing.models import SessionTariff
    from stations.models import ChargingSession, StatusChange

    ChargingSession.objects.bulk_create(sessions)
    SessionTariff.objects.bulk_create(
        SessionTariff(session=each, version=version, level="everywhere", frozen_at=BEGIN)
        for each in sessions
    )
    StatusChange.objects.bulk_create(
        StatusChange(connector=each.connector, status=status, reported_at=at, received_at=at)
        for each in sessions
        for status, at in (
            ("SuspendedEV", each.started_at + timedelta(minutes=30)),
            ("Available", each.stopped_at),
        )
    )
