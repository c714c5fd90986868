"""Sealing: a password that waits in a row to be sent is encrypted under SECRET_KEY meanwhile."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken

from cms.shared.sealing import Unreadable, fernet
from stations.services.configuration import is_secret

__all__ = ["Unreadable", "opened", "sealed"]
_MARK, _PURPOSE = "sealed:", b"sealed payload"


def sealed(payload: dict[str, Any]) -> dict[str, Any]:
    """A ChangeConfiguration.req as it may be stored: the value of a password key encrypted."""
    if not is_secret(str(payload.get("key"))) or not isinstance(payload.get("value"), str):
        return payload
    return {
        **payload,
        "value": _MARK + fernet(_PURPOSE).encrypt(payload["value"].encode()).decode(),
    }


def opened(payload: dict[str, Any]) -> dict[str, Any]:
    """The same as it is sent. Raises Unreadable."""
    value = payload.get("value")
    secret = isinstance(value, str) and value.startswith(_MARK)
    if not secret or not is_secret(str(payload.get("key"))):
        return payload
    try:
        plain = fernet(_PURPOSE).decrypt(str(value).removeprefix(_MARK)).decode()
    except InvalidToken:
        raise Unreadable from None
    return {**payload, "value": plain}
