"""Drivers with an app: logged in by a token, as apps are."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import RefreshToken

from cms.accounts.models import User
from stations.models import ChargingStation
from tests.api.conftest import answers
from tests.drivers.given import a_driver
from tests.stations import given

__all__ = ["answers"]  # a fixture: what the station says to the next command


@pytest.fixture
def fresh_throttle() -> None:
    """No test pays for the tries of another."""
    cache.clear()


@pytest.fixture
def ann(db: None) -> User:
    """A driver with a card."""
    return a_driver()


@pytest.fixture
def bob(db: None) -> User:
    """Another one."""
    return a_driver("bob", "BOB-1")


@pytest.fixture
def app(ann: User) -> APIClient:
    """Ann's."""
    return logged_in(ann)


def logged_in(user: User) -> APIClient:
    """An app with a token of ``user``."""
    client = APIClient()
    access = RefreshToken.for_user(user).access_token
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    client.default_format = "json"
    return client


@pytest.fixture
def harbour(ann: User) -> ChargingStation:
    """A station whose socket is open, with one outlet."""
    station = given.a_connected_station("CP-1", "socket")
    given.report(station, "Available")
    return station
