"""The list of stations: its tabs, rows that open lazily and renew themselves, menus that obey."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stations.models import ChargingStation, Connector, Site

LIST = "admin:stations_chargingstation_changelist"
ROWS = "admin:stations_chargingstation_rows"
BUDGET = 12


@pytest.fixture
def fleet(db):
    """A hundred stations at two sites: most are there, some are away, faulted or pending."""
    sites = [Site.objects.create(name=name) for name in ("North", "South")]
    now = timezone.now()
    for number in range(100):
        station = ChargingStation.objects.create(
            cp_id=f"CP-{number:03}",
            site=sites[number % 2],
            online=number >= 10,
            connection_id="socket" if number >= 10 else "",
            registration="Pending" if number in (20, 21, 22) else "Accepted",
            connected_profile=1,
            last_seen_at=now,
        )
        for connector_id in (1, 2):
            status = "Faulted" if number in (30, 31) else "Available"
            Connector.objects.create(station=station, connector_id=connector_id, status=status)


def shown(client, **query):
    return client.get(reverse(LIST), query)


def counts(response):
    return {tab["name"]: tab["count"] for tab in response.context["tabs"]}


def names(response):
    return [station.cp_id for station in response.context["cl"].result_list]


def test_a_hundred_rows_take_few_queries(fleet, root):
    with CaptureQueriesContext(connection) as queries:
        response = shown(root, all="")
    assert len(names(response)) == 100
    assert len(queries) <= BUDGET, "\n".join(query["sql"] for query in queries)


def test_the_tabs_count_by_one_query(fleet, root):
    with CaptureQueriesContext(connection) as queries:
        response = shown(root)
    assert counts(response) == {
        "all": 100,
        "online": 90,
        "offline": 10,
        "faulted": 2,
        "pending": 3,
    }
    assert sum("is_faulted" in query["sql"] or "EXISTS" in query["sql"] for query in queries) == 1


@pytest.mark.parametrize(
    ("tab", "found"),
    [("faulted", ["CP-030", "CP-031"]), ("pending", ["CP-020", "CP-021", "CP-022"])],
)
def test_a_tab_shows_its_stations(fleet, root, tab, found):
    assert names(shown(root, tab=tab)) == found


def test_a_tab_nobody_knows_shows_all(fleet, root):
    assert len(names(shown(root, tab="nonsense"))) == 50


def test_tabs_keep_search_and_filters_and_count_under_them(fleet, root):
    north = Site.objects.get(name="North")
    response = shown(root, q="CP-0", tab="offline", site__id__exact=north.pk)
    assert names(response) == ["CP-000", "CP-002", "CP-004", "CP-006", "CP-008"]
    assert counts(response) == {"all": 50, "online": 45, "offline": 5, "faulted": 1, "pending": 2}
    [faulted] = [tab["url"] for tab in response.context["tabs"] if tab["name"] == "faulted"]
    kept = root.get(reverse(LIST) + faulted)
    assert names(kept) == ["CP-030"]


def test_the_form_of_the_filters_keeps_the_tab(fleet, root):
    page = shown(root, tab="faulted").content.decode()
    assert '<input type="hidden" name="tab" value="faulted">' in page


def test_a_page_says_what_it_shows_and_asks_for_just_that(fleet, root):
    response = shown(root, tab="faulted")
    numbers = [station.pk for station in response.context["cl"].result_list]
    assert response.context["shows"] == " ".join(f"station:{number}" for number in numbers)
    again = root.get(response.context["rows_url"]).content.decode()
    assert f'id="vd-live-state-{numbers[0]}"' in again
    assert '<b id="vd-live-tab-faulted">2</b>' in again
    others = ChargingStation.objects.exclude(pk__in=numbers).first()
    assert f"vd-live-state-{others.pk}" not in again


def test_rows_that_are_asked_for_anew_take_few_queries(fleet, root):
    address = shown(root).context["rows_url"]
    with CaptureQueriesContext(connection) as queries:
        root.get(address)
    assert len(queries) <= BUDGET


def test_rows_are_asked_for_in_vain_by_nonsense(fleet, root):
    for ids in ("", "x", "1,", "9" * 30, "-1"):
        response = root.get(reverse(ROWS), {"ids": ids})
        assert response.status_code == 200
        assert b"vd-live-state" not in response.content or ids == "1,"


def test_connectors_come_when_a_row_is_expanded(session, root):
    page = shown(root).content.decode()
    address = reverse("admin:stations_chargingstation_connectors", args=[session.station_id])
    assert f'hx-get="{address}" hx-trigger="intersect once"' in page
    opened = root.get(address).content.decode()
    assert "5.250" in opened
    assert reverse("admin:stations_chargingsession_change", args=[session.pk]) in opened


def test_who_may_not_see_sessions_sees_none_in_a_row(session, client_with):
    client = client_with("stations.view_chargingstation")
    address = reverse("admin:stations_chargingstation_connectors", args=[session.station_id])
    opened = client.get(address).content.decode()
    assert "Charging" in opened
    assert "5.250" not in opened
    assert "data-dialog" not in opened


@pytest.mark.parametrize(
    ("permission", "entries"),
    [
        ("stations.view_chargingstation", []),
        ("stations.serve_driver", ["remote_start", "remote_stop"]),
        ("ocpp_gateway.view_ocppmessage", ["open_log"]),
        ("stations.add_command", ["remote_start", "remote_stop", "reset"]),
    ],
)
def test_the_menu_of_a_row_has_what_one_may(station, client_with, permission, entries):
    client = client_with("stations.view_chargingstation", permission)
    menu = shown(client).context["actions_row"]
    prefix = "admin:stations_chargingstation_"
    assert [entry["raw_path"].removeprefix(prefix) for entry in menu] == entries


def test_the_log_of_a_station_opens_from_its_row(station, message, root):
    response = root.get(reverse("admin:stations_chargingstation_open_log", args=[station.pk]))
    followed = root.get(response["Location"])
    assert [row.pk for row in followed.context["cl"].result_list] == [message.pk]
