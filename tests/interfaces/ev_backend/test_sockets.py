"""Subscriptions by both protocols: whole lists, only on changes, only for who may look."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.graphql.documents import FILTERED_MARKERS, MARKERS_UPDATED, SITE_UPDATED
from tests.interfaces.ev_backend.app import LEGACY, TRANSPORT, Subscriber, given
from tests.interfaces.ev_backend.conftest import PLACE, a_site
from tests.interfaces.ev_backend.test_documents import FILTER
from tests.stack.station import PlainStation

BOTH = pytest.mark.parametrize("protocol", [TRANSPORT, LEGACY])


@pytest.fixture
def station(server, site):
    with PlainStation(server.ws, "15") as connected:
        report(connected, "Available")
        yield connected


def report(station, status):
    station.call(
        "StatusNotification", {"connectorId": 1, "status": status, "errorCode": "NoError"}
    )


def until(app, station, wanted):
    """News that are as wanted, while the connector is taken and freed again."""
    for _ in range(5):
        for status in ("Charging", "Available"):
            report(station, status)
            try:
                while True:
                    news = app.news("1", seconds=6)
                    if wanted(news):
                        return news
            except TimeoutError:
                continue
    raise AssertionError("nothing came")


def of(news, site):
    return [one for one in news if one["siteid"] == site][0]


@BOTH
def test_markers_come_whole_when_one_of_them_changed(server, site, station, ann, protocol):
    with Subscriber(server, ann[1], protocol=protocol) as app:
        assert app.begin()["type"] == "connection_ack"
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        news = until(app, station, lambda news: of(news, site)["available"] == 0)
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
            [group] = until(app, there, lambda news: news[0]["available"] == 1)
            assert group["total"] == 1
            assert len(group["available_ids"]) == 1
            report(station, "Charging")
            with pytest.raises(TimeoutError):
                while app.news("1", seconds=2):
                    pass


def test_a_new_site_is_on_the_map_of_who_watches_it(server, site, administrator, ann):
    with Subscriber(server, ann[1]) as app:
        app.begin()
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        for number in range(5):
            made = a_site(server, administrator, f"New {number}", f"N1-{number}", f"N2-{number}")
            try:
                news = app.news("1", seconds=6)
            except TimeoutError:
                continue
            assert made in [one["siteid"] for one in news]
            return
    raise AssertionError("nothing came")


def test_nothing_comes_after_a_subscription_has_ended(server, station, ann):
    with Subscriber(server, ann[1]) as app:
        app.begin()
        app.ask("1", MARKERS_UPDATED, input=FILTER)
        until(app, station, bool)
        app.stop("1")
        app.ask("2", FILTERED_MARKERS, input=FILTER)
        while (frame := app.hear())["id"] != "2":
            assert frame["id"] == "1"
        report(station, "Charging")
        with pytest.raises(TimeoutError):
            while app.hear(seconds=3)["id"] == "2":
                pass


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
    app._opened = connect(
        url, subprotocols=[TRANSPORT], additional_headers=headers, proxy=None, ping_interval=None
    )
    with app:
        app.begin()
        app.ask("1", "{ me { username } }")
        assert app.news("1") == {"username": "ann"}


@pytest.mark.parametrize(("protocol", "code"), [(TRANSPORT, 4403), (LEGACY, 1011)])
def test_a_token_that_opens_nothing_ends_the_socket(server, protocol, code):
    with (
        Subscriber(server, "no.such.token", protocol=protocol) as app,
        pytest.raises(ConnectionClosed) as closed,
    ):
        app.begin()
        app.hear()
    assert closed.value.rcvd.code == code


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
        with pytest.raises(ConnectionClosed) as closed:
            app.say(frame)
            app.hear()
    assert closed.value.rcvd.code in (4400, 1009)
    assert given(server, "{ __typename }") == "Query"


def test_a_socket_speaks_one_of_the_protocols(server):
    url = server.ws.removesuffix("/ocpp") + "/graphql"
    with pytest.raises(InvalidStatus) as refused:
        connect(url, proxy=None)
    assert refused.value.response.status_code == 400
