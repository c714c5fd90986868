"""A stranger, a driver, an operator of one site and an administrator try everything there is.

Every route of the API, every field of GraphQL, every topic of the sockets: what there is comes from
the OpenAPI document and the schema, so that nothing new is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from cms.api.docs import document
from tests.scope.sides import (
    ADMINISTRATOR,
    DRIVER,
    NORTH,
    OPERATOR,
    PEOPLE,
    SOUTH,
    STRANGER,
    Person,
    Side,
    addresses,
    both,
    person,
    words,
)

pytestmark = pytest.mark.django_db
# Said to anybody: numbers without a name, and how to log in
PUBLIC = {
    "/api/stats",
    "/api/auth/token",
    "/api/auth/refresh",
    "/api/auth/logout",
    "/api/auth/register",
    "/api/auth/forgot-password",
    "/api/auth/reset-password",
    "/api/auth/verify-email",
    "/api/payments/webhooks/stripe",  # signed, which is its login
}
# Of one's own, and the map
OF_DRIVERS = (
    "/api/me",
    "/api/markers",
    "/api/sites/",
    "/api/wallet",
    "/api/invoices",
    "/api/payments",
    "/api/charging-history",
    "/api/reports/billing/exports",  # the files one asked for oneself: none
)
# Where what one does not see is an empty answer, as their contract has it (docs/gateways.md)
SILENT = "/api/charger/{deviceId}/active-sessions"
# Of the whole company, whatever sites one works for
OF_ALL = ("/api/rfid", "/api/users")
# Where both sides have a row, or a name, for an administrator to see
LISTS = {
    "/api/stations",
    "/api/sessions",
    "/api/rfid",
    "/api/reservations",
    "/api/commands",
    "/api/review-cases",
    "/api/markers",
    "/api/users",
}
UNAUTHENTICATED, FORBIDDEN, MISSING = 401, 403, 404
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def sides() -> dict[str, Side]:
    """The two sites."""
    cache.clear()
    return both()


@pytest.fixture(params=PEOPLE)
def who(request: pytest.FixtureRequest, sides: dict[str, Side]) -> Person:
    """Each kind of people."""
    return person(request.param, sides)


def asked(who: Person, method: str, address: str) -> Any:
    """The answer to a request with nothing in it."""
    return who.client.generic(method.upper(), address, "{}", content_type="application/json")


def text_of(answer: Any) -> str:
    """What it says, also where it comes piece by piece."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def everything(sides: dict[str, Side]) -> Iterator[tuple[str, str, str, str]]:
    """Each path and method of the document at each side: path, word, method, address."""
    for path, methods in document()["paths"].items():
        for word, address in addresses(path, sides):
            for method in METHODS:
                if method in methods:
                    # No station is going to answer.
                    asks = {one["name"] for one in methods[method].get("parameters", ())}
                    yield path, word, method, address + ("?wait=0" if "wait" in asks else "")


def test_a_route_answers_who_may_use_it_and_shows_what_they_may_see(who, sides):
    met = 0
    for path, word, method, address in everything(sides):
        met += 1
        answer = asked(who, method, address)
        where = f"{who.kind}: {method} {address} said {answer.status_code}"
        if path in PUBLIC:
            continue
        if who.kind == STRANGER:
            assert answer.status_code == UNAUTHENTICATED, where
        elif is_kept_from(who, path, word):
            assert answer.status_code in (FORBIDDEN, MISSING), where
        allowed = {NORTH, SOUTH} if is_of_all(who, path) else who.reads
        told = told_by(who, answer, address)
        assert told <= allowed | words(address), f"{where} and told of {told}"
    assert met > 150


def is_of_all(who: Person, path: str) -> bool:
    """The map shows drivers every site, and cards charge at all of them."""
    on_the_map = who.kind == DRIVER and path in ("/api/markers", "/api/sites/{siteId}")
    return on_the_map or (who.kind == OPERATOR and path.startswith(OF_ALL))


def told_by(who: Person, answer: Any, address: str) -> set[str]:
    """Of which sides it tells; cards, also those in a local list that was sent, are of all."""
    text = text_of(answer).replace(address, "")
    return words(text.replace(f"{SOUTH}-CARD", "") if who.kind == OPERATOR else text)


def is_kept_from(who: Person, path: str, word: str) -> bool:
    """Whether they have no business there, or what the address names is not theirs to see."""
    if who.kind == DRIVER and not path.startswith(OF_DRIVERS):
        return True
    return word not in who.reads and "{" in path and path != SILENT and not is_of_all(who, path)


@pytest.mark.parametrize("path", sorted(LISTS))
def test_a_list_has_what_is_of_the_sites_one_sees(path, who):
    answer = asked(who, "get", path)
    if who.kind == STRANGER:
        assert answer.status_code == UNAUTHENTICATED
    elif who.kind == DRIVER and path != "/api/markers":
        assert answer.status_code == FORBIDDEN
    else:
        assert answer.status_code == 200
        seen = {NORTH, SOUTH} if is_of_all(who, path) else who.reads
        assert words(text_of(answer)) == seen


def test_a_driver_s_own_are_theirs(sides):
    ann = person(DRIVER, sides)
    for path in ("/api/me", "/api/me/cards", "/api/me/sessions", "/api/charging-history"):
        assert words(text_of(asked(ann, "get", path))) == {NORTH}, path
    mine, other = (sides[word].named["transactionId"] for word in (NORTH, SOUTH))
    for path in ("/api/me/sessions/{}", "/api/me/sessions/{}/meter-values"):
        assert asked(ann, "get", path.format(mine)).status_code == 200
        assert asked(ann, "get", path.format(other)).status_code == MISSING


def test_an_administrator_gets_everywhere(sides):
    root = person(ADMINISTRATOR, sides)
    for path, methods in document()["paths"].items():
        for _, address in addresses(path, sides):
            if "get" in methods:
                assert asked(root, "get", address).status_code in (200, 400, 404), address
