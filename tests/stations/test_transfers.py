"""One-time addresses: who may use them, for what, how often; and what becomes of the files."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    ChargingStation,
    FirmwareImage,
    LogRequest,
    Purpose,
    Transfer,
    TransferState,
)
from stations.services import asking, firmware, logs, media, transfers, upkeep
from stations.services.asking import Request
from tests.stations.given import NOON, a_connected_station, after

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://cpms.example.com"
    return tmp_path


@pytest.fixture
def station(db) -> ChargingStation:
    return a_connected_station()


def offered(station: ChargingStation, purpose: Purpose = Purpose.LOG) -> tuple[str, Transfer]:
    token = transfers.new_token()
    made = transfers.offer(
        token=token,
        station_id=station.pk,
        purpose=purpose,
        expires_at=after(60),
        at=NOON,
        image=an_image() if purpose == Purpose.FIRMWARE else None,
    )
    return token, made


def arrived(content: bytes = b"log", name: str = "a.log") -> media.Arrived:
    part = media.new_file()
    part.write_bytes(content)
    return media.Arrived(part, name, len(content), "0" * 64)


def an_image(version: str = "2.0", **facts: str) -> FirmwareImage:
    return firmware.add_image(
        arrived=arrived(b"firmware", "fw.bin"), at=NOON, vendor="Acme", version=version, **facts
    )


def test_a_token_is_recognised_without_looking_and_kept_only_as_a_hash(station):
    token, made = offered(station)
    assert transfers.is_ours(token)
    assert token not in made.token_hash
    assert len(token) > 64


@given(st.text(max_size=200))
def test_no_text_is_a_token_of_ours(text):
    assert not transfers.is_ours(text)


def test_a_forged_token_costs_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert transfers.begin(token="x" * 75, upload=True, at=NOON) is None


def test_an_upload_is_good_for_one_complete_file(station):
    token, _ = offered(station)
    for _ in range(2):  # the first one breaks off
        transfer = transfers.begin(token=token, upload=True, at=NOON)
    assert Transfer.objects.get().attempts == 2
    late = transfers.begin(token=token, upload=True, at=NOON)
    assert transfers.receive(transfer=transfer, arrived=arrived(), at=after(1))
    assert not transfers.receive(transfer=late, arrived=arrived(b"late"), at=after(2))
    assert transfers.begin(token=token, upload=True, at=NOON) is None
    transfer.refresh_from_db()
    assert media.path(transfer.file).read_bytes() == b"log"
    assert len([*(media.path("uploads")).iterdir()]) == 1


def test_a_station_that_never_succeeds_is_not_let_try_for_ever(station):
    token, transfer = offered(station)
    Transfer.objects.update(attempts=49)
    assert transfers.begin(token=token, upload=True, at=NOON) == transfer
    assert transfers.begin(token=token, upload=True, at=NOON) is None


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_token_is_good_for_its_direction_only(station, purpose):
    token, _ = offered(station, purpose)
    fetched = purpose == Purpose.FIRMWARE
    assert (transfers.begin(token=token, upload=True, at=NOON) is None) == fetched
    assert (transfers.begin(token=token, upload=False, at=NOON) is None) != fetched


def test_a_token_ends_with_its_time(station):
    token, transfer = offered(station)
    assert transfers.begin(token=token, upload=True, at=after(60)) is None
    assert not transfers.receive(transfer=transfer, arrived=arrived(), at=after(60))
    assert transfers.expire_due(at=after(60)) == 1
    transfer.refresh_from_db()
    assert transfer.state == TransferState.EXPIRED


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("diag.zip", "diag.zip"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\x00b\r\nc.log", "abc.log"),
        ("\u202egnp.exe", "gnp.exe"),
        ("", "file"),
        ("..", "file"),
        ("x" * 5000 + ".zip", "x" * 100),
    ],
)
def test_a_name_from_outside_is_made_harmless(name, shown):
    assert media.shown_name(name) == shown


@given(st.text())
def test_no_name_leaves_its_line_or_its_folder(name):
    shown = media.shown_name(name)
    assert 0 < len(shown) <= 100
    assert shown.isprintable() or all(c.isspace() or c.isprintable() for c in shown)
    assert "/" not in shown
    assert shown not in (".", "..")


def test_the_file_of_a_log_ends_the_request(station):
    command = logs.fetch(station=station, wanted=logs.Wanted(), request=Request(NOON))
    location = command.payload["location"]
    assert location.startswith("https://cpms.example.com/files/")
    assert location.endswith("/")
    token = location.split("/")[4]
    transfer = transfers.begin(token=token, upload=True, at=NOON)
    transfers.receive(transfer=transfer, arrived=arrived(), at=after(1))
    request = LogRequest.objects.get()
    assert (request.outcome, request.transfer) == ("Done", transfer)
    assert token not in request.location


def test_old_files_are_deleted_and_their_rows_stay(station):
    _, transfer = offered(station)
    transfers.receive(transfer=transfer, arrived=arrived(), at=after(1))
    transfer.refresh_from_db()
    file = media.path(transfer.file)
    upkeep.prune(before=after(1))
    assert file.exists()
    assert upkeep.prune(before=after(2)) == 1
    transfer.refresh_from_db()
    assert (file.exists(), transfer.state, transfer.file) == (False, "Deleted", "")


def test_what_nobody_knows_is_swept_and_what_is_under_way_is_not(station, media_root):
    image = an_image()
    _, transfer = offered(station)
    transfers.receive(transfer=transfer, arrived=arrived(), at=after(1))
    lost = [media.folder(where) / "lost" for where in ("incoming", "uploads", "firmware")]
    for file in lost:
        file.write_bytes(b"x")
    for file in media_root.rglob("*"):
        os.utime(file, (0, time.time() - 7200))
    moving = media.new_file()
    moving.write_bytes(b"x")
    assert transfers.sweep(idle_s=3600) == 3
    assert not any(file.exists() for file in lost)
    transfer.refresh_from_db()
    for kept in (moving, media.path(image.file), media.path(transfer.file)):
        assert kept.exists()


def test_an_image_is_there_once(station, media_root):
    an_image()
    with pytest.raises(Conflict):
        an_image()
    assert len([*(media_root / "firmware").iterdir()]) == 1
    assert [*(media_root / "incoming").iterdir()] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("version", ""), ("signature", "not base64!"), ("signing_certificate", "no certificate")],
)
def test_a_wrong_fact_of_an_image_is_named_and_nothing_kept(db, media_root, field, value):
    with pytest.raises(DomainError) as refused:
        an_image(**{field: value})
    assert list(refused.value.fields) == [field]
    assert not (media_root / "firmware").exists() or not [*(media_root / "firmware").iterdir()]
    assert [*(media_root / "incoming").iterdir()] == []


def test_an_image_goes_with_its_file_unless_a_station_fetches_it(
    station, media_root, django_capture_on_commit_callbacks
):
    image = an_image()
    wanted = firmware.Wanted(image=image)
    firmware.update(station=station, wanted=wanted, request=Request(NOON))
    with pytest.raises(Conflict):
        firmware.delete_image(image=image)
    image.updates.update(outcome="Done")
    with django_capture_on_commit_callbacks(execute=True):
        firmware.delete_image(image=image)
    assert [*(media_root / "firmware").iterdir()] == []


def test_a_signed_update_takes_signature_and_certificate_from_its_image(station):
    image = an_image(signature="AAAA", signing_certificate=CERTIFICATE)
    wanted = firmware.Wanted(image=image, signed=True, install_at=after(30))
    command = firmware.update(station=station, wanted=wanted, request=Request(NOON))
    sent = command.payload["firmware"]
    assert (sent["signature"], sent["signingCertificate"]) == ("AAAA", CERTIFICATE)
    assert sent["retrieveDateTime"] == "2025-03-01T12:00:00Z"
    assert sent["installDateTime"] == "2025-03-01T12:30:00Z"
    assert sent["location"].endswith("/fw.bin")


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (firmware.Wanted(), ["location"]),
        (firmware.Wanted(location="x" * 2001), ["location"]),
        (
            firmware.Wanted(location="https://a/", signed=True),
            ["signature", "signingCertificate"],
        ),
    ],
)
def test_what_is_missing_for_an_update_is_named(station, wanted, fields):
    with pytest.raises(DomainError) as refused:
        firmware.update(station=station, wanted=wanted, request=Request(NOON))
    assert list(refused.value.fields) == fields


def test_a_request_that_is_repeated_is_made_once(station):
    request = Request(NOON, idempotency_key="once")
    first = logs.fetch(station=station, wanted=logs.Wanted(), request=request)
    later = Request(after(1), idempotency_key="once")
    assert logs.fetch(station=station, wanted=logs.Wanted(), request=later) == first
    assert (LogRequest.objects.count(), Transfer.objects.count()) == (1, 1)
    with pytest.raises(Conflict):
        firmware.update(
            station=station, wanted=firmware.Wanted(location="https://a/"), request=later
        )


def test_a_queued_errand_has_its_time_from_when_it_may_go_out(station):
    request = Request(NOON, queue_for=timedelta(hours=5))
    logs.fetch(station=station, wanted=logs.Wanted(), request=request)
    assert LogRequest.objects.get().expires_at == NOON + timedelta(hours=29)


def test_numbers_are_given_where_nobody_gave_one():
    assert asking.numbered(0) == 0
    assert 0 < asking.numbered(None) < 2**31


@pytest.mark.parametrize(
    ("own", "warned"),
    [
        ({"vendor": "acme", "model": "One"}, False),
        ({"vendor": "Other"}, True),
        ({"vendor": "Acme", "model": "Two"}, True),
        ({"firmware_version": "2.0"}, True),
        ({}, False),
    ],
)
def test_an_image_for_another_model_is_noticed(db, own, warned):
    image = an_image(model="One")
    assert bool(firmware.misfit(image, ChargingStation(cp_id="X", **own))) == warned
