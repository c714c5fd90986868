"""Certificates for tests: authorities, servers and stations, made in memory in a moment."""

from __future__ import annotations

import ipaddress
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


class Identity(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> str:
        """The certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def write(self, folder: Path, name: str) -> tuple[str, str]:
        """The files of certificate and key."""
        files = folder / f"{name}.pem", folder / f"{name}.key"
        files[0].write_text(self.pem)
        files[1].write_bytes(
            self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        return str(files[0]), str(files[1])


def named(common_name: str, organization: str = "") -> x509.Name:
    """A subject."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def a_key(kind: str = "ec") -> Any:
    """A private key."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def authority(common_name: str = "Test CA", *, by: Identity | None = None) -> Identity:
    """Somebody who signs: a root, or one below another."""
    key = a_key()
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    return _signed(named(common_name), key, by, [(constraints, True)])


def station(
    common_name: str,
    by: Identity,
    *,
    valid: tuple[timedelta, timedelta] = (-DAY, DAY),
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> Identity:
    """A client's certificate; ``valid`` from and to, counted from now."""
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    extensions = [(constraints, True), (x509.ExtendedKeyUsage([usage]), False)]
    return _signed(named(common_name), a_key(), by, extensions, valid)


def server(by: Identity, *, kind: str = "rsa") -> Identity:
    """The certificate of a server on this machine."""
    here = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    )
    return _signed(named("localhost"), a_key(kind), by, [(here, False)])


def request(common_name: str, *, kind: str = "ec", key: Any = None, forged: bool = False) -> str:
    """A request for a certificate (PEM); a forged one was changed after it was signed."""
    builder = x509.CertificateSigningRequestBuilder(named(common_name, "Operator"))
    made = builder.sign(key or a_key(kind), hashes.SHA256()).public_bytes(Encoding.DER)
    if forged:
        made = made.replace(b"Operator", b"Operetta")
    label = "CERTIFICATE REQUEST"
    return f"-----BEGIN {label}-----\n{encodebytes(made).decode()}-----END {label}-----\n"


def _signed(
    subject: x509.Name,
    key: Any,
    by: Identity | None,
    extensions: list[tuple[Any, bool]],
    valid: tuple[timedelta, timedelta] = (-DAY, DAY),
) -> Identity:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        issuer_name=by.certificate.subject if by else subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now + valid[0],
        not_valid_after=now + valid[1],
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Identity(builder.sign(by.key if by else key, hashes.SHA256()), key)
