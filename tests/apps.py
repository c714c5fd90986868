"""An authenticator app: the six digits that belong to a secret now, and in half a minute."""

from __future__ import annotations

import time
from base64 import b32decode

from django_otp.oath import TOTP


def digits(secret: str, *, later: int = 0) -> str:
    """What the app shows for the letters somebody typed in; ``later``: so many steps of 30 s."""
    generator = TOTP(b32decode(secret.replace(" ", "")))
    generator.time = time.time() + 30 * later
    return f"{generator.token():06d}"
