"""Stripe's webhooks over HTTP: signed as Stripe documents it, by none of its SDK's code."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import datetime
from typing import Any


def event(kind: str, about: dict[str, Any], number: int = 1) -> dict[str, Any]:
    """An event about an object as it was at that moment."""
    name = f"evt_{kind}_{about['id']}_{number}"
    return {"id": name, "object": "event", "type": kind, "data": {"object": dict(about)}}


def deliver(
    address: str, secret: str, events: Iterable[dict[str, Any]], *, at: datetime
) -> list[int]:
    """Send them one after the other, in the order they are given; how each was answered."""
    return [_send(address, secret, json.dumps(one).encode(), at) for one in events]


def _send(address: str, secret: str, body: bytes, at: datetime) -> int:
    said_at = int(at.timestamp())
    signed = hmac.new(secret.encode(), b"%d." % said_at + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": f"t={said_at},v1={signed},v0=ignored",
    }
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
