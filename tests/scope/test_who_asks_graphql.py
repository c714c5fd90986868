"""The same four people ask GraphQL for every field of its root, about either site.

Its subscriptions: tests/interfaces/ev_backend/test_sockets.py; the topics of `/ws`:
tests/interfaces/websocket_api/test_maps.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache

from cms.graphql.schema import schema
from tests.graphql.asked import answer
from tests.scope.sides import NORTH, PEOPLE, SOUTH, Person, Side, both, person, words

pytestmark = pytest.mark.django_db
UNAUTHENTICATED, FORBIDDEN, NOT_FOUND = "UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND"
_MARKERS = (
    "query m($input: InputFilterMarkersDto!) { getFilteredMarkers(input: $input) { siteid } }"
)
_SITE = "query m($input: InputFilterSiteDto!) { getFilteredSite(input: $input) { site_name } }"
_OWN = "query m($input: ChargingHistoryInput!) { userChargingHistory(input: $input) { data {"
_OF_STATION = """query m($input: ConnectorChargingHistoryInput!) {
  connectorChargingHistory(input: $input) { data {"""
_HISTORIES = """query m($filter: ChargingHistoryFilter!) {
  chargingHistories(filter: $filter) { chargePointHardwareId } }"""
_UPDATE = "mutation m($input: UpdateOneUserInput!) { updateOneUser(input: $input) { username } }"
_CREATE = "mutation m($input: CreateOneUserInput!) { createOneUser(input: $input) { phone } }"
_LOGIN = "mutation m($input: LoginInput!) { login(input: $input) { accessToken } }"
_PUT = """mutation m($input: CustomSiteCreateInputDto!) {
  createOrUpdateSiteWithChargePoints(input: $input) { siteId } }"""
_STATION_OF_IT = " chargePointHardwareId } } }"
# What each of PEOPLE is told about the north, and about the south: a code, or of which sides
_NOTHING: frozenset[str] = frozenset()
_N, _S = frozenset({NORTH}), frozenset({SOUTH})
_BOTH = _N | _S
_OUT = (UNAUTHENTICATED, UNAUTHENTICATED)
EXPECTED: dict[str, tuple[tuple[Any, Any], ...]] = {
    "me": (_OUT, (_N, _N), (_NOTHING, _NOTHING), (_NOTHING, _NOTHING)),
    "userChargingHistory": (_OUT, (_N, _N), (_NOTHING, _NOTHING), (_NOTHING, _NOTHING)),
    "chargingHistories": (_OUT, (_N, FORBIDDEN), (_N, _NOTHING), (_N, _S)),
    "connectorChargingHistory": (
        _OUT,
        (_N, _NOTHING),
        (_NOTHING, _NOTHING),  # one's own sessions there
        (_NOTHING, _NOTHING),
    ),
    "getFilteredMarkers": (_OUT, (_BOTH, _BOTH), (_N, _N), (_BOTH, _BOTH)),
    "getFilteredSite": (_OUT, (_N, _S), (_N, _NOTHING), (_N, _S)),
    "updateOneUser": (_OUT, (_N, FORBIDDEN), (_N, _S), (_N, _S)),
    "createOneUser": (_OUT, (FORBIDDEN, FORBIDDEN), (_NOTHING, _NOTHING), (_NOTHING, _NOTHING)),
    "createOrUpdateSiteWithChargePoints": (
        _OUT,
        (FORBIDDEN, FORBIDDEN),
        (_N, NOT_FOUND),
        (_N, _S),
    ),
    "login": (_OUT, _OUT, _OUT, _OUT),  # with a wrong password, as whoever
}


def asked_of(field: str, side: Side) -> tuple[str, dict[str, Any]]:
    """A document with this field, and its variables, about a side."""
    driver, number = side.driver, "1" if side.word == NORTH else "2"
    documents: dict[str, tuple[str, dict[str, Any]]] = {
        "me": ("{ me { username } }", {}),
        "userChargingHistory": (_OWN + _STATION_OF_IT, {"input": {}}),
        "chargingHistories": (_HISTORIES, {"filter": {"userId": {"eq": driver.pk}}}),
        "connectorChargingHistory": (
            _OF_STATION + _STATION_OF_IT,
            {"input": {"chargePointHardwareId": side.named["cpId"]}},
        ),
        "getFilteredMarkers": (_MARKERS, {"input": {}}),
        "getFilteredSite": (_SITE, {"input": {"siteId": side.site.pk}}),
        "updateOneUser": (_UPDATE, {"input": {"id": driver.pk, "update": {"city": "Here"}}}),
        "createOneUser": (_CREATE, {"input": {"user": {"phone": f"+4912345678{number}"}}}),
        "createOrUpdateSiteWithChargePoints": (
            _PUT,
            {"input": {"data": {"id": side.site.pk, "site_area": "Town"}}},
        ),
        "login": (_LOGIN, {"input": {"username": driver.username, "password": "wrong"}}),
    }
    return documents[field]


@pytest.fixture
def sides() -> dict[str, Side]:
    """The two sites."""
    cache.clear()
    return both()


@pytest.fixture(params=PEOPLE)
def who(request: pytest.FixtureRequest, sides: dict[str, Side]) -> Person:
    """Each kind of people."""
    return person(request.param, sides)


def told(who: Person, field: str, side: Side, sides: dict[str, Side]) -> Any:
    """The code of its refusal, or of which sides the answer tells."""
    document, variables = asked_of(field, side)
    said = answer(who.client, document, **variables)
    if "errors" in said:
        return said["errors"][0]["extensions"]["code"]
    text = json.dumps(said["data"])
    for each in sides.values():  # sites that are only numbers there
        for name in ("siteid", "siteId"):
            text = text.replace(f'"{name}": {each.site.pk}}}', each.word)
    return frozenset(words(text))


@pytest.mark.parametrize("field", EXPECTED)
def test_a_field_tells_who_may_ask_of_what_they_may_see(field, who, sides):
    north, south = EXPECTED[field][PEOPLE.index(who.kind)]
    assert told(who, field, sides[NORTH], sides) == north
    assert told(who, field, sides[SOUTH], sides) == south


def test_no_field_is_left_out():
    known = schema._schema
    assert known.query_type
    assert known.mutation_type
    assert {*known.query_type.fields, *known.mutation_type.fields} == EXPECTED.keys()
