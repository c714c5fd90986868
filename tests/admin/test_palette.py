"""Ctrl-K: what one finds by typing, as far as one may see it, at a bounded price."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cms.accounts.models import User
from rfid.models import RfidCard
from stations.models import ChargingStation
from stations.services import stations
from tests.admin.dialogs import address

pytestmark = pytest.mark.django_db


def found(client: Client, text: str) -> dict[str, str]:
    """Titles, and where they lead."""
    page = client.get("/admin/search/", {"s": text, "extended": "1"}).content.decode()
    return {
        title: link for link, title in re.findall(r'href="([^"]+)"\s+data-title="([^"]+)"', page)
    }


def test_a_station_is_found_by_the_beginning_of_its_identity(root, station):
    assert (
        found(root, "cp-00")["CP-0001"] == f"/admin/stations/chargingstation/{station.pk}/change/"
    )


def test_a_session_is_found_by_its_number(root, session):
    assert found(root, f"#{session.pk}").keys() == {f"#{session.pk}"}


def test_a_card_is_found_by_the_beginning_of_its_tag(root, card):
    assert "04AABBCC" in found(root, "04aa")
    assert "04AABBCC" not in found(root, "04b")


def test_a_person_is_found_by_name(root):
    User.objects.create_user("adamant")
    assert "adamant" in found(root, "Adam")


def test_a_page_is_found_by_its_name(root):
    assert found(root, "tarif")["Tariffs"] == "/admin/billing/tariff/"


def test_a_command_opens_its_dialog_over_the_page_of_its_station(root, station):
    link = found(root, "change avail CP-0001")["Change availability CP-0001"]
    page, _, name = link.partition("#do=")
    assert page == f"/admin/stations/chargingstation/{station.pk}/change/"
    assert page.replace("change", name) == address("change_availability", station)


@pytest.mark.parametrize(
    "page", ["", "stations/chargingstation/", "stations/chargingstation/{}/change/"]
)
def test_every_page_has_a_button_for_who_has_no_ctrl_key(root, station, page):
    shown = root.get(f"/admin/{page.format(station.pk)}").content.decode()
    assert len(re.findall(r"<button[^>]* data-search", shown)) == 1


def test_only_who_is_not_in_yet_is_offered_to_be_accepted(root, station):
    assert found(root, "accept CP-0001") == {}
    stations.change(station=station, registration="Pending")
    assert found(root, "accept CP-0001").keys() == {"Accept CP-0001"}


def test_nobody_finds_what_they_may_not_see(client_with, station, card, session):
    client = client_with("billing.view_tariff")
    for text in ("CP-", "04AA", f"#{session.pk}", "root", "reset CP-0001"):
        assert found(client, text) == {}


def test_who_may_only_look_is_offered_no_command(client_with, station):
    client = client_with("stations.view_chargingstation")
    assert found(client, "reset CP-0001") == {}
    assert "CP-0001" in found(client, "CP-0001")


def test_a_few_rows_of_each_kind_are_enough(root):
    ChargingStation.objects.bulk_create(ChargingStation(cp_id=f"MANY-{n:03}") for n in range(30))
    RfidCard.objects.bulk_create(RfidCard(id_tag=f"MANY{n:03}") for n in range(30))
    assert len(found(root, "many")) <= 16


def test_it_costs_a_handful_of_queries(client_with, station, card, session):
    client = client_with(
        "stations.view_chargingstation",
        "stations.view_chargingsession",
        "stations.add_command",
        "rfid.view_rfidcard",
        "accounts.view_user",
    )
    found(client, "0")  # what is asked once only
    for text in ("CP-00", "04AA", f"{session.pk}", "reset CP-0001"):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            found(client, text)
        beyond_login = [each for each in asked if "django_session" not in each["sql"]]
        assert len(beyond_login) <= 9, [each["sql"][:90] for each in beyond_login]


def test_odd_texts_find_nothing_and_break_nothing(root):
    for text in ("\0", "%", "_", "#", "#99999999999", "'", "reset ", "  ", "ß" * 100):
        root.get("/admin/search/", {"s": text, "extended": "1"})


def test_nobody_from_outside_asks(client):
    assert client.get("/admin/search/", {"s": "CP"}).status_code == 302


def test_the_badge_names_the_installation(root, settings):
    settings.ENVIRONMENT_NAME = "Staging"
    assert "Staging" in root.get("/admin/").content.decode()
