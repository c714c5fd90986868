"""Sealing: a password that waits in a row to be sent is encrypted under SECRET_KEY meanwhile."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from stations.services.configuration import is_secret

_MARK = "sealed:"


class Unreadable(Exception):
    """It was sealed under another SECRET_KEY."""


def sealed(payload: dict[str, Any]) -> dict[str, Any]:
    """A ChangeConfiguration.req as it may be stored: the value of a password key encrypted."""
    if not is_secret(str(payload.get("key"))) or not isinstance(payload.get("value"), str):
        return payload
    return {**payload, "value": _MARK + _fernet().encrypt(payload["value"].encode()).decode()}


def opened(payload: dict[str, Any]) -> dict[str, Any]:
    """The same as it is sent. Raises Unreadable."""
    value = payload.get("value")
    secret = isinstance(value, str) and value.startswith(_MARK)
    if not secret or not is_secret(str(payload.get("key"))):
        return payload
    try:
        plain = _fernet().decrypt(str(value).removeprefix(_MARK)).decode()
    except InvalidToken:
        raise Unreadable from None
    return {**payload, "value": plain}


def _fernet() -> Fernet:
    secret = settings.SECRET_KEY.encode()
    return Fernet(urlsafe_b64encode(hmac.new(secret, b"sealed payload", hashlib.sha256).digest()))
