"""Certificates as such: read, checked and described. No database, no clock of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cms.shared.errors import DomainError

Extension = TypeVar("Extension", bound=x509.ExtensionType)
_DEEPEST = 4  # intermediates between a station's certificate and who is trusted


class Unfit(DomainError):
    """A certificate or a request that cannot be used; the text says why, and no secret."""


def certificate(pem: str) -> x509.Certificate:
    """The one certificate in ``pem``. Raises Unfit."""
    found = certificates(pem)
    if len(found) != 1:
        raise Unfit("one certificate was expected")
    return found[0]


def certificates(pem: str) -> list[x509.Certificate]:
    """All certificates in ``pem``, at least one. Raises Unfit."""
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError:  # UnicodeEncodeError is one
        raise Unfit("it is no certificate in PEM form") from None


def common_name(name: x509.Name) -> str:
    """The CN of a subject; empty where it has none, or several."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""


def check_client(
    chain: list[x509.Certificate], anchors: Iterable[x509.Certificate], *, at: datetime
) -> None:
    """Raise Unfit unless ``chain`` (the client's own first) leads to one of ``anchors`` at ``at``.

    Whether the client holds the private key is what the TLS handshake has seen.
    """
    own, *between = chain
    if not own.not_valid_before_utc <= at <= own.not_valid_after_utc:
        raise Unfit("the certificate is not valid now")
    usage = _extension(own, x509.ExtendedKeyUsage)
    if usage is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise Unfit("the certificate is not for clients")
    trusted = [each for each in anchors if _may_sign(each, at)]
    if not _leads_to(own, [each for each in between if _may_sign(each, at)], trusted):
        raise Unfit("the certificate was signed by nobody we trust")


def _leads_to(
    own: x509.Certificate, between: list[x509.Certificate], trusted: list[x509.Certificate]
) -> bool:
    for _ in range(_DEEPEST + 1):
        if any(_signed(own, by) for by in trusted):
            return True
        issuer = next((each for each in between if _signed(own, each)), None)
        if issuer is None:
            return False
        own, between = issuer, [each for each in between if each is not issuer]
    return False


def _signed(own: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        own.verify_directly_issued_by(by)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _may_sign(issuer: x509.Certificate, at: datetime) -> bool:
    constraints = _extension(issuer, x509.BasicConstraints)
    usage = _extension(issuer, x509.KeyUsage)
    return (
        constraints is not None
        and constraints.ca
        and (usage is None or usage.key_cert_sign)
        and issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc
    )


def _extension(found: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return found.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None
