"""Subscriptions by an independent client: npm's ``graphql-ws``, the reference, in Node."""

from __future__ import annotations

import json
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests import npm
from tests.graphql.documents import FILTERED_MARKERS, MARKERS_UPDATED, SITE_UPDATED
from tests.interfaces import node
from tests.interfaces.ev_backend.conftest import a_site
from tests.interfaces.ev_backend.test_documents import FILTER
from tests.processes import manage
from tests.stack.station import PlainStation

HERE = Path(__file__).resolve().parent / "client"


_numbers = count(1)


class Place(NamedTuple):
    """A site, and the identity of its first station, which was never connected."""

    site: int
    cp_id: str


@pytest.fixture
def place(server, administrator):
    """One of the test's own: what is told of it can only be that its connector is free now."""
    number = next(_numbers)
    name = f"NPM-{number}"
    return Place(a_site(server, administrator, name, name, f"NPM-{number}-B"), name)


@contextmanager
def connected(server, place):
    """Its station connects, and has a free connector."""
    with PlainStation(server.ws, place.cp_id) as station:
        status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
        station.call("StatusNotification", status)
        yield


def app(server, **params: str):
    """An app that presents these connectionParams."""
    url = server.ws.removesuffix("/ocpp") + "/graphql"
    command = (npm.installed(HERE, "graphql-ws"), "subscribe.js", url, json.dumps(params))
    return node.running(*command, folder=HERE)


def ask(client: node.Client, number: str, query: str, **variables: Any) -> None:
    client.say(json.dumps({"id": number, "query": query, "variables": variables}))


def begun(client: node.Client) -> None:
    """What it subscribed to before has begun: the socket answers one operation after another."""
    ask(client, "begun", "{ __typename }")
    client.hear(lambda line: line.get("complete") == "begun")


def available(line: dict[str, Any], place: Place) -> Any:
    """How many are free there, by a frame of markers."""
    if line.get("next") != "markers":
        return None
    free = {one["siteid"]: one["available"] for one in line["data"]["markerUpdated"]}
    return free.get(place.site)


def is_free_group(line: dict[str, Any]) -> bool:
    """Whether it is a frame of a site with a free connector."""
    if line.get("next") != "site":
        return False
    return any(group["available"] for group in line["data"]["siteUpdated"])


@pytest.mark.parametrize("name", ["Authorization", "authToken"])
def test_it_hears_of_markers_and_of_a_site(server, place, ann, name):
    token = f"Bearer {ann[1]}" if name == "Authorization" else ann[1]
    with app(server, **{name: token}) as client:
        client.hear(lambda line: line.get("connected"))
        ask(client, "markers", MARKERS_UPDATED, input=FILTER)
        ask(client, "site", SITE_UPDATED, input={**FILTER, "siteId": place.site})
        begun(client)
        with connected(server, place):
            client.hear(lambda line: available(line, place) == 1)
            [group] = client.hear(is_free_group)["data"]["siteUpdated"]
    assert (group["total"], len(group["available_ids"])) == (1, 1)


_KEY = """
from cms.accounts import keys
from cms.accounts.models import User
from cms.shared import clock
from stations.models import Site
user, sites = User.objects.get(username="admin"), Site.objects.filter(pk={site})
print(keys.create(name="npm", user=user, scopes={scopes}, at=clock.now(), sites=sites)[1])
"""


def a_key(server, site: int, *scopes: str) -> str:
    """A partner's key of these scopes, limited to one site."""
    script = _KEY.format(site=site, scopes=[*scopes])
    return (
        f"Api-Key {manage(server.environment, 'shell', '--verbosity', '0', '-c', script).strip()}"
    )


def test_a_partner_s_key_hears_of_its_own_sites_only(server, administrator, place):
    elsewhere = a_site(server, administrator, "Elsewhere", *(f"{place.cp_id}-{n}" for n in "XY"))
    with app(server, Authorization=a_key(server, place.site, "read")) as client:
        ask(client, "markers", MARKERS_UPDATED, input=FILTER)
        begun(client)
        with (
            connected(server, Place(elsewhere, f"{place.cp_id}-X")),
            connected(server, place),
        ):
            told = client.hear(lambda line: available(line, place) == 1)["data"]["markerUpdated"]
    assert [one["siteid"] for one in told] == [place.site]


def test_a_key_that_may_not_read_hears_nothing(server, place):
    with app(server, Authorization=a_key(server, place.site, "gateway")) as client:
        ask(client, "markers", MARKERS_UPDATED, input=FILTER)
        [why] = client.hear(lambda line: line.get("error") == "markers")["why"]
    assert why["extensions"]["code"] == "FORBIDDEN"


def test_its_pings_are_answered(server, ann):
    with app(server, authToken=ann[1]) as client:
        client.hear(lambda line: line.get("pong"))
        client.hear(lambda line: line.get("pong"))


def test_what_it_left_is_told_no_more_and_the_rest_goes_on(server, place, ann):
    with app(server, authToken=ann[1]) as client:
        ask(client, "site", SITE_UPDATED, input={**FILTER, "siteId": place.site})
        ask(client, "markers", MARKERS_UPDATED, input=FILTER)
        begun(client)
        client.say(json.dumps({"stop": "site"}))
        client.hear(lambda line: line.get("complete") == "site")
        begun(client)
        with connected(server, place):
            client.hear(lambda line: available(line, place) == 1)
            ask(client, "last", "{ __typename }")
            last = client.hear(lambda line: line.get("next") == "last" or is_free_group(line))
    assert last["next"] == "last"


def test_a_query_is_answered_and_completed(server, place, ann):
    with app(server, authToken=ann[1]) as client:
        ask(client, "1", FILTERED_MARKERS, input=FILTER)
        told = client.hear(lambda line: line.get("next") == "1")
        assert place.site in [one["siteid"] for one in told["data"]["getFilteredMarkers"]]
        client.hear(lambda line: line.get("complete") == "1")


def test_a_mistake_in_a_document_ends_that_operation_only(server, place, ann):
    with app(server, authToken=ann[1]) as client:
        ask(client, "wrong", "subscription { nothing }")
        [why] = client.hear(lambda line: line.get("error") == "wrong")["why"]
        assert "nothing" in why["message"]
        begun(client)


def test_a_wrong_token_is_refused(server):
    with app(server, authToken="no.such.token") as client:
        closed = client.hear(lambda line: "closed" in line or "connected" in line)
    assert closed == {"closed": 4403, "reason": "Forbidden"}


def test_who_presents_nothing_is_told_so(server, place):
    with app(server) as client:
        ask(client, "markers", MARKERS_UPDATED, input=FILTER)
        [why] = client.hear(lambda line: line.get("error") == "markers")["why"]
    assert why["extensions"]["code"] == "UNAUTHENTICATED"
