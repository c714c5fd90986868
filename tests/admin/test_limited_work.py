"""Who is limited to a site does their work there as anybody would: what they press is done."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from cms.accounts.models import User
from rfid.models import RfidCard
from stations.models import ChargingStation, Command, Registration, Reservation, Site
from tests.admin.dialogs import press

COMMANDS = {
    "reset": ({"kind": "Soft"}, "Reset"),
    "trigger_message": ({"message": "Heartbeat"}, "TriggerMessage"),
    "clear_cache": ({}, "ClearCache"),
}


@pytest.fixture
def site(station: ChargingStation) -> Site:
    """Where the station stands, and one where it does not."""
    Site.objects.create(name="Southern works")
    assert station.site is not None
    return station.site


@pytest.fixture
def operator(site: Site) -> Client:
    """An operator of that site only."""
    user = User.objects.create_user("olga", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    user.sites.set([site])
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("action", ["reset", "trigger_message", "clear_cache"])
def test_their_station_is_sent_what_they_press(operator, station, action):
    fields, name = COMMANDS[action]
    press(operator, action, station, **fields)
    assert Command.objects.get().action == name
    assert Command.objects.get().station == station


def test_they_start_a_session_there(operator, station, card):
    press(operator, "remote_start", station, id_tag=card.id_tag, connector_id="1")
    assert Command.objects.get().payload == {"idTag": card.id_tag, "connectorId": 1}


def test_they_reserve_there_and_cancel(operator, station, card):
    press(operator, "reserve", station, connector_id=1, id_tag=card.id_tag, minutes=45)
    reservation = Reservation.objects.get()
    assert reservation.station == station
    press(operator, "cancel", reservation)
    reservation.refresh_from_db()
    assert reservation.status != "Active"


def test_they_take_a_station_of_theirs_into_service(operator, station):
    ChargingStation.objects.update(registration=Registration.PENDING)
    press(operator, "accept_station", station)
    station.refresh_from_db()
    assert station.registration == Registration.ACCEPTED


def test_they_block_a_card_which_is_everybodys(operator, card):
    press(operator, "block", card, reason="lost")
    assert RfidCard.objects.get(pk=card.pk).status == "Blocked"


def test_they_settle_a_case_of_their_station(operator, orphan):
    press(operator, "discard", orphan, why="counted twice")
    orphan.refresh_from_db()
    assert orphan.resolution


def test_they_add_a_station_at_their_site_and_at_no_other(operator, site):
    address = reverse("admin:stations_chargingstation_add")
    fields = {"cp_id": "NEW-1", "name": "", "time_zone": "UTC", "heartbeat_interval_s": ""}
    fields |= {"registration": "Accepted", "site": site.pk}
    shown = operator.get(address).content.decode()
    assert "North" in shown
    assert "Southern works" not in shown
    elsewhere = Site.objects.get(name="Southern works").pk
    assert operator.post(address, {**fields, "site": elsewhere}).status_code == 200
    assert not ChargingStation.objects.filter(cp_id="NEW-1").exists()
    assert operator.post(address, fields).status_code == 302
    assert ChargingStation.objects.get(cp_id="NEW-1").site == site
