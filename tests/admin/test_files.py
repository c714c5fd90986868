"""Firmware, logs and files in the admin: uploaded, asked for, followed, saved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from stations.models import (
    ChargingStation,
    Command,
    FirmwareImage,
    FirmwareUpdate,
    LogRequest,
    Subject,
    Transfer,
)
from stations.services import errands, firmware, media, transfers
from tests.admin.conftest import ClientFor, an_arrived_file
from tests.admin.dialogs import HTMX, address, answer, press, progress


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://cpms.example.com"
    return tmp_path


def an_image(**facts: str) -> FirmwareImage:
    arrived = an_arrived_file("fw.bin")
    known = {"vendor": "Vendor", "model": "Model", "version": "2.0", **facts}
    return firmware.add_image(arrived=arrived, at=timezone.now(), **known)


def station_page(client: Client, station: ChargingStation) -> str:
    page = client.get(reverse("admin:stations_chargingstation_errands", args=[station.pk]))
    return page.content.decode()


def tell(station: ChargingStation, subject: Subject, *statuses: str) -> None:
    number = (FirmwareUpdate.objects.first() or LogRequest.objects.first()).request_id
    for status in statuses:
        errands.said(
            station_id=station.pk,
            subject=subject,
            status=status,
            request_id=number,
            at=timezone.now(),
        )


def test_an_image_is_uploaded_saved_and_deleted(
    root: Client, media_root, django_capture_on_commit_callbacks
):
    upload = SimpleUploadedFile("../fw.bin", b"firmware")
    facts = {"vendor": "Vendor", "model": "", "version": "2.0", "notes": "", "upload": upload}
    assert root.post(reverse("admin:stations_firmwareimage_add"), facts).status_code == 302
    image = FirmwareImage.objects.get()
    assert (image.file_name, image.size_bytes) == ("fw.bin", 8)
    assert media.path(image.file).read_bytes() == b"firmware"
    saved = root.get(reverse("admin:stations_firmwareimage_file", args=[image.pk]))
    assert saved["Content-Disposition"] == 'attachment; filename="fw.bin"'
    page = reverse("admin:stations_firmwareimage_delete", args=[image.pk])
    with django_capture_on_commit_callbacks(execute=True):
        assert root.post(page, {"post": "yes"}).status_code == 302
    assert not [*(media_root / "firmware").iterdir()]


def test_an_image_that_is_there_is_refused(root: Client, media_root):
    an_image()
    upload = SimpleUploadedFile("fw.bin", b"x")
    facts = {"vendor": "Vendor", "model": "Model", "version": "2.0", "upload": upload}
    page = root.post(reverse("admin:stations_firmwareimage_add"), facts)
    assert "There is an image of this version already" in page.content.decode()
    assert [*(media_root / "incoming").iterdir()] == []


def test_facts_of_an_image_are_changed_and_its_file_is_not(root: Client):
    image = an_image()
    facts = {"vendor": "Vendor", "model": "Model", "version": "2.0", "notes": "Better"}
    address = reverse("admin:stations_firmwareimage_change", args=[image.pk])
    assert root.post(address, facts).status_code == 302
    image.refresh_from_db()
    assert (image.notes, image.file_name) == ("Better", "fw.bin")


def test_a_station_is_told_to_update_and_followed_step_by_step(root: Client, station):
    image = an_image()
    press(root, "update_firmware", station, image=image.pk)
    command = Command.objects.get()
    assert command.payload["location"].startswith("https://cpms.example.com/files/")
    answer(command)
    errands.answered(command=command, status="Accepted", at=timezone.now())
    assert "Waiting for the station" in progress(root, command)
    tell(station, Subject.FIRMWARE, "Downloading", "Downloaded", "Installing")
    shown = progress(root, command)
    assert shown.index("Downloading") < shown.index("Downloaded") < shown.index("Installing")
    assert "hx-get" in shown
    tell(station, Subject.FIRMWARE, "Installed")
    shown = progress(root, command)
    assert "Done" in shown
    assert "hx-get" not in shown
    assert "Installing" in station_page(root, station)


def test_an_image_that_does_not_seem_to_fit_is_asked_about_once(root: Client, station):
    image = an_image(model="Other")
    form = root.get(address("update_firmware", station), **HTMX).content.decode()
    assert "does not seem to fit" in form
    shown = press(root, "update_firmware", station, image=image.pk)
    assert "is for model Other" in shown
    assert f'name="sure" value="{image.pk}"' in shown
    assert not Command.objects.exists()
    press(root, "update_firmware", station, image=image.pk, sure=image.pk)
    assert Command.objects.count() == 1


def test_a_dialog_pressed_twice_asks_once(root: Client, station):
    token = "8b9c1c4e-6d0f-4b1e-9a53-0d4f7f6f7a01"
    for _ in range(2):
        press(root, "get_log", station, token=token, kind="Diagnostics")
    assert (Command.objects.count(), LogRequest.objects.count()) == (1, 1)


def test_what_an_update_lacks_is_said(root: Client, station):
    assert "location of your own" in press(root, "update_firmware", station)
    shown = press(root, "update_firmware", station, location="https://a/", signed="on")
    assert "needs a signature" in shown
    assert not Command.objects.exists()


def test_a_log_is_asked_for_and_its_file_is_saved_from_the_stations_page(root: Client, station):
    press(root, "get_log", station, kind="SecurityLog", oldest_at="2026-01-31T18:00")
    command = Command.objects.get()
    assert command.action == "GetLog"
    assert command.payload["log"]["oldestTimestamp"] == "2026-01-31T18:00:00Z"
    token = command.payload["log"]["remoteLocation"].split("/")[4]
    transfer = transfers.begin(token=token, upload=True, at=timezone.now())
    arrived = an_arrived_file("<b>log.html")
    transfers.receive(transfer=transfer, arrived=arrived, at=timezone.now())
    file = reverse("admin:stations_transfer_file", args=[transfer.pk])
    page = station_page(root, station)
    assert file in page
    assert "&lt;b&gt;log.html" in page
    saved = root.get(file)
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved["X-Content-Type-Options"] == "nosniff"
    assert saved["Content-Type"] == "application/octet-stream"


def test_a_file_is_saved_only_by_whom_may_see_transfers(station, client_with: ClientFor):
    transfer = Transfer.objects.create(
        station=station,
        purpose="Log",
        limit_bytes=1,
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(hours=1),
    )
    file = reverse("admin:stations_transfer_file", args=[transfer.pk])
    assert client_with("stations.view_chargingstation").get(file).status_code == 403
    assert client_with("stations.view_transfer").get(file).status_code == 404
    assert Client().get(file).status_code == 302


def test_what_a_station_says_is_shown_as_text(root: Client, station):
    press(root, "update_firmware", station, image=an_image().pk)
    tell(station, Subject.FIRMWARE, "<img src=x>")
    page = station_page(root, station)
    assert "&lt;img src=x&gt;" in page
    assert "<img src=x>" not in page


def test_what_a_station_does_by_itself_is_shown(root: Client, station):
    errands.said(
        station_id=station.pk,
        subject=Subject.FIRMWARE,
        status="Downloading",
        request_id=None,
        at=timezone.now(),
    )
    assert "Reported by itself" in station_page(root, station)


def test_who_may_not_see_updates_sees_none_on_the_stations_page(
    root: Client, station, client_with: ClientFor
):
    press(root, "update_firmware", station, image=an_image().pk)
    assert "Firmware update" in station_page(root, station)
    narrow = client_with("stations.view_chargingstation")
    assert "update #" not in station_page(narrow, station)
