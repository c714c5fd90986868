"""Secrets at rest: encrypted under SECRET_KEY, for one purpose each; a former key still opens them.

SECRET_KEY_FALLBACKS has the former keys: what was sealed under one of them is opened as long as it
stands there, and sealed under SECRET_KEY when it is written again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


class Unreadable(Exception):
    """It was sealed under another SECRET_KEY, or for something else."""


def keys(purpose: bytes) -> list[bytes]:
    """A key of 32 bytes for ``purpose``, derived from SECRET_KEY; then those of former ones."""
    return [hmac.new(secret.encode(), purpose, hashlib.sha256).digest() for secret in secret_keys()]


def secret_keys() -> list[str]:
    """SECRET_KEY, and the former ones that still count."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def fernet(purpose: bytes) -> MultiFernet:
    """Encrypts texts of any length; its tokens are long."""
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys(purpose)])


def sealed(plain: bytes, *, purpose: bytes, of: str) -> str:
    """``plain`` as a short text that only tells who has the key, and only as that of ``of``."""
    nonce = secrets.token_bytes(_NONCE)
    secret = AESGCM(keys(purpose)[0]).encrypt(nonce, plain, of.encode())
    return b64encode(nonce + secret).decode()


def opened(text: str, *, purpose: bytes, of: str) -> bytes:
    """What was sealed. Raises Unreadable."""
    try:
        raw = b64decode(text, validate=True)
    except Error:
        raise Unreadable from None
    for key in keys(purpose):
        try:
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], of.encode())
        except (InvalidTag, ValueError):
            continue
    raise Unreadable
