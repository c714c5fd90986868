"""Security: certificates in a station, its security log and events, and signed firmware."""

from __future__ import annotations

from base64 import b64encode

import pytest

from tests import pki
from tests.conformance.station import ago

HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a1" * 32,
    "issuerKeyHash": "b2" * 32,
    "serialNumber": "0c3d",
}
LOCATION = "https://files.example.com/security"


@pytest.fixture
def booted(station):
    """The station, booted."""
    station.boots()
    return station


def asks(station, operator, command, action, body, answer):
    """A command, which the station answers; gives what the station heard."""
    operator.sends(command, body)
    asked = station.expects(action)
    station.answers(**answer)
    operator.is_told(**answer)
    return asked


def installs(station, operator, kind, status="Accepted"):
    """An InstallCertificate of a new authority, which the station answers with a status."""
    wanted = {"certificateType": kind, "certificate": pki.authority(f"{kind} of a case").pem}
    heard = asks(
        station, operator, "install-certificate", "InstallCertificate", wanted, {"status": status}
    )
    assert heard == wanted
    assert heard["certificate"].startswith("-----BEGIN CERTIFICATE-----")


def has(station, operator, kind, *hashes):
    """A GetInstalledCertificateIds, which the station answers with these certificates."""
    found = {"status": "Accepted", "certificateHashData": [*hashes]}
    answer = found if hashes else {"status": "NotFound"}
    heard = asks(
        station,
        operator,
        "get-installed-certificate-ids",
        "GetInstalledCertificateIds",
        {"certificateType": kind},
        answer,
    )
    assert heard == {"certificateType": kind}


def knows(operator, *states):
    """What became of the station's certificates, newest first, as the operator sees it."""
    rows = operator.lists(f"installed-certificates?station={operator.cp_id}")
    assert [row["state"] for row in rows] == [*states]


def reports(station, kind, **more):
    """A SecurityEventNotification; the answer is empty."""
    assert station.asks("SecurityEventNotification", type=kind, timestamp=ago(), **more) == {}


def test_tc_075_1_install_a_manufacturer_root_certificate(booted, operator):
    installs(booted, operator, "ManufacturerRootCertificate")
    knows(operator, "Installed")
    has(booted, operator, "ManufacturerRootCertificate", HASHES)
    knows(operator, "Installed", "Removed")  # it names one, and not the one it took


def test_tc_075_2_install_a_central_system_root_certificate(booted, operator):
    installs(booted, operator, "CentralSystemRootCertificate")
    has(booted, operator, "CentralSystemRootCertificate", HASHES)


def test_tc_076_delete_a_certificate(booted, operator):
    kind = "ManufacturerRootCertificate"
    installs(booted, operator, kind)
    has(booted, operator, kind, HASHES)
    wanted = {"certificateHashData": HASHES}
    accepted = {"status": "Accepted"}
    heard = asks(booted, operator, "delete-certificate", "DeleteCertificate", wanted, accepted)
    assert heard == wanted
    has(booted, operator, kind)
    knows(operator, "Removed", "Removed")


def test_tc_079_get_security_log(booted, operator):
    wanted = {"logType": "SecurityLog", "requestId": 79, "log": {"remoteLocation": LOCATION}}
    answer = {"status": "Accepted", "filename": "security.log"}
    heard = asks(booted, operator, "get-log", "GetLog", wanted, answer)
    assert (heard["logType"], heard["log"]["remoteLocation"]) == ("SecurityLog", LOCATION)
    for status in ("Uploading", "Uploaded"):
        told = {"status": status, "requestId": heard["requestId"]}
        assert booted.asks("LogStatusNotification", **told) == {}
    [log] = operator.lists(f"logs?station={booted.cp_id}")
    known = (log["kind"], log["status"], log["outcome"], log["fileName"])
    assert known == ("SecurityLog", "Uploaded", "Done", "security.log")


def signed_update(station, operator):
    """A SignedUpdateFirmware, which the station accepts; gives its number."""
    firmware = {
        "location": LOCATION,
        "retrieveDateTime": ago(minutes=1),
        "installDateTime": ago(minutes=1),
        "signingCertificate": pki.authority("Manufacturer").pem,
        "signature": b64encode(b"a signature the station judges").decode(),
    }
    wanted = {"requestId": 80, "firmware": firmware}
    accepted = {"status": "Accepted"}
    heard = asks(
        station, operator, "signed-update-firmware", "SignedUpdateFirmware", wanted, accepted
    )
    for member in ("location", "signature"):
        assert heard["firmware"][member] == firmware[member]
    assert heard["firmware"]["signingCertificate"].strip() == firmware["signingCertificate"].strip()
    return heard["requestId"]


def tells(station, request_id, *statuses):
    """SignedFirmwareStatusNotifications; each answer is empty."""
    for status in statuses:
        told = {"status": status, "requestId": request_id}
        assert station.asks("SignedFirmwareStatusNotification", **told) == {}


def test_tc_080_secure_firmware_update(booted, operator):
    request_id = signed_update(booted, operator)
    tells(booted, request_id, "Downloading", "Downloaded", "SignatureVerified", "Installing")
    tells(booted, request_id, "InstallRebooting")
    booted.leaves()
    booted.connects()
    booted.boots(firmware="2.0")
    reports(booted, "FirmwareUpdated")
    booted.reports("Available")
    tells(booted, request_id, "Installed")
    [update] = operator.lists(f"firmware/updates?station={booted.cp_id}")
    assert (update["signed"], update["status"], update["outcome"]) == (True, "Installed", "Done")
    [event] = operator.lists(f"security-events?station={booted.cp_id}")
    assert (event["type"], event["critical"]) == ("FirmwareUpdated", True)
    assert operator.lists(f"review-cases?station={booted.cp_id}") == []  # it was ordered


def test_tc_081_secure_firmware_update_invalid_signature(booted, operator):
    request_id = signed_update(booted, operator)
    tells(booted, request_id, "Downloading", "Downloaded", "InvalidSignature")
    reports(booted, "InvalidFirmwareSignature", techInfo="SHA-256 differs")
    [update] = operator.lists(f"firmware/updates?station={booted.cp_id}")
    assert (update["status"], update["outcome"]) == ("InvalidSignature", "Failed")
    [event] = operator.lists(f"security-events?station={booted.cp_id}")
    assert (event["type"], event["techInfo"]) == ("InvalidFirmwareSignature", "SHA-256 differs")


def test_tc_078_invalid_central_system_certificate_security_event(booted, operator):
    installs(booted, operator, "CentralSystemRootCertificate", status="Rejected")
    knows(operator, "Rejected")
    reports(booted, "InvalidCentralSystemCertificate", techInfo="it signs nobody")
    [event] = operator.lists(f"security-events?station={booted.cp_id}")
    assert event["type"] == "InvalidCentralSystemCertificate"
    assert (event["critical"], event["timesSeen"]) == (False, 1)


def test_a_critical_event_waits_for_somebody_to_acknowledge_it(booted, operator):
    reports(booted, "TamperDetectionActivated", techInfo="door")
    [case] = operator.lists(f"review-cases?station={booted.cp_id}&state=Open")
    assert (case["kind"], case["ways"]) == ("SecurityEvent", ["acknowledge"])
    operator.issues(f"review-cases/{case['id']}/acknowledge", {"why": "an electrician"}, status=200)
    assert operator.lists(f"review-cases?station={booted.cp_id}&state=Open") == []
