"""What stations say of firmware and logs on the wire: any word, any number, any order."""

from __future__ import annotations

import pytest

from tests.processes import eventually
from tests.rows import rows

pytestmark = pytest.mark.stack
_TOLD = (
    "SELECT r.subject, r.status, r.request_id FROM stations_errandreport r"
    " JOIN stations_chargingstation s ON s.id = r.station_id WHERE s.cp_id = ? ORDER BY r.id"
)


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("FirmwareStatusNotification", "Firmware"),
        ("SignedFirmwareStatusNotification", "SignedFirmware"),
        ("DiagnosticsStatusNotification", "Diagnostics"),
        ("LogStatusNotification", "Log"),
    ],
)
def test_every_status_is_answered_and_kept_whatever_word_it_is(
    server, wire, cp_id, action, subject
):
    wire.boot()
    numbered = {} if subject in ("Firmware", "Diagnostics") else {"requestId": 7}
    words = ["Idle", "Downloading", "Vendor:<b>", "x" * 500, "a\x00b", "Downloading"]
    for word in words:
        assert wire.ask(action, {"status": word, **numbered}) == {}
    number = numbered.get("requestId")
    kept = ["Idle", "Downloading", "Vendor:<b>", "x" * 50, "ab", "Downloading"]
    expected = [(subject, word, number) for word in kept]
    assert eventually(lambda: rows(server.environment, _TOLD, cp_id) == expected, 5), rows(
        server.environment, _TOLD, cp_id
    )


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "OccurenceConstraintViolation"),
        ({"status": 5}, "TypeConstraintViolation"),
        ({"status": "Installed", "requestId": "7"}, "TypeConstraintViolation"),
        ({"status": "Installed", "requestId": 2**70}, "PropertyConstraintViolation"),
    ],
)
def test_what_is_no_status_is_refused(wire, payload, code):
    wire.boot()
    assert wire.ask("SignedFirmwareStatusNotification", payload) == code
