"""Signing: requests for certificates read and checked, certificates made. No database, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stations.models import KeyKind
from stations.services import pki

LONGEST_REQUEST = 5500  # characters (security whitepaper, SignCertificate.req)
_RSA_BITS, _ROOT_RSA_BITS = range(2048, 8193), 3072
_EC_BITS = range(224, 522)
_WEAK = (hashes.MD5, hashes.SHA1)
_EARLIER = timedelta(days=1)  # the clocks of stations run late
_SIGNING = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)
_MOST_ORGANIZATION = 64  # characters (X.520)


def request(pem: str) -> x509.CertificateSigningRequest:
    """The request in ``pem``, signed with the key it is for. Raises pki.Unfit."""
    if len(pem) > LONGEST_REQUEST:
        raise pki.Unfit("the request has more than %(most)s characters", most=LONGEST_REQUEST)
    try:
        read = x509.load_pem_x509_csr(pem.encode("ascii"))
        weak = isinstance(read.signature_hash_algorithm, _WEAK)
        proven = read.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        raise pki.Unfit("it is no request in PEM form") from None
    if weak or not proven:
        raise pki.Unfit("the signature of the request is not valid")
    return read


def key_kind(read: x509.CertificateSigningRequest) -> KeyKind:
    """The kind of key it is for. Raises pki.Unfit for one that is too weak, or of another kind."""
    try:
        key = read.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise pki.Unfit("the key cannot be read") from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return KeyKind.RSA
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size in _EC_BITS:
        return KeyKind.ECDSA
    raise pki.Unfit("the key should be RSA of at least 2048 bits or ECDSA of at least 224")


def new_root(kind: KeyKind, name: str, *, at: datetime, days: int) -> tuple[x509.Certificate, Any]:
    """A root certificate that signs itself, and its key."""
    key: Any
    if kind == KeyKind.RSA:
        key = rsa.generate_private_key(65537, _ROOT_RSA_BITS)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject, subject, key.public_key(), at, at + timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=True), critical=True)
    return builder.sign(key, hashes.SHA256()), key


def client_certificate(
    read: x509.CertificateSigningRequest,
    *,
    cp_id: str,
    by: tuple[x509.Certificate, Any],
    at: datetime,
    days: int,
) -> x509.Certificate:
    """What ``by`` signs for the station ``cp_id``: its key, its identity as CN, for clients only.

    Of the subject it asked for only the organization is kept; nothing else of it is believed.
    """
    root, root_key = by
    until = min(at + timedelta(days=days), root.not_valid_after_utc)
    builder = _builder(_subject(read, cp_id), root.subject, read.public_key(), at, until)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    builder = builder.add_extension(constraints, critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    builder = builder.add_extension(usage, critical=False)
    builder = builder.add_extension(authority, critical=False)
    return builder.sign(root_key, hashes.SHA256())


def sealed(key: Any, passphrase: bytes) -> str:
    """A private key as text, encrypted."""
    encryption = BestAvailableEncryption(passphrase)
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode())


def opened(pem: str, passphrase: bytes) -> Any:
    """The key of such a text. Raises pki.Unfit where the passphrase is another one."""
    try:
        key = load_pem_private_key(pem.encode(), passphrase)
    except ValueError:
        raise pki.Unfit("the authority's key was encrypted under another SECRET_KEY") from None
    assert isinstance(key, _SIGNING)
    return key


def _subject(read: x509.CertificateSigningRequest, cp_id: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, cp_id)]
    organization = read.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if len(organization) == 1:
        name = str(organization[0].value)[:_MOST_ORGANIZATION]
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, name))
    return x509.Name(parts)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: Any, at: datetime, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=at - _EARLIER,
        not_valid_after=until,
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )
