"""Issuing: what stations may have signed, by whom, how it reaches them, and how it is ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    ChargingStation,
    Command,
    StationAuthority,
    StationCertificate,
)
from stations.services import authorities, certificates, commands, issuing, stations
from tests import pki
from tests.stations import given, talking


@pytest.fixture
def proven(connected):
    """A connected station that has proved its key."""
    ChargingStation.objects.filter(pk=connected.pk).update(connected_profile=1)
    return ChargingStation.objects.get(pk=connected.pk)


def wish(station, csr, minute=0.0):
    """The station's SignCertificate; whether it was accepted."""
    return issuing.requested(station_id=station.pk, csr=csr, at=given.after(minute))


def row():
    """The newest wish."""
    return StationCertificate.objects.first()


def deliver(station, reply, minute=1.0):
    """Sign what waits, and let the station answer; gives the chains it was sent."""
    issuing.issue_due(station_id=station.pk, at=given.after(minute))
    heard = talking.hear(station, lambda *_: reply, at=given.after(minute))
    return [call.payload["certificateChain"] for call in heard]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_station_gets_a_certificate_it_may_connect_with(proven, kind):
    key = pki.a_key(kind)
    assert wish(proven, pki.request("cp-1", key=key))
    assert row().state == "Requested"
    [chain] = deliver(proven, {"status": "Accepted"})
    made = x509.load_pem_x509_certificate(chain.encode())
    assert made.public_key() == key.public_key()
    assert certificates.problem([chain], cp_id="CP-1", at=given.after(2)) == ""
    assert certificates.problem([chain], cp_id="CP-2", at=given.after(2))
    assert certificates.problem([chain], cp_id="CP-1", at=given.NOON + timedelta(days=366))
    kept = row()
    assert (kept.state, kept.pem) == ("Accepted", chain)
    assert int(kept.serial_number, 16) == made.serial_number
    assert (kept.not_before, kept.not_after) == (
        made.not_valid_before_utc,
        made.not_valid_after_utc,
    )


def test_each_kind_of_key_is_signed_by_its_kind(proven):
    for kind in ("ec", "rsa"):
        wish(proven, pki.request("CP-1", kind=kind))
    deliver(proven, {"status": "Accepted"})
    kinds = {"RSA": rsa.RSAPublicKey, "ECDSA": ec.EllipticCurvePublicKey}
    for certificate in StationCertificate.objects.select_related("authority"):
        assert certificate.authority.kind == certificate.key_kind
        root = x509.load_pem_x509_certificate(certificate.authority.certificate.encode())
        assert isinstance(root.public_key(), kinds[certificate.key_kind])


def test_an_authority_is_made_once_and_its_key_is_kept_encrypted(db, settings):
    authorities.make_all(at=given.NOON)
    authorities.make_all(at=given.after(1))
    assert sorted(StationAuthority.objects.values_list("kind", flat=True)) == ["ECDSA", "RSA"]
    for made in StationAuthority.objects.all():
        assert made.encrypted_key.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_under_another_secret_nothing_is_signed(proven, settings):
    authorities.make_all(at=given.NOON)
    settings.SECRET_KEY = "another " * 10
    assert wish(proven, pki.request("CP-1"))
    assert deliver(proven, {"status": "Accepted"}) == []
    assert (row().state, "SECRET_KEY" in row().reason) == ("Refused", True)


UNFIT = {
    "text": (lambda: "no request", "no request in PEM form"),
    "empty": (lambda: _PEM.format("AAAA"), "PEM"),
    "certificate": (lambda: pki.authority().pem, "PEM"),
    "not ASCII": (lambda: "ключ", "PEM"),
    "too long": (lambda: pki.request("CP-1") + 5500 * "\n", "5500 characters"),
    "another station's": (lambda: pki.request("CP-2"), "not the station's identity"),
    "forged": (lambda: pki.request("CP-1", forged=True), "signature"),
    "weak RSA": (lambda: pki.request("CP-1", key=rsa.generate_private_key(65537, 1024)), "2048"),
    "weak EC": (lambda: pki.request("CP-1", key=ec.generate_private_key(ec.SECP192R1())), "224"),
}
_PEM = "-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----"


