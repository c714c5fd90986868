"""Reservations: who may charge, and how they end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulator.central_system import CentralSystem
from tests.simulator.charge_point import ChargePoint
from tests.simulator.clock import iso
from tests.simulator.staging import TWO_CONNECTORS, empty_car, played, stage


@played
async def test_a_reserved_connector_refuses_other_cards_and_names_the_reservation() -> None:
    async with stage() as (system, station):
        assert await _reserve(system, station, id_tag="MINE") == "Accepted"
        await system.until(lambda: system.statuses()[-1] == "Reserved")
        station.connectors[1].plug_in(empty_car())
        assert await station.present_card(1, "YOURS") == "Reserved"
        assert await station.present_card(1, "mine") == "Accepted"
        await station.drained()
        assert system.of("StartTransaction")[0]["reservationId"] == 5
        station.connectors[1].unplug()
        assert station.connectors[1].status == "Available"


@played
async def test_a_reservation_expires() -> None:
    async with stage() as (system, station):
        await _reserve(system, station, seconds=60)
        await system.until(lambda: system.statuses() == ["Available", "Reserved", "Available"])
        assert await system.status_of("CancelReservation", {"reservationId": 5}) == "Rejected"


@played
async def test_a_reservation_is_cancelled() -> None:
    async with stage() as (system, station):
        await _reserve(system, station)
        assert await system.status_of("CancelReservation", {"reservationId": 5}) == "Accepted"
        await system.until(lambda: system.statuses()[-1] == "Available")


@played
async def test_the_same_reservation_may_be_made_again_and_another_may_not() -> None:
    async with stage() as (system, station):
        await _reserve(system, station)
        assert await _reserve(system, station, id_tag="NEW") == "Accepted"
        assert await _reserve(system, station, reservation_id=6) == "Occupied"
        assert station.reservations.at(1) is not None
        assert station.reservations.at(1).id_tag == "NEW"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("trouble", "status"),
    [("faulted", "Faulted"), ("inoperative", "Unavailable"), ("plugged in", "Occupied")],
)
@played
async def test_a_connector_that_is_not_free_cannot_be_reserved(trouble: str, status: str) -> None:
    async with stage() as (system, station):
        connector = station.connectors[1]
        connector.faulted = trouble == "faulted"
        connector.operative = trouble != "inoperative"
        if trouble == "plugged in":
            connector.plug_in(empty_car())
        assert await _reserve(system, station) == status


@played
async def test_a_reservation_ends_with_its_connector() -> None:
    async with stage() as (system, station):
        await _reserve(system, station)
        station.connectors[1].faulted = True
        station.connectors[1].refresh()
        assert station.reservations.at(1) is None


@played
async def test_a_reservation_of_the_station_leaves_one_connector_free() -> None:
    async with stage(hardware=TWO_CONNECTORS) as (system, station):
        assert await _reserve(system, station, connector_id=0, id_tag="MINE") == "Accepted"
        for connector in station.connectors.values():
            connector.plug_in(empty_car())
            if connector.id == 1:
                assert await station.present_card(1, "YOURS") == "Accepted"
        assert await station.present_card(2, "THEIRS") == "Reserved"
        assert await station.present_card(2, "MINE") == "Accepted"
        await station.drained()
        assert system.of("StartTransaction")[1]["reservationId"] == 5


async def _reserve(
    system: CentralSystem,
    station: ChargePoint,
    *,
    connector_id: int = 1,
    id_tag: str = "MINE",
    seconds: float = 36_000,
    reservation_id: int = 5,
) -> str:
    expires_at = station.clock.now() + timedelta(seconds=seconds)
    return await system.status_of(
        "ReserveNow",
        {
            "connectorId": connector_id,
            "expiryDate": iso(expires_at),
            "idTag": id_tag,
            "reservationId": reservation_id,
        },
    )
