"""The server under judgement, and the API its operator uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.story import ID_TAG
from tests.processes import Server, start_server
from tests.web import Api, with_api_key


@pytest.fixture(scope="module")
def server(shared_environment: dict[str, str]) -> Iterator[Server]:
    """A server for the clients of one package."""
    with start_server(shared_environment) as running:
        yield running


@pytest.fixture(scope="module")
def api(server: Server) -> Api:
    """Its API, with a card that may charge."""
    api = with_api_key(server)
    card = api.post("rfid", {"tagId": ID_TAG, "status": "Active"})
    assert card.status == 201, card
    return api
