"""The home page: what it shows to whom, its queue's buttons, snoozing, and its budget."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.admin.revenue import Revenue
from billing.models import Payment
from cms.home import cards
from stations.models import (
    ChargingSession,
    ChargingStation,
    EnergyHour,
    HappeningKind,
    NetworkHour,
    Snooze,
)
from stations.services import energy_hours, happenings, network_hours

BUDGET = 10


def home(client, name="", **query):
    """The page, or a part of it, as text."""
    address = reverse("home_part", args=[name]) if name else reverse("admin:index")
    response = client.get(address, query)
    assert response.status_code == 200
    return response.content.decode()


def found(pattern, html):
    """The first group of a pattern that is there."""
    match = re.search(pattern, html)
    assert match, pattern
    return match[1]


def card(html, name):
    """What a card says."""
    shown = re.search(rf'<a class="vd-card" id="home-card-{name}".*?</a>', html, re.S)
    return " ".join(re.sub("<[^>]*>", " ", shown[0]).split()) if shown else None


@pytest.fixture
def faulted(station):
    """A connector that has been faulted for long."""
    long_ago = timezone.now() - timedelta(minutes=20)
    connector = station.connectors.get(connector_id=1)
    connector.status, connector.error_code = "Faulted", "GroundFailure"
    connector.status_since = connector.status_received_at = long_ago
    connector.save()
    return connector


def test_everything_on_the_page_takes_few_queries(world, faulted, root):
    energy_hours.roll_up(at=timezone.now())
    network_hours.note(at=timezone.now())
    for address in (
        reverse("admin:index"),
        *(reverse("home_part", args=[name]) for name in ("now", "charts", "ticker", "everything")),
    ):
        root.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert root.get(address).status_code == 200
        assert len(queries) <= BUDGET, "\n".join(query["sql"] for query in queries)


def test_the_cards_say_what_there_is_now(session, root):
    EnergyHour.objects.create(
        session=session,
        station=session.station,
        hour=timezone.now().replace(minute=0, second=0, microsecond=0),
        energy_wh=4250,
    )
    html = home(root)
    assert card(html, "online").startswith("Online 1 / 1")
    assert "1" in card(html, "charging")
    assert "11.0" in card(html, "charging")
    assert "nothing to compare yet" in card(html, "charging")
    assert card(html, "energy").startswith("Energy today 4.250 kWh")


def test_each_card_is_compared_with_the_same_hour_last_week(session, root):
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(days=7)
    NetworkHour.objects.create(
        site=session.station.site,
        hour=hour,
        stations=3,
        online=3,
        charging=1,
        power_w=1000,
        attention=0,
    )
    html = home(root)
    assert "2 fewer than last week at this time" in card(html, "online")
    assert "the same as last week at this time" in card(html, "charging")


def test_revenue_is_for_whom_may_see_reports_and_for_nobody_else(session, client_with):
    everything_else = client_with("stations.view_chargingstation", "stations.view_chargingsession")
    finance = client_with("billing.view_report")
    assert card(home(everything_else), "revenue") is None
    assert card(home(finance), "revenue").startswith("Revenue today 0")
    assert card(home(finance), "online") is None


def test_who_may_see_no_sessions_sees_none_anywhere(session, client_with):
    at = timezone.now()
    ChargingSession.objects.update(start_received_at=at - timedelta(hours=1))
    more = {"station_id": session.station_id, "at": at, "detail": "04AABBCC"}
    happenings.note(HappeningKind.SESSION_BEGAN, number=session.pk, **more)
    happenings.note(HappeningKind.CARD_REFUSED, **more)
    html = home(client_with("stations.view_chargingstation"))
    assert card(html, "charging") is None
    assert card(html, "energy") is None
    assert "home-energy-data" not in html
    assert "04AABBCC" not in html
    assert "Stuck" not in html
    assert str(session.pk) in home(
        client_with("stations.view_chargingstation", "stations.view_chargingsession")
    )


def test_who_may_see_nothing_sees_nothing(world, faulted, client_with):
    for name in ("", "now", "charts", "ticker", "everything"):
        html = home(client_with(), name)
        assert "CP-0001" not in html
        assert 'class="vd-card"' not in html


@pytest.mark.parametrize(
    ("permissions", "button"),
    [
        (["stations.view_chargingstation", "stations.add_command"], "Reset…"),
        (["stations.view_chargingstation"], "Open"),
    ],
)
def test_a_row_offers_what_its_reader_may_do(faulted, client_with, permissions, button):
    html = home(client_with(*permissions), "now")
    row = html[html.index('id="home-queue"') :]
    assert "GroundFailure" in row
    assert button in row
    assert "Snooze" not in row


def test_a_pending_station_is_let_in_by_a_dialog(root, client_with):
    station = ChargingStation.objects.create(cp_id="CP-NEW", registration="Pending")
    address = reverse("admin:stations_chargingstation_accept_station", args=[station.pk])
    ChargingStation.objects.create(cp_id="CP-OLD")
    assert address in home(root, "now")
    assert client_with("stations.view_chargingstation").post(address).status_code == 403
    token = found(r'name="token" value="([^"]+)"', root.get(address).content.decode())
    root.post(address, {"token": token})
    station.refresh_from_db()
    assert station.registration == "Accepted"
    assert "accepted already" in root.get(address).content.decode()


def test_a_failed_payment_is_in_the_queue_of_whom_may_see_payments(world, client_with):
    Payment.objects.update(error="card_declined", changed_at=timezone.now())
    assert "card_declined" in home(client_with("billing.view_payment"), "now")
    assert "card_declined" not in home(client_with("stations.view_chargingstation"), "now")


def test_what_is_snoozed_is_hidden_counted_and_shown_again(faulted, root):
    said = {"kind": "faulted", "subject": faulted.pk}
    assert root.post(reverse("home_snooze"), said).status_code == 302
    html = home(root, "now")
    assert "GroundFailure" not in html
    assert "1 snoozed" in html
    assert card(html, "attention").startswith("Needs attention 0")
    html = home(root, "now", snoozed=1)
    assert "GroundFailure" in html
    assert "by root" in html
    root.post(reverse("home_snooze"), {**said, "wake": "1"}, headers={"HX-Request": "true"})
    assert "snoozed" not in home(root, "now")


def test_snoozing_needs_its_permission_and_something_one_sees(faulted, client_with):
    said = {"kind": "faulted", "subject": faulted.pk}
    address = reverse("home_snooze")
    assert client_with("stations.view_chargingstation").post(address, said).status_code == 403
    assert client_with("stations.add_snooze").post(address, said).status_code == 404
    may = client_with("stations.add_snooze", "stations.view_chargingstation")
    assert may.get(address).status_code == 405
    assert may.post(address, {"kind": "faulted", "subject": "x"}).status_code == 404
    assert not Snooze.objects.exists()
    assert may.post(address, said).status_code == 302


def test_the_charts_are_tables_too(session, root):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    EnergyHour.objects.create(session=session, station=session.station, hour=hour, energy_wh=4250)
    html = home(root, "charts")
    assert "4.250" in html
    assert re.search(r"Charging</th><td[^>]*>1<", html)
    assert len(re.findall(r'<th scope="row">\d\d:\d\d<', html)) == 24


def test_the_ticker_tells_of_one_kind_where_one_is_chosen(station, root):
    at = timezone.now()
    happenings.note(HappeningKind.FAULT, station_id=station.pk, at=at, detail="GroundFailure")
    happenings.note(HappeningKind.ONLINE, station_id=station.pk, at=at)
    assert home(root, "ticker").count("data-happening") == 2
    assert home(root, "ticker", kind="Fault").count("data-happening") == 1
    assert home(root, "ticker", kind="Nonsense").count("data-happening") == 2


def test_the_first_station_is_added_on_the_spot_and_its_password_shown_once(root):
    assert "No station yet" in home(root)
    shown = root.post(reverse("home_first"), {"cp_id": "CP 7"}).content.decode()
    password = found(r'id="first-password" tabindex="0">([^<]+)<', shown)
    assert "ws://testserver/ocpp/CP%207" in shown
    station = ChargingStation.objects.get(cp_id="CP 7")
    assert station.key_hash
    again = home(root)
    assert "Waiting for its BootNotification" in again
    assert password not in again


def test_a_first_station_that_cannot_be_is_refused_beside_its_field(root):
    shown = root.post(reverse("home_first"), {"cp_id": "a/b"}).content.decode()
    assert "No slashes" in shown
    assert 'value="a/b"' in shown
    assert not ChargingStation.objects.exists()


def test_who_may_add_no_station_is_not_offered_it(client_with):
    viewer = client_with("stations.view_chargingstation")
    html = home(viewer)
    assert "Have somebody who may add stations do this." in html
    assert viewer.post(reverse("home_first"), {"cp_id": "X"}).status_code == 403


def test_a_station_that_said_hello_ends_the_guide(root, client_with):
    station = ChargingStation.objects.create(cp_id="CP-1")
    waiting = reverse("home_waiting", args=[station.pk])
    assert "Waiting for its BootNotification" in root.get(waiting).content.decode()
    now = timezone.now()
    ChargingStation.objects.update(last_boot_at=now, last_seen_at=now, vendor="ABB")
    assert "CP-1 is here" in root.get(waiting).content.decode()
    assert client_with().get(waiting).status_code == 403
    assert "home-first" not in home(root)


def test_revenue_is_in_one_currency_and_names_the_others(session, root):
    sums = [("EUR", Decimal("12.50"), Decimal("10.00")), ("CHF", Decimal("3.00"), Decimal(0))]
    [shown] = cards.of_revenue(Revenue(sums))
    assert (shown["value"], shown["note"]) == ("12.50 EUR", "and 3.00 CHF")
    assert shown["compared"] == "25 % more than last week at this time"
