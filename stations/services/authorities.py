"""Who may sign stations' certificates: the authorities we trust, and our own among them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import IntegrityError, transaction

from cms.shared import sealing
from stations.models import KeyKind, StationAuthority
from stations.services import pki, signing

_DAYS = 20 * 365


class Own(NamedTuple):
    """An authority of ours: its row, its certificate and its private key."""

    row: StationAuthority
    certificate: x509.Certificate
    key: Any


def trusted() -> list[x509.Certificate]:
    """The certificates of everybody who may sign a station's: those of a file, and our own.

    Raises OSError or pki.Unfit where TLS_CLIENT_CA names no file of certificates.
    """
    made = StationAuthority.objects.order_by("pk").values_list("certificate", flat=True)
    return [*named(), *(_read(each) for each in made)]


def named() -> list[x509.Certificate]:
    """Those in the file TLS_CLIENT_CA. Raises OSError or pki.Unfit where it is none."""
    return _named(settings.TLS_CLIENT_CA) if settings.TLS_CLIENT_CA else []


def own(kind: KeyKind, *, at: datetime) -> Own:
    """Our authority for this kind of key, made where there is none yet.

    Raises pki.Unfit where its key was encrypted under another SECRET_KEY.
    """
    row = StationAuthority.objects.filter(kind=kind).first() or _made(kind, at)
    return Own(row, _read(row.certificate), _opened(row.encrypted_key, _passphrases()))


def make_all(*, at: datetime) -> None:
    """Make those of our authorities that are not there yet."""
    there = set(StationAuthority.objects.values_list("kind", flat=True))
    for kind in KeyKind:
        if kind not in there:
            _made(kind, at)


def pem(certificate: x509.Certificate) -> str:
    """``certificate`` as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def _made(kind: KeyKind, at: datetime) -> StationAuthority:
    certificate, key = signing.new_root(kind, f"Voltdesk stations {kind}", at=at, days=_DAYS)
    try:
        with transaction.atomic():
            return StationAuthority.objects.create(
                kind=kind,
                certificate=pem(certificate),
                encrypted_key=signing.sealed(key, _passphrases()[0]),
                made_at=at,
            )
    except IntegrityError:  # another process was faster
        return StationAuthority.objects.get(kind=kind)


def _passphrases() -> tuple[bytes, ...]:
    """What our keys are encrypted with: who has the database alone can sign nothing.

    Today's, and those of former SECRET_KEYs.
    """
    return tuple(key.hex().encode() for key in sealing.keys(b"station authority"))


@lru_cache(maxsize=4)  # read once: a new file takes a restart, as the server's own certificate does
def _named(file: str) -> list[x509.Certificate]:
    return pki.certificates(Path(file).read_text())


@lru_cache(maxsize=8)
def _read(text: str) -> x509.Certificate:
    return pki.certificate(text)


@lru_cache(maxsize=8)
def _opened(text: str, passphrases: tuple[bytes, ...]) -> Any:
    *first, last = passphrases
    for passphrase in first:
        with suppress(pki.Unfit):
            return signing.opened(text, passphrase)
    return signing.opened(text, last)
