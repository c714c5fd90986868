"""The page of a station: its head, what may be commanded, its connectors, its tabs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ocpp_gateway.v16 import COMMANDS
from stations.admin import menu
from stations.models import (
    ChargingStation,
    Command,
    MeterValue,
    SessionLimit,
)
from stations.services import stations
from tests.admin.dialogs import address, behind, press
from tests.billing import charging

# Through which dialog each command of OCPP is reached
REACHED = {
    "CancelReservation": "cancel_reservation",
    "CertificateSigned": "certificate_signed",
    "ChangeAvailability": "change_availability",
    "ChangeConfiguration": "change_configuration",
    "ClearCache": "clear_cache",
    "ClearChargingProfile": "clear_charging_profile",
    "DataTransfer": "data_transfer",
    "DeleteCertificate": "delete_certificate",
    "ExtendedTriggerMessage": "extended_trigger",
    "GetCompositeSchedule": "composite_schedule",
    "GetConfiguration": "get_configuration",
    "GetDiagnostics": "get_log",
    "GetInstalledCertificateIds": "read_certificates",
    "GetLocalListVersion": "list_version",
    "GetLog": "get_log",
    "InstallCertificate": "install_certificate",
    "RemoteStartTransaction": "remote_start",
    "RemoteStopTransaction": "remote_stop",
    "ReserveNow": "reserve",
    "Reset": "reset",
    "SendLocalList": "send_local_list",
    "SetChargingProfile": "set_charging_profile",
    "SignedUpdateFirmware": "update_firmware",
    "TriggerMessage": "trigger_message",
    "UnlockConnector": "unlock_connector",
    "UpdateFirmware": "update_firmware",
}
LOOKS = ("stations.view_chargingstation", "stations.view_chargingsession")


def page(client: Client, station: ChargingStation, **query: str) -> str:
    found = client.get(reverse("admin:stations_chargingstation_change", args=[station.pk]), query)
    return found.content.decode()


def live(client: Client, station: ChargingStation) -> str:
    found = reverse("admin:stations_chargingstation_live", args=[station.pk])
    return client.get(found).content.decode()


def test_every_command_of_ocpp_is_reached_from_the_page(station, root):
    assert REACHED.keys() == COMMANDS.keys()
    shown = page(root, station)
    for action in REACHED.values():
        assert action in menu.ACTIONS
        assert f'href="{address(action, station)}"' in shown, action


def test_the_menu_has_only_what_one_may_do(station, client_with):
    support = client_with(*LOOKS, "stations.serve_driver")
    shown = page(support, station)
    assert address("unlock_connector", station) in shown
    for action in ("reset", "new_key", "update_firmware", "apply_template", "reserve"):
        assert address(action, station) not in shown


def test_of_a_station_that_is_away_only_what_needs_no_station_can_be_pressed(offline, root):
    shown = page(root, offline)
    for action in ("list_policy", "new_key", "apply_template"):
        assert f'href="{address(action, offline)}"' in shown
    for action in ("remote_start", "reset", "get_log"):
        assert address(action, offline) not in shown
    assert "It is offline: nothing can be sent until it connects again." in shown


def test_a_pending_station_charges_nobody_and_says_so(station, root):
    stations.change(station=station, registration="Pending")
    shown = page(root, station)
    assert "it charges nobody until it is accepted" in shown
    assert address("remote_start", station) not in shown
    assert f'href="{address("reset", station)}"' in shown


@pytest.mark.parametrize("state", ["Accepted", "Pending", "Rejected"])
def test_only_who_is_not_in_yet_may_be_accepted(station, root, state):
    stations.change(station=station, registration=state)
    shown = page(root, station)
    assert (f'href="{address("accept_station", station)}"' in shown) == (state != "Accepted")


def test_a_rejected_station_is_asked_nothing_and_says_so(station, root):
    stations.change(station=station, registration="Rejected")
    shown = page(root, station)
    assert "Its registration is rejected: it is asked nothing." in shown
    for action in ("remote_start", "reset", "get_log", "trigger_message"):
        assert f'href="{address(action, station)}"' not in shown
    assert f'href="{address("new_key", station)}"' in shown


def test_there_is_no_switch_to_mark_a_station_online(station, root):
    form = root.get(reverse("admin:stations_chargingstation_change", args=[station.pk]))
    fields = form.context["adminform"].form.fields
    assert not {"online", "last_seen_at", "firmware_version", "connection_id"} & fields.keys()


def test_an_error_is_said_in_plain_language_with_the_codes_beside(station, root):
    station.connectors.filter(connector_id=1).update(
        status="Faulted", error_code="GroundFailure", vendor_error_code="E42"
    )
    shown = live(root, station)
    assert "The ground fault breaker tripped." in shown
    assert "GroundFailure · E42" in shown


def test_a_connector_shows_what_it_charges_how_fast_and_for_whom(session, root):
    session.connector.max_power_w = 22000
    session.connector.save()
    MeterValue.objects.create(
        connector=session.connector,
        session=session,
        sampled_at=timezone.now() - timedelta(minutes=5),
        received_at=timezone.now(),
        energy_wh=5000,
        power_w=7000,
        raw="[]",
        fingerprint=2,
    )
    shown = live(root, session.station)
    assert "11.0 kW" in shown
    assert "22.0 kW" in shown
    assert "width: 50%" in shown
    assert "5.250 kWh" in shown
    assert "Van 7" in shown
    assert "from 7.0 to 11.0 kW, now 11.0 kW" in shown


def test_what_a_session_costs_so_far_is_shown_to_whom_may_see_bills(db, root, client_with):
    charging.everywhere()
    charging.a_driver()
    station = charging.a_station()
    begun = charging.given.begin(station).transaction_id
    charging.given.meter(charging.given.a_reading(station, begun, energy=11_000))
    assert "3.57 EUR" in live(root, station)
    assert "3.57 EUR" in live(client_with(*LOOKS, "billing.view_sessionbill"), station)
    assert "EUR" not in live(client_with(*LOOKS), station)


def test_numbers_of_cards_are_masked_for_whom_may_not_see_them(session, client_with):
    looks = client_with(*LOOKS, "stations.view_command")
    for shown in (live(looks, session.station), behind(looks, "sessions", session.station)):
        assert "04AABBCC" not in shown
        assert "••••BBCC" in shown
        assert "Van 7" not in shown
    numbers = client_with(*LOOKS, "rfid.view_number")
    assert "04AABBCC" in live(numbers, session.station)
    serves = client_with(*LOOKS, "stations.serve_driver", "stations.view_command")
    opened = serves.get(address("remote_stop", session.station)).content.decode()
    assert "••••BBCC" in opened
    assert "04AABBCC" not in opened


def test_the_cards_of_commands_are_masked_as_well(station, card, root, client_with):
    press(root, "remote_start", station, id_tag=card.id_tag, connector_id="1")
    assert "04AABBCC" in behind(root, "commands", station)
    looks = client_with(*LOOKS, "stations.view_command")
    assert "04AABBCC" not in behind(looks, "commands", station)


def test_who_may_not_see_sessions_sees_none_on_a_connector(session, client_with):
    shown = live(client_with("stations.view_chargingstation"), session.station)
    assert "5.250" not in shown
    assert f"#{session.pk}" not in shown


def test_a_limit_shows_on_its_connector(session, root):
    command = Command.objects.create(
        station=session.station,
        action="RemoteStartTransaction",
        requested_at=timezone.now(),
        send_before=timezone.now(),
    )
    SessionLimit.objects.create(command=command, session=session, energy_wh=20_000, minutes=90)
    assert "20 kWh, 90 min" in live(root, session.station)


def test_the_page_and_its_parts_ask_the_database_little(world, root, monkeypatch):
    station = world[ChargingStation]
    parts = {
        "change": 15,
        "live": 8,
        "sessions_tab": 8,
        "log_tab": 8,
        "configuration_tab": 8,
        "commands_tab": 8,
        "details_tab": 15,
        "history_tab": 8,
        "errands": 12,
    }
    used = {}
    for part in parts:
        url = reverse(f"admin:stations_chargingstation_{part}", args=[station.pk])
        root.get(url)  # what is looked up once for the process
        with CaptureQueriesContext(connection) as queries:
            assert root.get(url).status_code == 200
        used[part] = len(queries)
    assert {part: used[part] for part in parts if used[part] > parts[part]} == {}, used
