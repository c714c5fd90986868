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


def reports(station, kind, **more):
    """A SecurityEventNotification; the answer is empty."""
    assert station.asks("SecurityEventNotification", type=kind, timestamp=ago(), **more) == {}


def test_tc_075_1_install_a_manufacturer_root_certificate(booted, operator):
    installs(booted, operator, "ManufacturerRootCertificate")
    has(booted, operator, "ManufacturerRootCertificate", HASHES)


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
