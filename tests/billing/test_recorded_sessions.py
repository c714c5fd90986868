"""The 1,648 recorded sessions cost to the cent what the file alone says they cost."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum

from billing.models import Account, BillLine, SessionBill
from billing.services import tariffs
from stations.models import ChargingSession, Connector, SessionStatus, StatusChange
from tests.billing import recorded
from tests.billing.charging import bill_all
from tests.billing.recorded import Price
from tests.stack.recorded import SESSIONS, recorded_file
from tests.stations import given

pytestmark = pytest.mark.django_db
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


def test_bills_lines_and_ledger_agree_with_the_file(tmp_path):
    file = recorded_file(tmp_path)
    stored(file)
    assert bill_all(at=AFTER) == SESSIONS
    expected = recorded.prices(file)
    assert {
        (bill.session.station.cp_id, f"{bill.started_at:%Y-%m-%dT%H:%M:%SZ}"): Price(
            bill.net, bill.tax, bill.gross
        )
        for bill in SessionBill.objects.select_related("session__station")
    } == expected
    total = recorded.total(expected)
    lines = BillLine.objects.aggregate(net=Sum("net"), tax=Sum("tax"), gross=Sum("gross"))
    assert Price(**lines) == total
    balances = dict(Account.objects.values_list("code", "balance"))
    assert balances["income/charging/EUR"] == total.net
    assert balances["tax/-/19/EUR"] == total.tax
    assert balances["unassigned/EUR"] == -total.gross
