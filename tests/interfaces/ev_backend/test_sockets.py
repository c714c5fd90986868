"""Subscriptions by both protocols: whole lists, only on changes, only for who may look."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.graphql.documents import FILTERED_MARKERS, MARKERS_UPDATED, SITE_UPDATED
from tests.interfaces.ev_backend.app import LEGACY, TRANSPORT, Subscriber, given, logged_in
from tests.interfaces.ev_backend.conftest import PLACE, a_site
from tests.interfaces.ev_backend.test_documents import FILTER
from tests.interfaces.websocket_api.app import PASSWORD
from tests.processes import manage
from tests.stack.station import PlainStation

BOTH = pytest.mark.parametrize("protocol", [TRANSPORT, LEGACY])


@pytest.fixture
def station(server, site):
    with PlainStation(server.ws, "15") as connected:
        report(connected, "Available")
        yield connected


def report(station, status):
    station.call("StatusNotification", {"connectorId": 1, "status": status, "errorCode": "NoError"})


def until(app, wanted):
    """The first news that are as wanted."""
    while not wanted(news := app.news("1")):
        pass
    return news


def of(news, site):
    return next(one for one in news if one["siteid"] == site)


def close_code(app):
    """Why the server closed the socket, once it did."""
    while True:
        try:
            app.hear()
        except ConnectionClosed as closed:
            return closed.rcvd.code


@BOTH
def test_markers_come_whole_when_one_of_them_changed(server, site, station, ann, protocol):
    with Subscriber(server, ann[1], protocol=protocol) as app:
        assert app.begin()["type"] == "connection_ack"
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        report(station, "Charging")
        news = until(app, lambda news: of(news, site)["available"] == 0)
    assert of(news, site) == {"siteid": site, "location": PLACE, "available": 0, "total": 1}


@BOTH
def test_a_site_comes_whole_when_it_changed_and_not_when_another_did(
    server, site, station, administrator, ann, protocol
):
    other = a_site(server, administrator, f"Other {protocol}", f"A-{protocol}", f"B-{protocol}")
    with Subscriber(server, ann[1], protocol=protocol) as app:
        app.begin()
        app.ask("1", SITE_UPDATED, input={**FILTER, "siteId": other})
        with PlainStation(server.ws, f"A-{protocol}") as there:
            report(there, "Available")
            [group] = until(app, lambda news: news[0]["available"] == 1)
            assert group["total"] == 1
            assert len(group["available_ids"]) == 1
            report(station, "Charging")
            with pytest.raises(TimeoutError):
                app.news("1", seconds=3)


def test_a_new_site_is_on_the_map_of_who_watches_it(server, site, administrator, ann):
    with Subscriber(server, ann[1]) as app:
        app.begin()
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        made = a_site(server, administrator, "New", "N-1", "N-2")
        until(app, lambda news: made in [one["siteid"] for one in news])


def test_nothing_comes_after_a_subscription_has_ended(server, station, ann):
    with Subscriber(server, ann[1]) as app:
        app.begin()
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        report(station, "Charging")
        until(app, bool)
        app.stop("1")
        app.ask("2", "{ __typename }")
        while app.hear()["id"] != "2":
            pass
        app.hear()  # and that 2 is complete
        report(station, "Available")
        with pytest.raises(TimeoutError):
            app.hear(seconds=3)


def test_queries_are_answered_on_a_socket_too_and_mutations_are_not(server, site, ann):
    with Subscriber(server, ann[1]) as app:
        app.begin()
        app.ask("1", FILTERED_MARKERS, input=FILTER)
        assert site in [one["siteid"] for one in app.news("1")]
        app.ask("2", 'mutation { login(input: {username: "a", password: "b"}) { accessToken } }')
        frames = [app.hear() for _ in range(2)]
        assert [frame["type"] for frame in frames if frame["id"] == "2"] == ["error"]


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_token_may_come_with_the_handshake(server, ann, how):
    headers = {"Authorization": f"Bearer {ann[1]}"} if how == "header" else {}
    query = f"?token={ann[1]}" if how == "query" else ""
    url = server.ws.removesuffix("/ocpp") + f"/graphql{query}"
    app = Subscriber(server)
    protocols = [Subprotocol(TRANSPORT)]
    app._opened = connect(url, subprotocols=protocols, additional_headers=headers, proxy=None)
    with app:
        app.begin()
        app.ask("1", "{ me { username } }")
        assert app.news("1") == {"username": "ann"}


@pytest.mark.parametrize(("protocol", "code"), [(TRANSPORT, 4403), (LEGACY, 1011)])
def test_a_token_that_opens_nothing_ends_the_socket(server, protocol, code):
    with Subscriber(server, "no.such.token", protocol=protocol) as app:
        app.say({"type": "connection_init", "payload": {"authToken": "no.such.token"}})
        assert close_code(app) == code


def test_who_presents_nothing_hears_nothing(server, site):
    with Subscriber(server) as app:
        assert app.begin()["type"] == "connection_ack"
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        frame = app.hear()
    assert frame["type"] == "error"
    assert frame["payload"][0]["message"] == "Unauthorized"
    assert frame["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "frame",
    [
        "[]",
        "{",
        '{"type": 1}',
        '{"id": [], "type": "subscribe", "payload": {"query": "{a}"}}',
        '{"id": "1", "type": "subscribe", "payload": []}',
        '{"id": "1", "type": "subscribe", "payload": {"query": 1}}',
        "[" * 50_000,
        "x" * 70_000,
    ],
)
def test_what_is_no_frame_ends_the_socket(server, ann, frame):
    with Subscriber(server, ann[1]) as app:
        app.begin()
        app.say(frame)
        assert close_code(app) in (4400, 1009)
    assert given(server, "{ __typename }") == "Query"


def test_a_socket_speaks_one_of_the_protocols(server):
    url = server.ws.removesuffix("/ocpp") + "/graphql"
    with pytest.raises(InvalidStatus) as refused:
        connect(url, proxy=None)
    assert refused.value.response.status_code == 400


_OPERATOR = """
from cms.accounts.models import User
from stations.models import Site
user = User.objects.create_user({name!r}, password={password!r}, is_staff=True)
user.sites.set(Site.objects.filter(pk={site}))
"""


def limited_to(server, site, name):
    """The token of an operator who works for one site."""
    script = _OPERATOR.format(name=name, password=PASSWORD, site=site)
    manage(server.environment, "shell", "--verbosity", "0", "-c", script)
    return logged_in(server, name, PASSWORD)


def test_everybody_hears_of_the_sites_they_may_see(server, site, station, administrator, ann):
    other = a_site(server, administrator, "Far", "F-1", "F-2")
    command = ("create_api_key", "--name", "ev", "--user", "admin", "--scopes", "read")
    key = f"Api-Key {manage(server.environment, *command).strip()}"
    there, elsewhere = limited_to(server, site, "here"), limited_to(server, other, "far")
    with ExitStack() as open_:
        apps = [
            open_.enter_context(Subscriber(server, token))
            for token in (ann[1], administrator, key, there, elsewhere)
        ]
        for app in apps:
            assert app.begin()["type"] == "connection_ack"
            app.ask("1", MARKERS_UPDATED, input=FILTER)
        for app in apps:  # each subscription has begun before the next operation is answered
            app.ask("2", "{ __typename }")
            while app.hear()["id"] != "2":
                pass
            app.hear()
        report(station, "Charging")
        for app in apps[:-1]:
            news = until(app, lambda news: of(news, site)["available"] == 0)
            assert app is not apps[3] or [one["siteid"] for one in news] == [site]
        with pytest.raises(TimeoutError):
            apps[-1].hear(seconds=3)
