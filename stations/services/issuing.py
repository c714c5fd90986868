"""Issuing: a station asks for a certificate, our authority signs it, the station takes it or not.

Two steps, each a commit of its own: the wish is stored and answered; after the answer it is signed
and sent. A process that dies between them leaves the wish to the next round of ``issue_due``.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import transaction

from cms.shared.errors import Conflict, DomainError
from stations.models import (
    CertificateState,
    ChargingStation,
    Command,
    SecurityProfile,
    StationCertificate,
)
from stations.services import authorities, commands, pki, signing

if TYPE_CHECKING:
    from cms.accounts.models import User

logger = logging.getLogger(__name__)
TRIGGER = "SignChargePointCertificate"
MOST_AN_HOUR = 20  # wishes of one station
_ASKED_FOR = timedelta(hours=1)  # how long after our trigger a station's wish answers it
_DELIVERED_IN = timedelta(hours=1)  # how long a certificate waits for a station that is away
_AT_ONCE = 50
_OPEN = (CertificateState.REQUESTED, CertificateState.ISSUED)


@transaction.atomic
def requested(*, station_id: int, csr: str, at: datetime) -> bool:
    """A station asks for a certificate (SignCertificate); says whether it will get one.

    The request must be well-formed, signed with its own key, of a key that is strong enough, and
    for this station. Nobody who proved nothing gets one, unless we asked for the request. The same
    request again, while its certificate is on the way, is the same wish.
    """
    station = ChargingStation.objects.select_for_update(no_key=True).get(pk=station_id)
    rows = StationCertificate.objects.filter(station=station)
    if rows.filter(csr=csr, state__in=_OPEN).exists():
        return True
    if rows.filter(requested_at__gt=at - timedelta(hours=1)).count() >= MOST_AN_HOUR:
        logger.warning("[%s] Too many requests for certificates", station.cp_id)
        return False
    wish = StationCertificate(station=station, csr=csr[: signing.LONGEST_REQUEST], requested_at=at)
    try:
        _check(wish, csr, at)
    except pki.Unfit as unfit:
        wish.state, wish.reason = CertificateState.REFUSED, str(unfit)[:200]
        logger.warning("[%s] No certificate: %s", station.cp_id, unfit)
    wish.save()
    return wish.state == CertificateState.REQUESTED


def issue_due(*, at: datetime, station_id: int | None = None) -> int:
    """Sign what was asked for, of one station or of all, and send it; gives how many."""
    rows = StationCertificate.objects.filter(state=CertificateState.REQUESTED)
    if station_id is not None:
        rows = rows.filter(station=station_id)
    waiting = list(rows.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    return sum(_issue(pk, at) for pk in waiting)


def answered(*, command: Command, status: str, at: datetime) -> None:
    """The station took its certificate, or refused it (CertificateSigned)."""
    taken = status == "Accepted"
    StationCertificate.objects.filter(
        command=command, state__in=[CertificateState.ISSUED, CertificateState.NOT_DELIVERED]
    ).update(
        state=CertificateState.ACCEPTED if taken else CertificateState.REJECTED,
        reason="" if taken else f"the station answered {status}"[:200],
        answered_at=at,
    )


@transaction.atomic
def revoke(
    *, certificate: StationCertificate, why: str, at: datetime, by: User | None = None
) -> StationCertificate:
    """Let nobody in with this certificate any more. Raises Conflict where there is nothing to end.

    Raises DomainError where ``why`` is empty.
    """
    if not why.strip():
        raise DomainError("Please say why", fields={"why": ["should say why"]})
    row = StationCertificate.objects.select_for_update(no_key=True, of=("self",)).get(
        pk=certificate.pk
    )
    if not row.fingerprint or row.state == CertificateState.REVOKED:
        raise Conflict("%(row)s is %(state)s", row=row, state=CertificateState(row.state))
    row.state, row.reason = CertificateState.REVOKED, why.strip()[:200]
    row.revoked_at, row.revoked_by = at, by
    row.save()
    return row


def prune(*, before: datetime) -> int:
    """Delete wishes from before that led to no certificate; gives how many."""
    ended = (CertificateState.REFUSED,)
    rows = StationCertificate.objects.filter(state__in=ended, requested_at__lt=before)
    return rows.delete()[0]


def _check(wish: StationCertificate, csr: str, at: datetime) -> None:
    """Raise pki.Unfit where the wish is not granted."""
    station = wish.station
    read = signing.request(csr)
    wish.key_kind = signing.key_kind(read)
    if pki.common_name(read.subject).lower() != station.cp_id.lower():
        raise pki.Unfit("the CN of the request is not the station's identity")
    proven = (station.connected_profile or SecurityProfile.NONE) > SecurityProfile.NONE
    if not proven and not _was_asked_for(station, at):
        raise pki.Unfit("the station has proved nothing, and was not asked for a request")


def _was_asked_for(station: ChargingStation, at: datetime) -> bool:
    return Command.objects.filter(
        station=station,
        action="ExtendedTriggerMessage",
        payload__requestedMessage=TRIGGER,
        sent_at__gt=at - _ASKED_FOR,
    ).exists()


@transaction.atomic
def _issue(pk: int, at: datetime) -> bool:
    row = (
        StationCertificate.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("station")
        .filter(pk=pk, state=CertificateState.REQUESTED)
        .first()
    )
    if row is None:  # somebody else does it, or did
        return False
    try:
        _sign(row, at)
        row.command = commands.request(
            station=row.station,
            action="CertificateSigned",
            payload={"certificateChain": row.pem},
            at=at,
            queue_for=_DELIVERED_IN,
        )
        row.state = CertificateState.ISSUED
    except (pki.Unfit, Conflict) as error:
        row.state, row.reason = CertificateState.REFUSED, str(error)[:200]
        logger.error("[%s] No certificate: %s", row.station.cp_id, error)
    row.save()
    return row.state == CertificateState.ISSUED


def _sign(row: StationCertificate, at: datetime) -> None:
    read = signing.request(row.csr)
    authority = authorities.own(signing.key_kind(read), at=at)
    certificate = signing.client_certificate(
        read,
        cp_id=row.station.cp_id,
        by=(authority.certificate, authority.key),
        at=at,
        days=settings.STATION_CERTIFICATE_DAYS,
    )
    row.authority = authority.row
    row.pem = authorities.pem(certificate)
    row.serial_number = f"{certificate.serial_number:x}"
    row.fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    row.not_before = certificate.not_valid_before_utc
    row.not_after = certificate.not_valid_after_utc
    row.issued_at = at
