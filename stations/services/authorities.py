"""Who may sign stations' certificates: the authorities we trust."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from stations.services import pki


def trusted() -> list[x509.Certificate]:
    """The certificates of everybody who may sign a station's.

    Raises OSError or pki.Unfit where TLS_CLIENT_CA names no file of certificates.
    """
    return _named(settings.TLS_CLIENT_CA) if settings.TLS_CLIENT_CA else []


def pem(certificate: x509.Certificate) -> str:
    """``certificate`` as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


@lru_cache(maxsize=4)  # read once: a new file takes a restart, as the server's own certificate does
def _named(file: str) -> list[x509.Certificate]:
    return pki.certificates(Path(file).read_text())
