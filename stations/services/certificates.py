"""Stations' certificates: what one proves that a station connects with."""

from __future__ import annotations

from datetime import datetime

from cryptography.hazmat.primitives import hashes

from stations.models import CertificateState, StationCertificate
from stations.services import authorities, pki


def problem(chain: list[str], *, cp_id: str, at: datetime) -> str:
    """Why ``chain`` (PEM, the station's own first) does not prove ``cp_id``; empty where it does.

    The certificate's CN is the identity, letter case ignored (security whitepaper, section 3.5).
    """
    try:
        read = [each for pem in chain for each in pki.certificates(pem)]
        pki.check_client(read, authorities.trusted(), at=at)
    except pki.Unfit as unfit:
        return str(unfit)
    if pki.common_name(read[0].subject).lower() != cp_id.lower():
        return "the certificate is another station's"
    fingerprint = read[0].fingerprint(hashes.SHA256()).hex()
    revoked = StationCertificate.objects.filter(
        fingerprint=fingerprint, state=CertificateState.REVOKED
    )
    return "the certificate is revoked" if revoked.exists() else ""
