"""Installed: which root certificates stations have, as their own answers tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from django.db import transaction

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    ChargingStation,
    Command,
    InstalledCertificate,
    InstalledState,
    RootKind,
)
from stations.services import commands, pki
from stations.services.asking import Request

LONGEST = 5500  # characters (security whitepaper, InstallCertificate.req)
MOST = 200  # rows of one station
_ALGORITHMS: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}


class Hashes(NamedTuple):
    """What OCPP names a certificate by (CertificateHashDataType), as a station spells it."""

    algorithm: str
    issuer_name: str
    issuer_key: str
    serial_number: str

    @property
    def folded(self) -> tuple[str, ...]:
        """The same for two spellings: letter case and leading zeros do not count."""
        return tuple(part.lower().lstrip("0") for part in self)


def check(pem: str) -> x509.Certificate:
    """The root certificate in ``pem``. Raises DomainError where a station could not use it."""
    try:
        if len(pem) > LONGEST:
            raise pki.Unfit("it has more than %(most)s characters", most=LONGEST)
        read = pki.certificate(pem)
        hashes_of(read)
    except (pki.Unfit, ValueError) as unfit:
        raise DomainError.of_field(
            "certificate", "should be a certificate: %(problem)s", problem=unfit.args[0]
        ) from None
    return read


def install(*, station: ChargingStation, kind: str, pem: str, request: Request) -> Command:
    """Give ``station`` a root certificate; gives the command.

    Raises DomainError where it is none, StationOffline and Conflict as ``commands.request``.
    """
    check(pem)
    payload = {"certificateType": kind, "certificate": pem}
    return _ask(station, "InstallCertificate", payload, request)


def remove(*, certificate: InstalledCertificate, request: Request) -> Command:
    """Tell its station to delete it; gives the command. Raises Conflict where it is not there."""
    if certificate.state != InstalledState.INSTALLED:
        raise Conflict("The certificate is %(state)s", state=InstalledState(certificate.state))
    payload = {
        "certificateHashData": {
            "hashAlgorithm": certificate.hash_algorithm,
            "issuerNameHash": certificate.issuer_name_hash,
            "issuerKeyHash": certificate.issuer_key_hash,
            "serialNumber": certificate.serial_number,
        }
    }
    return _ask(certificate.station, "DeleteCertificate", payload, request)


def read(*, station: ChargingStation, kind: str, request: Request) -> Command:
    """Ask ``station`` which root certificates of a kind it has; gives the command."""
    payload = {"certificateType": kind}
    return _ask(station, "GetInstalledCertificateIds", payload, request)


@transaction.atomic
def installed(*, command: Command, status: str, at: datetime) -> None:
    """The station took a certificate, or did not (InstallCertificate)."""
    try:
        certificate = check(str(command.payload["certificate"]))
    except DomainError:  # sent over REST by somebody who tries what the station does
        return
    _lock(command.station_id)
    kind = str(command.payload["certificateType"])
    own = hashes_of(certificate)
    row = _known(command.station_id, kind, own) or _new(command.station_id, kind, own)
    taken = status == "Accepted"
    if not taken and row.state == InstalledState.INSTALLED:  # it has it, whatever it says now
        return
    row.state = InstalledState.INSTALLED if taken else InstalledState.REJECTED
    row.reason = "" if taken else f"the station answered {status}"[:200]
    row.pem = str(command.payload["certificate"])
    row.subject = certificate.subject.rfc4514_string()[:255]
    row.not_after = certificate.not_valid_after_utc
    row.installed_at, row.removed_at = (at if taken else None), None
    row.save()
    _drop_oldest(command.station_id)


@transaction.atomic
def listed(*, command: Command, named: Iterable[Hashes], at: datetime) -> None:
    """The station named all certificates of a kind it has (GetInstalledCertificateIds)."""
    _lock(command.station_id)
    kind = str(command.payload["certificateType"])
    there: set[int] = set()
    for own in list(named)[:MOST]:
        row = _known(command.station_id, kind, own) or _new(command.station_id, kind, own)
        row.hash_algorithm, row.serial_number = own.algorithm, own.serial_number
        row.issuer_name_hash, row.issuer_key_hash = own.issuer_name, own.issuer_key
        row.state, row.reason, row.seen_at, row.removed_at = InstalledState.INSTALLED, "", at, None
        row.save()
        there.add(row.pk)
    _gone(command.station_id, kind, there, at)
    _drop_oldest(command.station_id)


@transaction.atomic
def deleted(*, command: Command, status: str, at: datetime) -> None:
    """The station deleted a certificate, or has none like it (DeleteCertificate)."""
    if status not in ("Accepted", "NotFound"):
        return
    own = of_json(command.payload["certificateHashData"])
    _lock(command.station_id)
    for kind in RootKind:
        row = _known(command.station_id, kind, own)
        if row is not None and row.state == InstalledState.INSTALLED:
            row.state, row.removed_at = InstalledState.REMOVED, at
            row.reason = "" if status == "Accepted" else "the station says it had none like it"
            row.save()


def hashes_of(certificate: x509.Certificate, algorithm: str = "SHA256") -> Hashes:
    """What a station names ``certificate`` by (as OCSP does), where it signed itself, as roots do.

    Raises ValueError for one that cannot be named so.
    """
    builder = ocsp.OCSPRequestBuilder()
    named = builder.add_certificate(certificate, certificate, _ALGORITHMS[algorithm]()).build()
    name, key = named.issuer_name_hash.hex(), named.issuer_key_hash.hex()
    return Hashes(algorithm, name, key, f"{certificate.serial_number:x}")


def of_json(member: dict[str, Any]) -> Hashes:
    """CertificateHashDataType, cut to what fits into the row."""
    return Hashes(
        str(member.get("hashAlgorithm", ""))[:10],
        str(member.get("issuerNameHash", ""))[:128],
        str(member.get("issuerKeyHash", ""))[:128],
        str(member.get("serialNumber", ""))[:64],
    )


def _ask(
    station: ChargingStation, action: str, payload: dict[str, Any], request: Request
) -> Command:
    return commands.request(
        station=station,
        action=action,
        payload=payload,
        at=request.at,
        requested_by_id=request.by_id,
        queue_for=request.queue_for,
        idempotency_key=request.idempotency_key,
    )


def _lock(station_id: int) -> None:
    """One answer of a station after the other."""
    ChargingStation.objects.select_for_update(no_key=True).get(pk=station_id)


def _known(station_id: int, kind: str, own: Hashes) -> InstalledCertificate | None:
    """Our row of the certificate a station names so, in whichever algorithm."""
    rows = InstalledCertificate.objects.filter(station=station_id, kind=kind)
    for row in rows:
        names = [
            Hashes(row.hash_algorithm, row.issuer_name_hash, row.issuer_key_hash, row.serial_number)
        ]
        if row.pem and own.algorithm in _ALGORITHMS:
            names.append(hashes_of(pki.certificate(row.pem), own.algorithm))
        if own.folded in [name.folded for name in names]:
            return row
    return None


def _new(station_id: int, kind: str, own: Hashes) -> InstalledCertificate:
    return InstalledCertificate(
        station_id=station_id,
        kind=kind,
        hash_algorithm=own.algorithm,
        issuer_name_hash=own.issuer_name,
        issuer_key_hash=own.issuer_key,
        serial_number=own.serial_number,
    )


def _gone(station_id: int, kind: str, there: set[int], at: datetime) -> None:
    rows = InstalledCertificate.objects.filter(
        station=station_id, kind=kind, state=InstalledState.INSTALLED
    )
    reason = "the station does not name it any more"
    rows.exclude(pk__in=there).update(state=InstalledState.REMOVED, removed_at=at, reason=reason)


def _drop_oldest(station_id: int) -> None:
    """A station that names ever other ones fills no table."""
    rows = InstalledCertificate.objects.filter(station=station_id).order_by("-id")
    last = rows.values_list("pk", flat=True)[MOST : MOST + 1].first()
    if last is not None:
        rows.filter(pk__lte=last).delete()
