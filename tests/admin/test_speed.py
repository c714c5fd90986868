"""A page of fifty rows: every list within its queries, and nothing made fifty times in vain."""

from __future__ import annotations

import re
from typing import Any
from unittest import mock

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from unfold.admin import checkbox
from unfold.templatetags import unfold_list

from cms.accounts.models import SiteLimit, User
from cms.shared.admin import repeated
from rfid.models import RfidCard
from stations.models import ChargingStation, Site
from tests.admin import test_lists

full = test_lists.full  # the fixture
CARDS = "/admin/rfid/rfidcard/"
STATIONS = "admin:stations_chargingstation_changelist"


@pytest.fixture
def operator(full: None) -> Client:
    """The browser of an operator who is limited to one site."""
    user = User.objects.create_user("operator", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    SiteLimit.objects.create(user=user, site=Site.objects.earliest("pk"))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("part", ["errands", "tab/details"])
def test_a_part_of_a_stations_page_takes_few_queries(
    part: str, world: dict[type[Model], Any], root: Client
) -> None:
    address = f"/admin/stations/chargingstation/{world[ChargingStation].pk}/{part}/"
    with CaptureQueriesContext(connection) as queries:
        page = root.get(address)
    assert page.status_code == 200
    assert len(queries) <= 8, "\n".join(query["sql"] for query in queries)


def test_the_page_of_a_station_looks_its_station_up_once(
    station: ChargingStation, root: Client
) -> None:
    with CaptureQueriesContext(connection) as queries:
        root.get(reverse("admin:stations_chargingstation_change", args=[station.pk]))
    for table in ("chargingstation", "connector"):
        asked = [one["sql"] for one in queries if f'FROM "stations_{table}"' in one["sql"]]
        assert len(asked) == 1, asked


@pytest.mark.parametrize("who", ["root", "operator"])
def test_every_list_there_is_takes_few_queries(
    who: str, full: None, request: pytest.FixtureRequest
) -> None:
    client = request.getfixturevalue(who)
    beyond, seen = {}, 0
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        with CaptureQueriesContext(connection) as queries:
            seen += client.get(reverse(f"admin:{name}_changelist")).status_code == 200
        if len(queries) > test_lists.BUDGET:
            beyond[name] = len(queries)
    assert beyond == {}
    assert seen > 20


def test_the_tabs_of_cards_are_counted_by_one_query(full: None, root: Client) -> None:
    RfidCard.objects.filter(id_tag__in=["TAG001", "TAG002"]).update(status="Blocked")
    with CaptureQueriesContext(connection) as queries:
        tabs = root.get(CARDS).context["card_tabs"]
    assert [tab.number for tab in tabs[:4]] == ["60", "58", "2", "0"]
    assert len([query for query in queries if "SUM(1) FROM" in query["sql"]]) == 1


def test_the_tabs_of_no_cards_say_so(root: Client) -> None:
    assert [tab.number for tab in root.get(CARDS).context["card_tabs"][:4]] == ["0"] * 4


def test_the_headers_of_a_list_are_made_once_for_all_rows(full: None, root: Client) -> None:
    label = unfold_list.label_for_field
    with mock.patch.object(unfold_list, "label_for_field", side_effect=label) as asked:
        columns = root.get(reverse(STATIONS)).context["cl"].list_display
    assert [call.args[0] for call in asked.call_args_list] == columns


def test_each_row_has_a_box_with_its_own_number(full: None, root: Client) -> None:
    response = root.get(reverse(STATIONS))
    boxes = re.findall(r'<input[^>]*name="_selected_action"[^>]*>', response.content.decode())
    numbers = [re.search(r'value="(\d+)"', box)[1] for box in boxes]  # type: ignore[index]
    assert numbers == [str(row.pk) for row in response.context["cl"].result_list]


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_box_is_that_of_unfold_in_each_language(language: str) -> None:
    with translation.override(language):
        assert repeated.box('7"') == checkbox.render("_selected_action", '7"')


def test_the_menu_of_a_row_leads_to_its_dialogs(station: ChargingStation, root: Client) -> None:
    content = root.get(reverse(STATIONS)).content.decode()
    for name in ("remote_start", "reset"):
        address = reverse(f"admin:stations_chargingstation_{name}", args=[station.pk])
        assert content.count(f'href="{address}"') == 1
        assert content.count(f'hx-get="{address}"') == 1


def test_the_menu_of_each_row_is_its_own(full: None, root: Client) -> None:
    response = root.get(reverse(STATIONS))
    content = response.content.decode()
    for row in response.context["cl"].result_list:
        address = reverse("admin:stations_chargingstation_reset", args=[row.pk])
        assert content.count(f'href="{address}"') == 1
        assert content.count(f'x-ref="rowDropdown{row.pk}"') == 1
    assert str(repeated._NUMBER) not in content
