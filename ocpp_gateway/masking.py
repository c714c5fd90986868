"""Secrets never reach the message log or the console: they are masked before anything is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stations.services import transfers

if TYPE_CHECKING:
    from ocpp_gateway.notebook import Exchange

# ChangeConfiguration of a password key, whichever member comes first, on the way out or back
_SECRET_KEY = re.compile(r'"key"\s*:\s*"(?:AuthorizationKey|BasicAuthPassword)"', re.IGNORECASE)
# Where a file goes: the token of an address of ours, the password of an operator's own
_ADDRESS = re.compile(r'"(?:location|remoteLocation)"\s*:\s*"(?:[^"\\]|\\.)*"')
_SHOWN = 4000  # characters
_VALUE = re.compile(r'("value"\s*:\s*)"(?:[^"\\]|\\.)*"')


def mask(text: str) -> str:
    """``text`` of a frame with the values of password keys and the tokens of addresses replaced."""
    if 'ocation"' in text and ("//" in text or "\\" in text):  # not a sampledValue's
        text = _ADDRESS.sub(lambda found: transfers.shown(found[0].replace("\\/", "/")), text)
    if '"key"' not in text or not _SECRET_KEY.search(text):  # most frames: no look-up pays twice
        return text
    return _VALUE.sub(r'\1"***"', text)


def printable(text: str) -> str:
    """``text`` as it may stand in a line of the log: nothing in it moves the cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def shown(text: str) -> str:
    """``text`` of a frame as the console shows it, which is not all of a long one."""
    masked_text = mask(text)
    more = "…" if len(masked_text) > _SHOWN else ""
    return printable(masked_text[:_SHOWN]) + more


def masked(entry: Exchange) -> Exchange:
    """The exchange as it may be kept; NUL, which PostgreSQL refuses, is taken out."""
    return entry._replace(
        message_id=entry.message_id.replace("\x00", ""),
        request=mask(entry.request).replace("\x00", ""),
        response=mask(entry.response).replace("\x00", ""),
    )
