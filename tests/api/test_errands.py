"""Firmware, diagnostics and logs over REST: what may be left out, what is kept, what is saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from ocpp_gateway.frames import CallError
from stations.models import Command, FirmwareImage, FirmwareUpdate, LogRequest, Transfer
from stations.services import media, transfers
from tests.api.conftest import NOW, Answers

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
OURS = "https://cpms.example.com/files/"
THEIRS = "ftp://files.example.com/fw.bin"
WHEN = "2030-01-31T18:00:00Z"


@pytest.fixture(autouse=True)
def media_root(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://cpms.example.com"
    return tmp_path


@pytest.fixture
def image(api: APIClient) -> int:
    return int(upload(api, signature="AA==", signingCertificate=CERTIFICATE).json()["id"])


def upload(api: APIClient, content: bytes = b"firmware", **facts: str):
    file = SimpleUploadedFile("../fw 2.bin", content)
    return api.post(
        "/api/firmware/images",
        {"vendor": "Acme", "model": "One", "version": "2.0", "file": file, **facts},
        format="multipart",
    )


def ask(api: APIClient, path: str, body: object, **headers: str):
    return api.post(f"/api/admin/CP_001/{path}?wait=0", body, format="json", **headers)


def sent() -> dict:
    payload: dict = Command.objects.latest("id").payload
    return payload


def test_update_firmware_takes_an_image(api: APIClient, online, image):
    assert ask(api, "update-firmware", {"firmware": image, "retries": 3}).status_code == 202
    payload = sent()
    assert payload["location"].startswith(OURS)
    assert payload["location"].endswith("/fw%202.bin")
    assert set(payload) == {"location", "retrieveDate", "retries"}
    update = FirmwareUpdate.objects.get()
    assert (update.image_id, update.version_wanted, update.retries) == (image, "2.0", 3)


def test_a_whole_payload_goes_out_as_it_is(api: APIClient, online):
    bodies = {
        "update-firmware": {"location": THEIRS, "retrieveDate": WHEN, "retryInterval": 5},
        "get-diagnostics": {"location": THEIRS, "startTime": WHEN, "stopTime": WHEN, "retries": 1},
        "get-log": {
            "logType": "SecurityLog",
            "requestId": 0,
            "log": {"remoteLocation": THEIRS, "oldestTimestamp": WHEN},
        },
        "signed-update-firmware": {
            "requestId": 5,
            "firmware": {
                "location": THEIRS,
                "retrieveDateTime": WHEN,
                "signature": "not even base64",
                "signingCertificate": "any",
            },
        },
    }
    for path, body in bodies.items():
        assert ask(api, path, body).status_code == 202
        assert sent() == body
    assert (FirmwareUpdate.objects.count(), LogRequest.objects.count()) == (2, 2)
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("body", [7, {"image": 7}])
def test_a_signed_update_takes_an_image(api: APIClient, online, image, body):
    wanted = image if body == 7 else {"image": image, "installDateTime": WHEN}
    assert ask(api, "signed-update-firmware", {"firmware": wanted}).status_code == 202
    payload = sent()
    assert payload["requestId"] == FirmwareUpdate.objects.get().request_id
    assert payload["firmware"]["signature"] == "AA=="
    assert payload["firmware"].get("installDateTime") in (None, WHEN)


def test_diagnostics_and_logs_are_brought_to_us_where_nobody_says_where_to(api: APIClient, online):
    assert ask(api, "get-diagnostics", {}).status_code == 202
    assert sent()["location"].startswith(OURS)
    assert ask(api, "get-log", {"logType": "DiagnosticsLog"}).status_code == 202
    payload = sent()
    assert payload["log"]["remoteLocation"].startswith(OURS)
    assert payload["requestId"] == LogRequest.objects.first().request_id


def test_what_the_station_answers_moves_the_row(api: APIClient, online, answers: Answers):
    answers({"fileName": "diag.zip"})
    response = api.post("/api/admin/CP_001/get-diagnostics", {}, format="json")
    assert response.json() == {"fileName": "diag.zip"}
    [shown] = api.get("/api/logs").json()
    assert (shown["status"], shown["outcome"]) == ("Accepted", "Open")
    assert (shown["fileName"], shown["fileUrl"]) == ("diag.zip", None)


def test_a_station_that_cannot_do_it_is_a_502_and_the_row_says_so(
    api: APIClient, online, answers: Answers
):
    answers(error=CallError("x", "NotSupported"))
    response = api.post("/api/admin/CP_001/get-log", {"logType": "SecurityLog"}, format="json")
    assert response.status_code == 502
    [shown] = api.get("/api/logs?outcome=Refused").json()
    assert shown["reason"] == "NotSupported"


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("update-firmware", {}, ["location"]),
        ("update-firmware", {"firmware": 999}, ["firmware"]),
        ("update-firmware", {"firmware": True}, ["firmware"]),
        ("update-firmware", {"location": THEIRS, "retrieveDate": "soon"}, ["retrieveDate"]),
        ("update-firmware", {"location": THEIRS, "retries": -1}, ["retries"]),
        ("update-firmware", {"location": THEIRS, "retryInterval": 2**40}, ["retryInterval"]),
        ("update-firmware", {"location": 5}, ["location"]),
        ("update-firmware", {"location": THEIRS, "when": 5}, ["when"]),
        ("get-diagnostics", {"startTime": "yesterday"}, ["startTime"]),
        ("get-log", {}, ["logType"]),
        ("get-log", {"logType": "Diary"}, ["logType"]),
        ("get-log", {"logType": "SecurityLog", "log": []}, ["log"]),
        (
            "get-log",
            {"logType": "SecurityLog", "log": {"latestTimestamp": "now"}},
            ["log.latestTimestamp"],
        ),
        ("signed-update-firmware", {}, ["location"]),
        ("signed-update-firmware", {"firmware": "x"}, ["firmware"]),
        (
            "signed-update-firmware",
            {"firmware": {"location": THEIRS}},
            ["signature", "signingCertificate"],
        ),
    ],
)
def test_a_bad_member_is_named_and_nothing_is_sent(api: APIClient, online, path, body, fields):
    response = ask(api, path, body)
    assert response.status_code == 400, response.json()
    assert sorted(response.json()["fields"]) == fields
    assert not Command.objects.exists()
    assert not FirmwareUpdate.objects.exists()


def test_a_station_that_is_offline_is_a_409_unless_it_may_wait(api: APIClient, station):
    assert ask(api, "get-diagnostics", {}).status_code == 409
    assert not Transfer.objects.exists()
    response = api.post("/api/admin/CP_001/get-diagnostics?wait=0&queue=60", {}, format="json")
    assert response.status_code == 202


def test_an_idempotency_key_asks_once(api: APIClient, online, image):
    header = {"HTTP_IDEMPOTENCY_KEY": "a"}
    first = ask(api, "update-firmware", {"firmware": image}, **header).json()
    assert ask(api, "update-firmware", {"firmware": image}, **header).json() == first
    assert FirmwareUpdate.objects.count() == Transfer.objects.count() == 1
    other = {"location": THEIRS}
    assert ask(api, "update-firmware", other, **header).status_code == 409


def test_an_image_is_uploaded_changed_saved_and_deleted(
    api: APIClient, db, media_root, django_capture_on_commit_callbacks
):
    response = upload(api, notes="First")
    assert response.status_code == 201
    shown = response.json()
    assert (shown["fileName"], shown["sizeBytes"], shown["isSigned"]) == ("fw 2.bin", 8, False)
    path = response["Location"]
    assert api.patch(path, {"notes": "Better"}, format="json").json()["notes"] == "Better"
    saved: Any = api.get(shown["fileUrl"])
    assert b"".join(saved.streaming_content) == b"firmware"
    assert saved["Content-Disposition"].startswith("attachment")
    assert saved["X-Content-Type-Options"] == "nosniff"
    assert upload(api).status_code == 409
    assert len(api.get("/api/firmware/images?vendor=acme").json()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert api.delete(path).status_code == 204
    assert not FirmwareImage.objects.exists()
    assert not [*(media_root / "firmware").iterdir()]


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"version": ""}, "version"), ({"signature": "%"}, "signature"), ({"file": ""}, "file")],
)
def test_a_wrong_fact_of_an_image_is_named(api: APIClient, db, facts, field):
    response = upload(api, **facts)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]


def test_who_only_reads_uploads_nothing(reader: APIClient, db):
    assert upload(reader).status_code == 403


def test_a_file_a_station_brought_is_saved_whatever_it_is(api: APIClient, online):
    ask(api, "get-diagnostics", {})
    token = sent()["location"].split("/")[4]
    transfer = transfers.begin(token=token, upload=True, at=NOW.replace(year=2020))
    part = media.new_file()
    part.write_bytes(b"<script>")
    arrived = media.Arrived(part, "<b>.html", 8, "0" * 64)
    transfers.receive(transfer=transfer, arrived=arrived, at=NOW.replace(year=2020))
    [shown] = api.get("/api/transfers?station=CP_001&state=Received").json()
    assert token not in str(shown)
    saved: Any = api.get(shown["fileUrl"])
    assert saved["Content-Type"] == "application/octet-stream"
    assert saved["Content-Disposition"].startswith("attachment")
    assert b"".join(saved.streaming_content) == b"<script>"
    assert api.get("/api/logs").json()[0]["fileUrl"] == shown["fileUrl"]


def test_a_transfer_without_a_file_is_a_404(api: APIClient, online):
    ask(api, "get-diagnostics", {})
    [shown] = api.get("/api/transfers").json()
    assert shown["fileUrl"] is None
    assert api.get(f"/api/transfers/{shown['id']}/file").status_code == 404
