"""Installed: the root certificates of stations, as their answers tell of them."""

from __future__ import annotations

import pytest

from cms.shared.errors import Conflict, DomainError
from stations.models import Command, InstalledCertificate, RootKind
from stations.services import installed
from stations.services.asking import Request
from tests import pki
from tests.stations import given, talking

CENTRAL, MANUFACTURER = RootKind.CENTRAL_SYSTEM, RootKind.MANUFACTURER
ACCEPTED = {"status": "Accepted"}


@pytest.fixture
def root():
    """An authority."""
    return pki.authority("A root")


def named(identity, algorithm="SHA256"):
    """The certificate as a station names it."""
    own = installed.hashes_of(identity.certificate, algorithm)
    members = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
    return dict(zip(members, own, strict=True))


def install(station, identity, reply=ACCEPTED, kind=CENTRAL, minute=0):
    request = Request(given.after(minute))
    installed.install(station=station, kind=kind, pem=identity.pem, request=request)
    talking.hear(station, lambda *_: reply, at=given.after(minute))


def read(station, *names, kind=CENTRAL, minute=1):
    installed.read(station=station, kind=kind, request=Request(given.after(minute)))
    answer = {"status": "Accepted", "certificateHashData": [*names]}
    reply = answer if names else {"status": "NotFound"}
    talking.hear(station, lambda *_: reply, at=given.after(minute))


def states():
    """Kind and state of all rows, oldest first."""
    return list(InstalledCertificate.objects.order_by("pk").values_list("kind", "state"))


def test_what_a_station_took_is_known(connected, root):
    install(connected, root)
    row = InstalledCertificate.objects.get()
    assert (row.kind, row.state, row.subject) == (CENTRAL, "Installed", "CN=A root")
    assert row.not_after == root.certificate.not_valid_after_utc
    assert row.installed_at == given.NOON


@pytest.mark.parametrize("status", ["Rejected", "Failed"])
def test_what_it_did_not_take_is_known_too(connected, root, status):
    install(connected, root, {"status": status})
    row = InstalledCertificate.objects.get()
    assert (row.state, status in row.reason, row.installed_at) == ("Rejected", True, None)
    install(connected, root, minute=1)
    assert states() == [(CENTRAL, "Installed")]


@pytest.mark.parametrize("reply", [None, "InternalError"])
def test_what_was_never_answered_is_not_claimed(connected, root, reply):
    install(connected, root, reply)
    assert states() == []


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_the_same_certificate_is_recognised_by_its_hashes(connected, root, algorithm):
    install(connected, root)
    name = named(root, algorithm)
    read(connected, {**name, "serialNumber": "00" + name["serialNumber"].upper()})
    row = InstalledCertificate.objects.get()
    assert (row.seen_at, row.hash_algorithm) == (given.after(1), algorithm)
    assert row.pem == root.pem


def test_what_a_station_names_and_we_did_not_install_is_known_by_its_hashes(connected, root):
    read(connected, named(root), kind=MANUFACTURER)
    row = InstalledCertificate.objects.get()
    assert (row.kind, row.state, row.pem) == (MANUFACTURER, "Installed", "")


def test_what_a_station_does_not_name_any_more_is_gone_of_this_kind_only(connected, root):
    install(connected, root)
    install(connected, root, kind=MANUFACTURER)
    read(connected, minute=2)
    assert states() == [(CENTRAL, "Removed"), (MANUFACTURER, "Installed")]
    read(connected, named(root), minute=3)
    assert states()[0] == (CENTRAL, "Installed")


@pytest.mark.parametrize(
    ("status", "state"), [("Accepted", "Removed"), ("NotFound", "Removed"), ("Failed", "Installed")]
)
def test_one_is_deleted_by_the_name_the_station_gave_it(connected, root, status, state):
    read(connected, {**named(root), "serialNumber": "0ABC"})
    row = InstalledCertificate.objects.get()
    installed.remove(certificate=row, request=Request(given.after(2)))
    [call] = talking.hear(connected, lambda *_: {"status": status}, at=given.after(2))
    assert call.payload["certificateHashData"]["serialNumber"] == "0ABC"
    assert states() == [(CENTRAL, state)]
    if state == "Removed":
        row.refresh_from_db()
        with pytest.raises(Conflict, match="Removed"):
            installed.remove(certificate=row, request=Request(given.after(3)))


@pytest.mark.parametrize("pem", ["", "text", "x" * 6000])
def test_what_is_no_certificate_is_not_sent(connected, pem):
    with pytest.raises(DomainError) as refusal:
        installed.install(station=connected, kind=CENTRAL, pem=pem, request=Request(given.NOON))
    assert "certificate" in refusal.value.fields
    assert not Command.objects.exists()


def test_a_station_that_names_ever_other_ones_fills_no_table(connected, monkeypatch):
    monkeypatch.setattr(installed, "MOST", 3)
    for number in range(5):
        name = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b"}
        read(connected, {**name, "serialNumber": str(number + 1)})
    assert InstalledCertificate.objects.count() == 3


def test_the_hashes_are_those_of_rfc_6960(root):
    # The name as DER and the bits of the key, as any OCSP client computes them.
    from hashlib import sha256

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    own = installed.hashes_of(root.certificate)
    point = root.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert own.issuer_key == sha256(point).hexdigest()
    assert own.issuer_name == sha256(root.certificate.subject.public_bytes()).hexdigest()
