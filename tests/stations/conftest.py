"""Fixtures of the services' tests: a station and a card that may charge there."""

from __future__ import annotations

import pytest

from rfid.models import RfidCard
from stations.models import ChargingStation
from tests.stations import given


@pytest.fixture
def station(db: None) -> ChargingStation:
    """CP-1, known to the operator."""
    return given.a_station()


@pytest.fixture
def connected(db: None) -> ChargingStation:
    """CP-1, its newest socket being socket-1."""
    return given.a_connected_station()


@pytest.fixture
def other_station(db: None) -> ChargingStation:
    """CP-2, which has nothing to do with CP-1."""
    return given.a_station("CP-2")


@pytest.fixture
def card(db: None) -> RfidCard:
    """CARD-1, which may charge."""
    return given.a_card()
