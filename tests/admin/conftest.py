"""One of everything the admin shows, and clients of people with and without rights."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from cms.accounts import keys
from cms.accounts.models import User
from ocpp_gateway.models import OcppMessage
from rfid.models import CardGroup, RfidCard
from stations.models import (
    ChargingSession,
    ChargingStation,
    Command,
    ConfigurationChange,
    ConfigurationKey,
    ConfigurationTemplate,
    Connector,
    FirmwareUpdate,
    LocalList,
    LogRequest,
    MeterValue,
    ProfileAssignment,
    Purpose,
    Quirk,
    QuirkTally,
    Reservation,
    ReviewCase,
    Site,
    StatusChange,
)
from stations.services import (
    charging_profiles,
    firmware,
    media,
    sessions,
    templates,
    transfers,
)
from tests.admin.given import card_rows, security_rows
from tests.admin.invoicing import invoice_rows
from tests.admin.money import wallet_rows
from tests.billing import charging

ClientFor = Callable[..., Client]


@pytest.fixture
def root(db: None) -> Client:
    """A superuser's browser."""
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "secret"))
    return client


@pytest.fixture
def client_with(db: None) -> ClientFor:
    """Makes the browser of a staff user with exactly these permissions (app.codename)."""

    def make(*permissions: str) -> Client:
        number = User.objects.count()
        user = User.objects.create_user(f"staff{number}", password="secret", is_staff=True)
        for name in permissions:
            app, codename = name.split(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def station(db: None) -> ChargingStation:
    """A station that is connected, with two connectors."""
    station = ChargingStation.objects.create(
        cp_id="CP-0001",
        vendor="Vendor",
        model="Model",
        site=Site.objects.create(name="North"),
        online=True,
        connection_id="socket",
        last_seen_at=timezone.now(),
    )
    Connector.objects.create(station=station, connector_id=0, status="Available")
    Connector.objects.create(station=station, connector_id=1, status="Available")
    Connector.objects.create(station=station, connector_id=2, status="Charging")
    return station


@pytest.fixture
def offline(db: None) -> ChargingStation:
    """A station that is away."""
    return ChargingStation.objects.create(cp_id="CP-OFF")


@pytest.fixture
def card(db: None) -> RfidCard:
    """An active card of a group."""
    group = CardGroup.objects.create(name="Fleet", parent_id_tag="FLEET")
    return RfidCard.objects.create(id_tag="04AABBCC", label="Van 7", group=group)


@pytest.fixture
def session(station: ChargingStation, card: RfidCard) -> ChargingSession:
    """A session under way on connector 2, with one meter value."""
    now = timezone.now()
    connector = station.connectors.get(connector_id=2)
    session = ChargingSession.objects.create(
        station=station,
        connector=connector,
        card=card,
        id_tag=card.id_tag,
        authorization="Accepted",
        started_at=now - timedelta(minutes=30),
        start_received_at=now - timedelta(minutes=30),
        meter_start_wh=1000,
        energy_wh=5250,
        power_w=11000,
    )
    MeterValue.objects.create(
        connector=connector,
        session=session,
        sampled_at=now,
        received_at=now,
        energy_wh=6250,
        power_w=11000,
        raw=json.dumps([{"value": "6250"}]),
        fingerprint=1,
    )
    return session


@pytest.fixture
def command(station: ChargingStation) -> Command:
    """A command that waits."""
    now = timezone.now()
    return Command.objects.create(
        station=station,
        action="RemoteStartTransaction",
        payload={"idTag": "04AABBCC", "connectorId": 1},
        requested_at=now,
        send_before=now + timedelta(seconds=30),
    )


@pytest.fixture
def message(station: ChargingStation) -> OcppMessage:
    """An exchange in the log."""
    return OcppMessage.objects.create(
        station=station,
        direction="Received",
        message_id="abc-1",
        action="Heartbeat",
        request='[2,"abc-1","Heartbeat",{}]',
        response='[3,"abc-1",{"currentTime":"2026-01-01T00:00:00Z"}]',
        at=timezone.now(),
        latency_ms=12,
    )


@pytest.fixture
def reservation(station: ChargingStation) -> Reservation:
    """A connector kept for a card."""
    now = timezone.now()
    return Reservation.objects.create(
        station=station,
        connector=station.connectors.get(connector_id=1),
        id_tag="04AABBCC",
        status="Accepted",
        requested_at=now,
        expires_at=now + timedelta(minutes=30),
    )


def an_arrived_file(name: str = "file.bin") -> media.Arrived:
    """A file as it lies there once it came in whole."""
    part = media.new_file()
    part.write_bytes(b"<script>")
    return media.Arrived(part, name, 8, "0" * 64)


@pytest.fixture
def orphan(station: ChargingStation) -> ReviewCase:
    """A stop without a start, which waits for somebody."""
    stop = sessions.Stop(4711, timezone.now(), 9000, id_tag="04AABBCC")
    sessions.end(station_id=station.pk, stop=stop, at=timezone.now())
    return ReviewCase.objects.get(kind="OrphanedStop")


@pytest.fixture
def assignment(station: ChargingStation) -> ProfileAssignment:
    """A named profile in force at a connector."""
    profile = charging_profiles.define(name="Night", periods=[{"startPeriod": 0, "limit": 16}])
    return ProfileAssignment.objects.create(
        station=station,
        connector=station.connectors.get(connector_id=1),
        profile=profile,
        number=1,
        purpose=profile.purpose,
        stack_level=0,
        sent=profile.as_sent(1),
        state="Accepted",
        answer="Accepted",
        requested_at=timezone.now(),
        answered_at=timezone.now(),
    )


@pytest.fixture
def tally(station: ChargingStation) -> QuirkTally:
    """Something a quirk is about, counted once."""
    quirk = Quirk.objects.create(name="rate_unit", value="W", vendor="Vendor")
    seen = {"first_seen_at": timezone.now(), "last_seen_at": timezone.now()}
    return QuirkTally.objects.create(station=station, kind="rate_unit", quirk=quirk, **seen)


@pytest.fixture
def world(
    root: Client,
    session: ChargingSession,
    command: Command,
    message: OcppMessage,
    reservation: Reservation,
    card: RfidCard,
    orphan: ReviewCase,
    assignment: ProfileAssignment,
    tally: QuirkTally,
) -> dict[type[Model], Any]:
    """One row of every model, by model."""
    now = timezone.now()
    station, user = session.station, User.objects.get(username="root")
    ConfigurationKey.objects.create(
        station=station, key="AuthorizationKey", value="topsecret", read_at=now
    )
    change = StatusChange.objects.create(
        connector=station.connectors.get(connector_id=2),
        status="Charging",
        reported_at=now,
        received_at=now,
    )
    setting = ConfigurationChange.objects.create(
        station=station, key="A", old_value="1", new_value="2", cause="Read", at=now
    )
    template = ConfigurationTemplate.objects.create(name="Street", settings={"A": "1"})
    batch = templates.apply(template=template, stations=[station], at=now)
    local_list = LocalList.objects.create(station=station)
    key, _ = keys.create(name="App", user=user, scopes=["read"], at=now)
    image = firmware.add_image(arrived=an_arrived_file(), at=now, vendor="Vendor", version="2.0")
    transfer = transfers.offer(
        token="x",
        station_id=station.pk,
        purpose=Purpose.LOG,
        expires_at=now + timedelta(hours=1),
        at=now,
    )
    transfers.receive(transfer=transfer, arrived=an_arrived_file(), at=now)
    errand = {"station": station, "status_at": now, "requested_at": now, "expires_at": now}
    update = FirmwareUpdate.objects.create(image=image, retrieve_at=now, **errand)
    log = LogRequest.objects.create(kind="SecurityLog", transfer=transfer, **errand)
    tariff = charging.everywhere()
    rows: list[Any] = [
        *(*wallet_rows(user), *invoice_rows(user)),
        *(tariff, tariff.assignments.get(), charging.a_bill_of_nothing(session, tariff)),
        *(*security_rows(station), tally, tally.quirk),
        *(image, transfer, update, log),
        *(station, station.site, session, session.meter_values.get(), command, message),
        *(orphan, reservation, card, card.group, change, key, user),
        Group.objects.create(name="Night shift"),
        *(setting, template, batch, local_list),
        *(assignment, assignment.profile),
        *card_rows(station, user),
    ]
    return {type(row): row for row in rows}