@pytest.mark.parametrize("fault", UNFIT)
def test_a_request_that_is_not_right_is_refused(proven, fault):
    csr, why = UNFIT[fault]
    assert not wish(proven, csr())
    assert row().state == "Refused"
    assert why in row().reason
    assert deliver(proven, {"status": "Accepted"}) == []


def test_who_proved_nothing_gets_one_only_where_we_asked_for_the_request(connected):
    csr = pki.request("CP-1")
    assert not wish(connected, csr)
    payload = {"requestedMessage": "SignChargePointCertificate"}
    commands.request(
        station=connected, action="ExtendedTriggerMessage", payload=payload, at=given.NOON
    )
    talking.hear(connected, lambda *_: {"status": "Accepted"}, at=given.NOON)
    assert wish(connected, csr, minute=1)
    assert not wish(connected, pki.request("CP-1"), minute=90)


def test_the_same_request_again_is_the_same_wish(proven):
    csr = pki.request("CP-1")
    assert wish(proven, csr)
    assert wish(proven, csr)
    assert len(deliver(proven, None)) == 1
    assert StationCertificate.objects.count() == 1


def test_a_station_that_never_stops_asking_is_refused(proven, monkeypatch):
    monkeypatch.setattr(issuing, "MOST_AN_HOUR", 2)
    csr = pki.request("CP-1")
    answers = [wish(proven, csr + "\n" * number) for number in range(4)]
    assert answers == [True, True, False, False]
    assert StationCertificate.objects.count() == 2
    assert wish(proven, csr + "\n" * 9, minute=61)


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ({"status": "Rejected"}, "Rejected"),
        ("NotSupported", "NotDelivered"),
        (None, "NotDelivered"),
    ],
)
def test_what_becomes_of_it_is_written_down(proven, reply, state):
    wish(proven, pki.request("CP-1"))
    deliver(proven, reply)
    assert (row().state, bool(row().reason)) == (state, True)


def test_a_wish_outlives_the_process_and_is_signed_once(proven):
    wish(proven, pki.request("CP-1"))
    assert issuing.issue_due(at=given.after(1)) == 1  # the periodic task
    assert issuing.issue_due(at=given.after(1)) == 0
    assert Command.objects.get().action == "CertificateSigned"


def test_it_waits_for_a_station_that_went_away_for_a_while(proven):
    wish(proven, pki.request("CP-1"))
    stations.disconnected(station_id=proven.pk, connection_id="socket-1", at=given.after(0))
    issuing.issue_due(at=given.after(1))
    commands.expire_due(at=given.after(62))
    assert (row().state, Command.objects.get().status) == ("NotDelivered", "Expired")


def test_a_revoked_certificate_lets_nobody_in(proven):
    wish(proven, pki.request("CP-1"))
    [chain] = deliver(proven, {"status": "Accepted"})
    by = given.an_operator()
    with pytest.raises(DomainError, match="say why"):
        issuing.revoke(certificate=row(), why=" ", at=given.after(2), by=by)
    issuing.revoke(certificate=row(), why="stolen", at=given.after(2), by=by)
    problem = certificates.problem([chain], cp_id="CP-1", at=given.after(3))
    assert problem == "the certificate is revoked"
    assert (row().state, row().reason, row().revoked_by) == ("Revoked", "stolen", by)
    with pytest.raises(Conflict):
        issuing.revoke(certificate=row(), why="again", at=given.after(4))


def test_what_was_refused_is_forgotten_after_a_while(proven):
    wish(proven, "nonsense")
    wish(proven, pki.request("CP-1"))
    assert issuing.prune(before=given.after(1)) == 1
    assert row().state == "Requested"
