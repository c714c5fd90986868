"""How the network stands for all who watch: what is read when something rings, and by what."""

from __future__ import annotations

import orjson
import pytest

from cms.maps import filters
from cms.maps.board import Board
from stations.models import ChargingStation, Connector, Registration, Site
from tests.maps.given import NOON, a_site, a_station, after, priced, status

pytestmark = pytest.mark.django_db
AC, DC = ("Type 2", 22, "Available"), ("CCS2", 150, "Available")


@pytest.fixture
def harbour() -> Site:
    """A site."""
    return a_site("Harbour")


@pytest.fixture
def station(harbour: Site) -> ChargingStation:
    """A station there with two outlets."""
    return a_station(harbour, "CP-1", AC, DC)


@pytest.fixture
def board(station: ChargingStation) -> Board:
    """A board that has looked, with a map and a site on it."""
    made = Board()
    made.look_at_all(NOON)
    return made


def counted(board: Board, **said: object) -> dict[str, tuple[int, int]]:
    """What is free at which site."""
    now = board.markers(filters.read(said)).now
    return {one.name: (one.available, one.total) for one in now.values()}


def written(board: Board, site: Site) -> dict:
    """What is told of a site."""
    shown = board.site(site.pk, filters.EVERYTHING, NOON).now.written
    assert shown is not None
    said: dict = orjson.loads(shown)
    return said


def test_what_changed_at_a_station_is_read_by_one_query(
    board, station, harbour, django_assert_num_queries
):
    assert counted(board) == {"Harbour": (2, 2)}
    assert written(board, harbour)["available"] == 2
    status(station, "Charging")
    with django_assert_num_queries(1):
        board.look_at([station.pk], NOON)
    assert counted(board) == {"Harbour": (1, 2)}
    assert written(board, harbour)["available"] == 1


def test_where_nothing_changed_nothing_is_new(board, station, harbour):
    before = board.markers(filters.EVERYTHING).now
    shown = board.site(harbour.pk, filters.EVERYTHING, NOON).now
    board.look_at([station.pk], NOON)
    board.look_at_all(NOON)
    assert board.markers(filters.EVERYTHING).now is before
    assert board.site(harbour.pk, filters.EVERYTHING, NOON).now is shown


def test_each_filter_is_counted_for_itself(board, station):
    wide, fast = counted(board), counted(board, connectorTypes="CCS2")
    status(station, "Charging", connector=2)
    board.look_at([station.pk], NOON)
    assert (wide, counted(board)) == ({"Harbour": (2, 2)}, {"Harbour": (1, 2)})
    assert (fast, counted(board, connectorTypes="CCS2")) == (
        {"Harbour": (1, 1)},
        {"Harbour": (0, 1)},
    )
    assert counted(board, connectorTypes="CCS2", freeOnly=True) == {}


def test_boxes_share_one_view(board):
    assert board.markers(filters.read({"bbox": "0,0,1,1"})) is board.markers(filters.EVERYTHING)


def test_a_station_that_goes_away_takes_its_outlets_along(board, station):
    counted(board)
    ChargingStation.objects.filter(pk=station.pk).update(online=False)
    board.look_at([station.pk], NOON)
    assert counted(board) == {"Harbour": (0, 2)}


@pytest.mark.parametrize("change", ["moved", "refused", "another outlet", "new station"])
def test_what_is_more_than_a_status_is_read_anew(board, station, harbour, change):
    counted(board)
    other, rung = a_site("Other"), station
    if change == "moved":
        ChargingStation.objects.filter(pk=station.pk).update(site=other)
        expected = {"Other": (2, 2)}
    elif change == "refused":
        ChargingStation.objects.filter(pk=station.pk).update(registration=Registration.REJECTED)
        expected = {}
    elif change == "another outlet":
        Connector.objects.create(station=station, connector_id=3, status="Available")
        expected = {"Harbour": (3, 3)}
    else:
        rung = a_station(other, "CP-2", AC)
        expected = {"Harbour": (2, 2), "Other": (1, 1)}
    board.look_at([rung.pk], NOON)
    assert counted(board) == expected


def test_a_station_that_stands_nowhere_changes_nothing(board, django_assert_num_queries):
    counted(board)
    nowhere = ChargingStation.objects.create(cp_id="NOWHERE")
    status(nowhere, "Available")
    with django_assert_num_queries(1):
        board.look_at([nowhere.pk], NOON)
    assert counted(board) == {"Harbour": (2, 2)}


def test_prices_and_names_are_read_with_everything(
    board, station, harbour, django_assert_num_queries
):
    assert counted(board, minPrice=0.5) == {}
    priced("everywhere", None, "0.50")
    Site.objects.filter(pk=harbour.pk).update(name="Port")
    assert written(board, harbour)["groups"][0]["price"] is None
    with django_assert_num_queries(4):
        board.look_at_all(after(1))
    assert counted(board, minPrice=0.5) == {"Port": (2, 2)}
    assert written(board, harbour)["groups"][0]["price"] == "0.50"


def test_a_site_that_goes_is_gone(board, station, harbour):
    counted(board)
    station.delete()
    harbour.delete()
    board.look_at_all(NOON)
    assert counted(board) == {}
    assert board.site(harbour.pk or 0, filters.EVERYTHING, NOON).now.written is None


def test_views_nobody_watches_are_forgotten(board):
    kept, gone = board.markers(filters.EVERYTHING), board.markers(filters.read({"minPower": 50}))
    board.keep(lambda view: view is kept)
    assert board.markers(filters.EVERYTHING) is kept
    assert board.markers(filters.read({"minPower": 50})) is not gone
