"""The recorded sessions as rows, as their messages leave them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from django.db import connection

from billing.models import SessionBill
from billing.services import tariffs
from stations.models import ChargingSession, Connector, SessionStatus, StatusChange
from tests.billing import recorded
from tests.billing.recorded import Price
from tests.stations import given

BEFORE, AFTER = (datetime(year, 1, 1, tzinfo=UTC) for year in (2018, 2030))


def stored(file: Path) -> None:
    """Every session of the file as its messages leave it, and the tariff it began with."""
    tariff = tariffs.define(name="Recorded", terms=recorded.TERMS, at=BEFORE).tariff
    tariffs.assign(tariff=tariff, level="everywhere")
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    connectors = {}
    for name in sorted({row["station"] for row in rows}):
        station = given.a_station(name)
        connectors[name] = Connector.objects.create(station=station, connector_id=1)
    made = [_session(connectors[row["station"]], row) for row in rows]
    ChargingSession.objects.bulk_create(made)
    changes = (_changes(connectors[row["station"]], row) for row in rows)
    StatusChange.objects.bulk_create([change for many in changes for change in many])
    for session in made:
        tariffs.freeze(session, BEFORE)


def counted() -> None:
    """Tell PostgreSQL how much there is, once all of it is there.

    Its own process for that sees no open transaction; and who counts a table that is filled only
    then has it taken for an empty one.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _session(connector: Connector, row: dict[str, str]) -> ChargingSession:
    energy_wh = round(Decimal(row["kwh"]) * 1000)
    return ChargingSession(
        station=connector.station,
        connector=connector,
        id_tag="ANON",
        authorization="Accepted",
        status=SessionStatus.COMPLETED,
        started_at=_moment(row["connected_at"]),
        meter_start_wh=1000,
        stopped_at=_moment(row["disconnected_at"]),
        stop_received_at=_moment(row["disconnected_at"]),
        meter_stop_wh=1000 + energy_wh,
        energy_wh=energy_wh,
    )


def _changes(connector: Connector, row: dict[str, str]) -> Iterator[StatusChange]:
    done, gone = row["done_charging_at"], row["disconnected_at"]
    for status, said in (("SuspendedEV", done), ("Available", gone)):
        if said and (status == "Available" or done < gone):
            at = _moment(said)
            yield StatusChange(connector=connector, status=status, reported_at=at, received_at=at)


def billed() -> dict[tuple[str, str], Price]:
    """What each session was billed, by station and the second it began; one bill for each."""
    bills = list(SessionBill.objects.select_related("session__station"))
    assert len({bill.session_id for bill in bills}) == len(bills)
    return {
        (bill.session.station.cp_id, f"{bill.started_at:%Y-%m-%dT%H:%M:%SZ}"): Price(
            bill.net, bill.tax, bill.gross
        )
        for bill in bills
    }
