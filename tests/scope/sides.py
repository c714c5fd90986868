"""Two sites with a station, a driver, a card, sessions and a reservation each; and people.

Everything of a site has the site's word in its name: what an answer shows of whom is in its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from billing.services import bills
from cms.accounts.models import User
from stations.models import ReviewCase, Site
from stations.services import commands, reservations, sessions, stations
from tests.billing.charging import LATER, everywhere
from tests.maps.given import a_site, a_station
from tests.stations import given
from tests.stations.given import after

NORTH, SOUTH = "NORTH", "SOUTH"
STRANGER, DRIVER, OPERATOR, ADMINISTRATOR = "stranger", "driver", "operator", "administrator"
PEOPLE = (STRANGER, DRIVER, OPERATOR, ADMINISTRATOR)


class Side(NamedTuple):
    """One of the two."""

    word: str
    site: Site
    driver: User
    named: dict[str, Any]  # what the parts of an address are called there


class Person(NamedTuple):
    """Somebody with an app, and the words they may read where rows of sites are shown."""

    kind: str
    user: User | None
    client: APIClient
    reads: frozenset[str]


def both() -> dict[str, Side]:
    """The two sides, by their words."""
    everywhere()
    found = {word: _side(word) for word in (NORTH, SOUTH)}
    bills.bill_all_ended(at=LATER)
    return found


def _side(word: str) -> Side:
    site = a_site(f"{word} harbour")
    station = a_station(site, f"{word}-1", ("Type 2", 22, "Available"), ("CCS2", 150, "Available"))
    stations.connected(station_id=station.pk, connection_id=word, protocol="ocpp1.6", at=after(0))
    station.refresh_from_db()
    driver = User.objects.create_user(f"{word}-driver", email=f"{word}@example.com")
    tag = f"{word}-CARD"
    card = given.a_card(tag, user=driver)
    ended = given.begin(station, tag=tag)
    given.finish(station, ended.transaction_id)
    under_way = given.begin(station, connector=2, tag=tag, minute=70)
    reservation = reservations.reserve(
        station=station,
        connector_id=1,
        id_tag=tag,
        expires_at=after(10_000),
        at=after(80),
    )
    command = commands.request(station=station, action="ClearCache", payload={}, at=after(80))
    sessions.authorize(station_id=station.pk, id_tag=f"{word}-NOBODY", at=after(80))
    named = {
        "cpId": station.cp_id,
        "deviceId": station.cp_id,
        "siteId": site.pk,
        "tagId": tag,
        "cardId": card.pk,
        "transactionId": under_way.transaction_id,
        "reservationId": getattr(reservation, "reservation", reservation).pk,
        "commandId": command.pk,
        "caseId": ReviewCase.objects.get(id_tag=f"{word}-NOBODY").pk,
    }
    return Side(word, site, driver, named)


def person(kind: str, sides: dict[str, Side]) -> Person:
    """Each kind of people: the driver is the one of the north, where the operator works, too."""
    if kind == STRANGER:
        return Person(kind, None, APIClient(), frozenset())
    if kind == DRIVER:
        return _with_app(kind, sides[NORTH].driver, NORTH)
    if kind == ADMINISTRATOR:
        return _with_app(kind, User.objects.create_superuser("root"), NORTH, SOUTH)
    operator = User.objects.create_user("operator", is_staff=True)
    operator.user_permissions.set(Permission.objects.all())
    operator.sites.set([sides[NORTH].site])
    return _with_app(kind, operator, NORTH)


def _with_app(kind: str, user: User, *reads: str) -> Person:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
    return Person(kind, user, client, frozenset(reads))


def words(text: str) -> set[str]:
    """Of which sides a text tells."""
    return {word for word in (NORTH, SOUTH) if word in text}


def addresses(path: str, sides: dict[str, Side]) -> Iterator[tuple[str, str]]:
    """A path of the document at each side that has all it names: word and address."""
    parts = [part.split("}")[0] for part in path.split("{")[1:]]
    for side in sides.values():
        if all(part in side.named for part in parts):
            yield side.word, path.format(**side.named)
