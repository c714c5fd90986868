"""Reservations and station keys: made, shown, given up, and unreadable where they are secret."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from stations.models import ChargingStation, Command, ConfigurationKey, Reservation
from stations.services import keys
from tests.admin.dialogs import HTMX, address, behind, press


def test_a_new_station_key_is_shown_once_and_stored_only_hashed(station, root):
    opened = root.get(address("new_key", station), **HTMX).content.decode()
    assert "shown once" in opened
    shown = press(root, "new_key", station)
    secret = shown.partition('id="secret" tabindex="0">')[2].partition("<")[0]
    station.refresh_from_db()
    assert keys.matches(station.key_hash, secret)
    page = root.get(reverse("admin:stations_chargingstation_change", args=[station.pk]))
    assert secret not in page.content.decode()
    assert station.key_hash not in page.content.decode()


def test_a_station_key_is_removed(station, root):
    keys.set_key(station=station)
    press(root, "remove_key", station)
    station.refresh_from_db()
    assert station.key_hash == ""


def test_a_connector_is_reserved_from_the_page_of_its_station(station, card, root):
    shown = press(root, "reserve", station, connector_id=1, id_tag=card.id_tag, minutes=45)
    reservation = Reservation.objects.get()
    assert reservation.expires_at - reservation.requested_at == timedelta(minutes=45)
    assert reservation.command is not None
    assert f"progress-{reservation.command.pk}" in shown


def test_a_reserved_connector_is_not_reserved_again(reservation, root):
    shown = press(root, "reserve", reservation.station, connector_id=1, id_tag="B", minutes=45)
    assert "is reserved already" in shown
    assert Reservation.objects.count() == 1


def test_a_connector_is_reserved_from_the_list(station, root):
    path = reverse("admin:stations_reservation_reserve")
    data = {"token": uuid.uuid4(), "connector_id": 0, "id_tag": "A1", "minutes": 10}
    wrong = root.post(path, {**data, "station": "nowhere"}, **HTMX)
    assert "There is no station with this identity." in wrong.content.decode()
    root.post(path, {**data, "station": "cp-0001"}, **HTMX)
    assert Reservation.objects.get().station == station


def test_a_reservation_is_cancelled(reservation, root):
    press(root, "cancel", reservation)
    command = Command.objects.get()
    assert (command.action, command.payload) == (
        "CancelReservation",
        {"reservationId": reservation.pk},
    )


def test_a_reservation_that_is_over_is_not_cancelled(reservation, root):
    Reservation.objects.update(status="Expired")
    assert "It is over already: Expired." in press(root, "cancel", reservation)
    assert not Command.objects.exists()


def test_buttons_of_a_station_that_is_away_are_off_and_say_why(station, root):
    live = reverse("admin:stations_chargingstation_live", args=[station.pk])
    start = f'href="{address("remote_start", station)}'
    assert start in root.get(live).content.decode()
    ChargingStation.objects.update(connection_id="")
    shown = root.get(live).content.decode()
    assert "Start here" in shown
    assert start not in shown
    assert "It is offline: nothing can be sent until it connects again." in shown


def test_secrets_are_masked_wherever_they_were_stored(station, root):
    now = timezone.now()
    ConfigurationKey.objects.create(
        station=station, key="AuthorizationKey", value="topsecret", read_at=now
    )
    command = Command.objects.create(
        station=station,
        action="ChangeConfiguration",
        payload={"key": "AuthorizationKey", "value": "topsecret"},
        answer={"configurationKey": [{"key": "AuthorizationKey", "value": "topsecret"}]},
        requested_at=now,
        send_before=now,
    )
    page = reverse("admin:stations_command_change", args=[command.pk])
    for content in (
        root.get(page).content.decode(),
        behind(root, "configuration", station),
        behind(root, "commands", station),
    ):
        assert "AuthorizationKey" in content
        assert "topsecret" not in content
