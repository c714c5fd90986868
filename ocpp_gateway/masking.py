"""Secrets never reach the message log or the console: they are masked before anything is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocpp_gateway.notebook import Exchange

# ChangeConfiguration of a password key, whichever member comes first, on the way out or back
_SECRET_KEY = re.compile(r'"key"\s*:\s*"(?:AuthorizationKey|BasicAuthPassword)"', re.IGNORECASE)
_VALUE = re.compile(r'("value"\s*:\s*)"(?:[^"\\]|\\.)*"')


def mask(text: str) -> str:
    """``text`` of a frame with the values of password keys replaced."""
    return _VALUE.sub(r'\1"***"', text) if _SECRET_KEY.search(text) else text


def masked(entry: Exchange) -> Exchange:
    """The exchange as it may be kept; NUL, which PostgreSQL refuses, is taken out."""
    return entry._replace(
        request=mask(entry.request).replace("\x00", ""),
        response=mask(entry.response).replace("\x00", ""),
    )
