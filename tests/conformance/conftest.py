"""The server under judgement, its operator, and for each case a station and a card of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import NamedTuple

import pytest

from tests.conformance.operator import Operator
from tests.conformance.station import Station
from tests.conformance.story import ID_TAG
from tests.processes import Server, start_server
from tests.web import Api, logged_in, with_api_key

_numbers = count(1)


@pytest.fixture(scope="session")
def server(lasting_environment: dict[str, str]) -> Iterator[Server]:
    """One server for all cases, as it comes: every setting has its default."""
    with start_server(lasting_environment) as running:
        yield running


@pytest.fixture(scope="session")
def api(server: Server) -> Api:
    """Its API, with a card that may charge."""
    api = with_api_key(server)
    card = api.post("rfid", {"tagId": ID_TAG, "status": "Active"})
    assert card.status == 201, card
    return api


@pytest.fixture
def cp_id(request: pytest.FixtureRequest) -> str:
    """An identity nobody else has: the number of the case is in it."""
    case = re.match(r"test_((?:tc|d)(?:_\d+)+)", request.node.name)
    return f"{case[1] if case else 'other'}-{next(_numbers)}".upper().replace("_", "-")


@pytest.fixture
def new_station(server: Server, cp_id: str) -> Iterator[Callable[..., Station]]:
    """Makes stations, not yet connected: of the case's identity, or of another one.

    At the end each has been answered everything, and was asked nothing the case did not expect.
    """
    with ExitStack() as made:

        def make(suffix: str = "", address: str = "") -> Station:
            station = Station(address or server.ws, cp_id + suffix)
            made.callback(_goes, station)
            return station

        yield make


def _goes(station: Station) -> None:
    station.leaves()
    assert station.judge.is_satisfied, station.judge
    assert station.unexpected == []


@pytest.fixture
def station(new_station: Callable[..., Station]) -> Station:
    """The station of the case: connected."""
    station = new_station()
    station.connects()
    return station


@pytest.fixture
def operator(api: Api, cp_id: str) -> Iterator[Operator]:
    """Whoever watches over that station."""
    operator = Operator(api, cp_id)
    yield operator
    operator.leaves()


@pytest.fixture
def card(api: Api) -> str:
    """The id tag of a card that may charge, and is used by this case only."""
    return issued(api)


class Group(NamedTuple):
    """A group of cards: its key in the API, and its parentIdTag."""

    key: int
    parent: str


@pytest.fixture
def group(server: Server) -> Group:
    """A new group, as an operator makes one in the admin."""
    parent, page = f"Parent{next(_numbers)}", "/admin/rfid/cardgroup/add/?_popup=1"
    added = logged_in(server).submit(page, name=parent, parent_id_tag=parent, _popup="1")
    key = re.search("&quot;value&quot;: &quot;([0-9]+)&quot;", added.body)
    assert key, added
    return Group(int(key[1]), parent)


def issued(api: Api, **fields: object) -> str:
    """The id tag of a new card."""
    id_tag = f"Card{next(_numbers)}"
    made = api.post("rfid", {"tagId": id_tag, **fields})
    assert made.status == 201, made
    return id_tag
