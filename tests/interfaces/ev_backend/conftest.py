"""A server; its administrator and a driver, logged in; the README's site, made by its document."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.graphql.documents import CREATE_SITE
from tests.graphql.test_sites import README
from tests.interfaces.ev_backend.app import given, logged_in
from tests.interfaces.websocket_api.app import PASSWORD, a_driver
from tests.processes import start_server

PLACE = {"type": "Point", "coordinates": [9.99, 53.54]}
TAG = "EV_ANN"


@pytest.fixture(scope="module")
def server(shared_environment):
    environment = {
        **shared_environment,
        "OCPP_ALLOW_UNAUTHENTICATED": "true",
        "BILLING_SETTLE_SECONDS": "0",
        "APP_LOGINS_PER_MINUTE": "1000",
        "APP_CONNECTS_PER_MINUTE": "1000",
        "APP_MESSAGES_PER_MINUTE": "1000",
    }
    with start_server(environment) as running:
        yield running


@pytest.fixture(scope="module")
def administrator(server):
    """A token of theirs."""
    return logged_in(server, "admin", server.password)


@pytest.fixture(scope="module")
def ann(server):
    """A driver's number and token."""
    number, _ = a_driver(server, "ann", TAG)
    return int(number), logged_in(server, "ann", PASSWORD)


@pytest.fixture(scope="module")
def site(server, administrator):
    """The README's site: two stations, the first with one connector."""
    return a_site(server, administrator, "Site Name", "15", "16")


def a_site(server: Any, token: str, name: str, *cp_ids: str) -> int:
    """A site as the README describes it; gives its number."""
    data: Any = copy.deepcopy(README) | {"name": name, "location": PLACE}
    for described, cp_id in zip(data["chargepoints"], cp_ids, strict=True):
        described["chargePointHardwareId"] = cp_id
    made = given(server, CREATE_SITE, token, input={"data": data})
    return int(made["siteId"])
