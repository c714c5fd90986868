"""The Idempotency-Key header: a word of the caller's by which a repeat is known."""

from __future__ import annotations

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

LONGEST_KEY = 70
HEADER = "Idempotency-Key"


def idempotency_key(request: Request) -> str | None:
    """The caller's word, made the caller's own: two callers may choose the same.

    Raises ValidationError (400) for one that is too long or not printable.
    """
    word = request.headers.get(HEADER, "").strip()
    if not word:
        return None
    if len(word) > LONGEST_KEY or not (word.isascii() and word.isprintable()):
        message = f"should be at most {LONGEST_KEY} printable characters"
        raise ValidationError({HEADER: [message]})
    kind, holder = (
        ("key", request.auth) if hasattr(request.auth, "scopes") else ("user", request.user)
    )
    return f"{kind}{getattr(holder, 'pk', '')}:{word}"


def needed_key(request: Request) -> str:
    """The same where it is needed. Raises ValidationError (400) where it is missing."""
    key = idempotency_key(request)
    if key is None:
        raise ValidationError({HEADER: ["is needed: a word of yours for this booking"]})
    return key
