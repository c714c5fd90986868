"""Maps over the drivers' socket: everything first, then what changed, to whom it may concern."""

from __future__ import annotations

import itertools

import pytest

from tests.interfaces.websocket_api.app import App, a_driver
from tests.processes import manage

_PLACES = itertools.count(10)
_SITE = """
from cms.accounts.models import User, SiteLimit
from stations.models import ChargingStation, Connector, Site
site = Site.objects.create(name={name!r}, latitude={place}, longitude={place})
rows = ChargingStation.objects.filter(cp_id={cp_id!r})
assert rows.update(site=site) == 1
connectors = Connector.objects.filter(station__cp_id={cp_id!r}, connector_id=1)
assert connectors.update(connector_type="Type 2", max_power_w=22000) == 1
print(site.pk)
"""
_LIMIT = """
from cms.accounts.models import SiteLimit
SiteLimit.objects.create(user_id={user}, site_id={site})
"""


def run(server, script):
    """What a script prints last."""
    return manage(server.environment, "shell", "--verbosity", "0", "-c", script).split()


class Place:
    """A site of one station, alone in its part of the map."""

    def __init__(self, server, station):
        place = next(_PLACES)
        script = _SITE.format(name=f"Site {place}", place=place, cp_id=station.cp_id)
        self.number = int(run(server, script)[-1])
        self.topic = f"site:{self.number}"
        self.around = {"bbox": [place - 0.1, place - 0.1, place + 0.1, place + 0.1]}
        self.station = station

    def says(self, status):
        """The outlet reports."""
        said = {"connectorId": 1, "status": status, "errorCode": "NoError"}
        self.station.call("StatusNotification", said)


@pytest.fixture
def place(server, station):
    return Place(server, station)


def free(frame):
    """How many are free at the sites of a frame."""
    return [one["properties"]["available"] for one in frame["data"]["features"]]


def until(app, kind, is_it):
    """The first frame of this kind that is meant; those before tell how it stood earlier."""
    while True:
        frame = app.hear(kind)
        if is_it(frame["data"]):
            return frame


def shows(available):
    """Whether a frame of markers has one with so many free."""
    return lambda data: [one["properties"]["available"] for one in data["features"]] == [available]


def watching(app, place):
    """The app watches markers around a site, which is free and known by now."""
    answer = app.ask("subscribe", {"topic": "markers", "filter": place.around}, "7")
    assert answer["data"] == {"success": True, "topic": "markers"}
    place.says("Preparing")  # so that everybody looks
    return until(app, "markers_update", shows(1))


def test_markers_are_told_whole_and_then_as_they_change(app, place):
    watching(app, place)
    place.says("Charging")
    frame = until(app, "markers_update", shows(0))
    assert frame["data"]["topic"] == "markers"
    assert frame["data"]["complete"] is False
    assert frame["data"]["removed"] == []
    [marker] = frame["data"]["features"]
    assert marker["geometry"]["type"] == "Point"
    assert marker["properties"] == {
        "siteId": place.number,
        "name": marker["properties"]["name"],
        "available": 0,
        "total": 1,
    }


def test_who_comes_again_is_told_how_it_stands_now(server, ann, app, place):
    watching(app, place)
    place.says("Charging")
    until(app, "markers_update", shows(0))
    with App(server) as again:
        again.log_in(ann[1])
        again.ask("subscribe", {"topic": "markers", "filter": place.around})
        frame = again.hear("markers_update")
    assert frame["data"]["complete"] is True
    assert free(frame) == [0]


def test_another_filter_takes_the_place_of_the_one_before(app, place):
    watching(app, place)
    app.say("subscribe", {"topic": "markers", "filter": {**place.around, "minPower": 500}}, "8")
    assert app.hear("subscribe_response")["replyTo"] == "8"
    frame = until(app, "markers_update", lambda data: data["complete"])
    assert frame["data"]["features"] == []


