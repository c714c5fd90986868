"""Bulk commands: what a plan says, what is asked of whom, once, in an order that spares."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError
from stations import selectors
from stations.models import (
    ChargingStation,
    Command,
    CommandBatch,
    Connector,
    FirmwareImage,
    FirmwareUpdate,
)
from stations.services import batches, bulk, stations
from stations.services.batches import Terms
from stations.services.bulk import Order
from tests.stations import given
from tests.stations.talking import hear

RESET = Order("Reset", {"type": "Soft"})
ACCEPTS = {"status": "Accepted"}


@pytest.fixture
def fleet(db):
    """Three that are there, of which one charges, and one that is away."""
    there = [given.a_connected_station(f"CP-{number}") for number in (1, 2, 3)]
    given.a_card()
    given.begin(there[2])
    given.a_station("CP-AWAY")
    return list(ChargingStation.objects.order_by("cp_id"))


def an_image(vendor="", version="2.0"):
    return FirmwareImage.objects.create(
        vendor=vendor,
        version=version,
        file="none",
        file_name="fw.bin",
        size_bytes=1,
        sha256="0" * 64,
        uploaded_at=given.NOON,
    )


def start(order, which, **how):
    return bulk.start(order=order, stations=which, at=given.NOON, terms=Terms(**how))


def advance(minutes=0.0):
    batches.advance(at=given.after(minutes))


def states(batch):
    return {item.station.cp_id: item.state for item in batch.items.select_related("station")}


def left_out(order, which):
    return {line.station.cp_id: line.left_out for line in bulk.plan(order=order, stations=which)[0]}


def test_a_plan_counts_who_charges_who_is_away_and_who_is_asked(fleet):
    plan = bulk.plan(order=RESET, stations=fleet)
    assert (len(plan.lines), plan.busy, plan.away, plan.asked, plan.ended) == (4, 1, 1, 3, 1)
    assert not Command.objects.exists()


def test_who_charges_is_left_out_where_that_is_wanted(fleet):
    plan = bulk.plan(order=RESET._replace(spare_busy=True), stations=fleet)
    assert (plan.asked, plan.left_out, plan.ended) == (2, 1, 0)
    assert plan.lines[2].left_out == batches.CHARGING


def test_who_is_rejected_is_left_out(fleet):
    stations.change(station=fleet[0], registration="Rejected")
    assert left_out(RESET, fleet)["CP-1"] == bulk.REJECTED


def test_who_has_no_such_connector_is_left_out(fleet):
    Connector.objects.create(station=fleet[0], connector_id=2)
    order = Order("ChangeAvailability", {"connectorId": 2, "type": "Operative"})
    assert left_out(order, fleet[:2]) == {"CP-1": "", "CP-2": bulk.NO_CONNECTOR}


def test_firmware_is_left_out_where_it_runs_or_does_not_fit(fleet):
    image = an_image(vendor="Acme", version="2.0")
    for station, vendor, version in zip(
        fleet, ("Acme", "Acme", "Else"), ("1", "2.0", "1"), strict=False
    ):
        station.vendor, station.firmware_version = vendor, version
    order = Order("UpdateFirmware", {"image": image.pk})
    assert list(left_out(order, fleet[:3]).values()) == ["", bulk.RUNS_IT, bulk.NOT_FOR_IT]


def test_who_is_away_is_reported_and_not_queued(fleet):
    batch = start(RESET, fleet)
    advance()
    assert states(batch) == {"CP-1": "Asked", "CP-2": "Asked", "CP-3": "Asked", "CP-AWAY": "Away"}
    assert not Command.objects.filter(station=fleet[3]).exists()


def test_who_begins_to_charge_before_its_turn_is_left_alone(fleet):
    batch = start(RESET._replace(spare_busy=True), fleet[:2])
    given.begin(fleet[1], minute=1)
    advance(2)
    assert states(batch) == {"CP-1": "Asked", "CP-2": "Skipped"}


def test_each_station_gets_an_address_of_its_own_for_its_firmware(fleet):
    batch = start(Order("UpdateFirmware", {"image": an_image().pk}), fleet[:2])
    advance()
    assert set(states(batch).values()) == {"Asked"}
    places = {command.payload["location"] for command in Command.objects.all()}
    assert len(places) == FirmwareUpdate.objects.count() == 2


def test_no_more_are_under_way_than_the_batch_allows(db):
    many = [given.a_connected_station(f"CP-{number}") for number in range(45)]
    batch = start(RESET, many)
    for _ in range(3):
        advance()
    assert Command.objects.count() == batch.at_once
    hear(many[0], lambda *_: ACCEPTS, at=given.NOON)
    advance()
    assert Command.objects.exclude(status="Answered").count() == batch.at_once


def test_the_same_key_makes_one_batch(fleet):
    first = start(RESET, fleet, idempotency_key="once")
    assert start(RESET, fleet, idempotency_key="once") == first
    assert CommandBatch.objects.count() == 1


def test_a_key_that_was_used_for_another_batch_is_refused(fleet):
    start(RESET, fleet, idempotency_key="once")
    with pytest.raises(Conflict):
        start(Order("Reset", {"type": "Hard"}), fleet, idempotency_key="once")
    with pytest.raises(Conflict):
        start(RESET, fleet[:1], idempotency_key="once")


def test_where_nobody_would_be_asked_there_is_no_batch(fleet):
    with pytest.raises(Conflict):
        start(RESET._replace(spare_busy=True), fleet[2:3])
    assert not CommandBatch.objects.exists()


def test_what_failed_is_retried_by_a_new_batch_over_exactly_that(fleet):
    batch = start(RESET, fleet)
    advance()
    for station, answer in zip(fleet, (ACCEPTS, {"status": "Rejected"}, None), strict=False):
        hear(station, lambda *_, answer=answer: answer, at=given.NOON)
    advance()
    assert list(states(batch).values()) == ["Done", "Refused", "TimedOut", "Away"]
    given.a_connected_station("CP-AWAY")
    made = batches.retry(batch=batch, at=given.after(1))
    assert set(states(made)) == {"CP-2", "CP-3", "CP-AWAY"}
    advance(1)
    for station in fleet[1:]:
        hear(station, lambda *_: ACCEPTS, at=given.after(1))
    advance(1)
    made.refresh_from_db()
    assert (made.retry_of, set(states(made).values())) == (batch, {"Done"})
    assert made.finished_at is not None
    assert selectors.batch_counts([batch.pk])[batch.pk]["Done"] == 1


def test_what_was_asked_again_is_not_asked_again_from_the_first_batch(fleet):
    batch = start(RESET, fleet[3:])
    advance()
    made = batches.retry(batch=batch, at=given.NOON, idempotency_key="once")
    assert batches.retry(batch=batch, at=given.NOON, idempotency_key="once") == made
    with pytest.raises(Conflict):
        batches.retry(batch=batch, at=given.NOON)


def test_too_many_stations_are_refused(fleet, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_STATIONS", 3)
    with pytest.raises(DomainError) as refused:
        start(RESET, fleet)
    assert "stations" in refused.value.fields


@pytest.mark.parametrize(
    ("action", "payload", "field"),
    [
        ("Explode", {}, "action"),
        ("Reset", {}, "payload.type"),
        ("Reset", {"type": "Soft", "more": 1}, "payload.more"),
        ("ChangeAvailability", {"type": "Operative"}, "payload.connectorId"),
        ("ChangeAvailability", {"type": "Operative", "connectorId": True}, "payload.connectorId"),
        ("TriggerMessage", {"requestedMessage": "Nothing"}, "payload.requestedMessage"),
        (
            "TriggerMessage",
            {"requestedMessage": "Heartbeat", "connectorId": 1},
            "payload.connectorId",
        ),
        ("GetConfiguration", {"key": "A"}, "payload.key"),
        ("GetConfiguration", {"key": ["K" * 51]}, "payload.key"),
        ("UpdateFirmware", {}, "payload.image"),
        ("UpdateFirmware", {"image": 99999}, "payload.image"),
        ("UpdateFirmware", {"image": "1"}, "payload.image"),
        ("UpdateFirmware", {"location": "ftp://x", "signed": True}, "payload.signed"),
        ("UpdateFirmware", {"location": "ftp://x", "retrieveDate": "soon"}, "payload.retrieveDate"),
    ],
)
def test_an_order_that_is_none_names_its_field(db, action, payload, field):
    with pytest.raises(DomainError) as refused:
        bulk.check(Order(action, payload))
    assert field in refused.value.fields


def test_what_was_under_way_when_the_process_died_goes_on(fleet):
    """Rows are all a batch is made of: whichever process advances it next goes on with it."""
    batch = start(RESET, fleet[:2])
    advance()
    again = CommandBatch.objects.get(pk=batch.pk)
    for station in fleet[:2]:
        hear(station, lambda *_: ACCEPTS, at=given.after(0.1))
    advance(0.2)
    again.refresh_from_db()
    assert again.finished_at == given.after(0.2)
