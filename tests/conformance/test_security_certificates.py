"""Security: a station is told to renew its certificate, asks for one, and is sent one."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests import pki
from tests.conformance.station import ago
from tests.processes import eventually

TRIGGER = {"requestedMessage": "SignChargePointCertificate"}


@pytest.fixture
def booted(station):
    """The station, booted."""
    station.boots()
    return station


def is_triggered(station, operator):
    """The operator has the station ask for a new certificate."""
    operator.sends("extended-trigger-message", TRIGGER)
    assert station.expects("ExtendedTriggerMessage") == TRIGGER  # and no connectorId
    station.answers(status="Accepted")
    operator.is_told(status="Accepted")


def is_sent_one(station, key, status):
    """The station asks for a certificate, and answers the one it is sent; gives it."""
    csr = pki.request(station.cp_id, key=key)
    assert station.asks("SignCertificate", csr=csr) == {"status": "Accepted"}
    chain = station.expects("CertificateSigned")["certificateChain"]
    station.answers(status=status)
    made = x509.load_pem_x509_certificates(chain.encode())
    assert made[0].public_key() == key.public_key()
    assert station.heard[-2:] == ["answer", "CertificateSigned"]  # never before the answer
    return made[0]


def knows_it(operator, certificate, state):
    """What became of the certificate, as the operator sees it."""

    def is_known() -> bool:
        newest = operator.lists(f"certificates?station={operator.cp_id}")[0]
        assert int(newest["serialNumber"], 16) == certificate.serial_number
        return bool(newest["state"] == state)

    assert eventually(is_known)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_tc_074_update_charge_point_certificate(booted, operator, kind):
    is_triggered(booted, operator)
    first = is_sent_one(booted, pki.a_key(kind), "Accepted")
    knows_it(operator, first, "Accepted")
    is_triggered(booted, operator)
    second = is_sent_one(booted, pki.a_key(kind), "Accepted")
    knows_it(operator, second, "Accepted")
    roots = [each["certificate"] for each in operator.lists("certificates/authorities")]
    issuers = [x509.load_pem_x509_certificate(root.encode()) for root in roots]
    [issuer] = [each for each in issuers if each.subject == second.issuer]
    second.verify_directly_issued_by(issuer)


def test_tc_077_invalid_charge_point_certificate_security_event(booted, operator):
    is_triggered(booted, operator)
    refused = is_sent_one(booted, pki.a_key(), "Rejected")
    kind = "InvalidChargePointCertificate"
    assert booted.asks("SecurityEventNotification", type=kind, timestamp=ago()) == {}
    knows_it(operator, refused, "Rejected")
    [event] = operator.lists(f"security-events?station={booted.cp_id}")
    assert event["type"] == kind


def test_a_request_for_somebody_else_is_rejected(booted, operator):
    is_triggered(booted, operator)
    csr = pki.request("SOMEBODY")
    assert booted.asks("SignCertificate", csr=csr) == {"status": "Rejected"}
    [wish] = operator.lists(f"certificates?station={booted.cp_id}")
    assert (wish["state"], wish["certificate"]) == ("Refused", "")