def test_a_site_is_told_in_groups(app, place):
    watching(app, place)
    assert app.ask("subscribe", {"topic": place.topic})["data"]["topic"] == place.topic
    data = app.hear("site_update")["data"]
    assert (data["topic"], data["siteId"]) == (place.topic, place.number)
    [group] = data["site"]["groups"]
    assert (group["connectorType"], group["powerKw"], group["available"]) == ("Type 2", 22.0, 1)
    [connector] = group["availableConnectors"]
    assert connector["chargePointId"] == place.station.cp_id
    assert connector["connectorId"] == 1
    place.says("Faulted")
    data = until(app, "site_update", lambda data: data["site"]["available"] == 0)["data"]
    assert data["site"]["groups"][0]["availableIds"] == []


def test_after_the_answer_to_unsubscribe_nothing_comes(server, ann, app, place):
    watching(app, place)
    answer = app.ask("unsubscribe", {"topic": "markers"}, "9")
    assert answer["type"] == "unsubscribe_response"
    assert answer["data"] == {"success": True, "topic": "markers"}
    heard = len(app.heard)
    with App(server) as other:
        other.log_in(ann[1])
        watching(other, place)
        place.says("Charging")
        until(other, "markers_update", shows(0))
    app.ask("heartbeat", {}, "10")
    assert {frame["type"] for frame in app.heard[heard:]} == {"heartbeat"}


def test_a_login_begins_without_topics(server, ann, app, place):
    watching(app, place)
    app.log_in(ann[1])
    heard = len(app.heard)
    with App(server) as other:
        other.log_in(ann[1])
        watching(other, place)
        place.says("Charging")
        until(other, "markers_update", shows(0))
    app.ask("heartbeat", {}, "10")
    assert "markers_update" not in {frame["type"] for frame in app.heard[heard:]}


def test_who_is_limited_is_told_of_their_sites_only(server, station, place):
    theirs = a_driver(server, f"limited-{place.number}", f"LIMITED-{place.number}")
    other = int(
        run(
            server,
            "from stations.models import Site; print(Site.objects.create("
            f'name="Other {place.number}").pk)',
        )[-1]
    )
    run(server, _LIMIT.format(user=theirs[0], site=other))
    with App(server) as app:
        app.log_in(theirs[1])
        answer = app.ask("subscribe", {"topic": place.topic})
        assert answer["error"]["code"] == "SITE_NOT_FOUND"
        app.ask("subscribe", {"topic": "markers", "filter": place.around})
        assert app.hear("markers_update")["data"]["features"] == []
        assert app.ask("subscribe", {"topic": f"site:{other}"})["data"]["success"] is True


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({}, "MISSING_PARAMETERS", "topic"),
        ({"topic": "weather"}, "INVALID_REQUEST", "topic"),
        ({"topic": ["markers"]}, "INVALID_REQUEST", "topic"),
        ({"topic": "markers", "filter": 5}, "INVALID_REQUEST", "filter"),
        ({"topic": "markers", "filter": {"minPrice": "x"}}, "INVALID_REQUEST", "minPrice"),
        ({"topic": "markers", "filter": {"message": 1}}, "INVALID_REQUEST", "message"),
        ({"topic": "site:1", "filter": {"bbox": "1,2,3,4"}}, "INVALID_REQUEST", "bbox"),
        ({"topic": "site:999999999999999999"}, "SITE_NOT_FOUND", None),
    ],
)
def test_what_cannot_be_watched_is_refused_by_field(app, data, code, field):
    answer = app.ask("subscribe", data)
    assert answer["type"] == "error"
    assert answer["error"]["code"] == code
    assert list(answer["error"]["details"]) == ([field] if field else [])


def test_before_a_login_nothing_is_watched(server):
    with App(server) as app:
        answer = app.ask("subscribe", {"topic": "markers"})
    assert answer["error"]["code"] == "NOT_AUTHENTICATED"


def test_an_app_watches_so_many_topics_at_most(server, ann, place):
    numbers = run(
        server,
        "from stations.models import Site\n"
        f"rows = [Site.objects.create(name=f'Many {place.number} {{n}}') for n in range(21)]\n"
        "print(*[row.pk for row in rows])",
    )[-21:]
    with App(server) as app:
        app.log_in(ann[1])
        answers = [app.ask("subscribe", {"topic": f"site:{number}"}) for number in numbers]
    assert [answer["type"] for answer in answers] == ["subscribe_response"] * 20 + ["error"]
