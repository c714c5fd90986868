"""Mails about accounts, asked for: rows that cms/accounts/sending.py sends; few to one address."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import get_language

from cms.accounts.models import User
from cms.accounts.outbox import Mail, MailKind
from cms.shared.errors import Conflict

_LONGEST = 300  # characters of a folded address
MOST, WINDOW = 3, timedelta(hours=1)  # of one kind to one address: nobody's box is filled from here


class MailIsOff(Conflict):
    """EMAIL_URL is not set."""

    code = "mail_is_off"


def is_on() -> bool:
    """Whether mail is sent at all."""
    return bool(settings.EMAIL_URL)


def ask(
    *,
    kind: MailKind,
    address: str,
    at: datetime,
    user: User | None = None,
    is_theirs: bool = False,
) -> bool:
    """Have a mail sent soon, in the language of whoever asks; who it goes to is found out then.

    The work is the same for every address. False where it had ``MOST`` of the kind within
    ``WINDOW``, letter case ignored, or ``user``, whose doing it is, sent as many to whomever.
    ``is_theirs``: they have shown that the address is theirs. What others do with addresses that
    look alike then keeps nothing from them.
    """
    of_late = Mail.objects.filter(kind=kind, asked_at__gt=at - WINDOW)
    folded = f"{user.pk}/{fold(address)}"[:_LONGEST] if user and is_theirs else fold(address)
    if of_late.filter(folded=folded).count() >= MOST:
        return False
    if user is not None and of_late.filter(user=user).count() >= MOST:
        return False
    mail = Mail(
        kind=kind,
        address=address,
        folded=folded,
        user=user,
        language=get_language() or settings.LANGUAGE_CODE,
        asked_at=at,
        due_at=at,
    )
    Mail.objects.bulk_create([mail], ignore_conflicts=True)  # one that waits is enough
    return True


def fold(address: str) -> str:
    """``address`` as all its spellings: those a database takes for the same, and some more."""
    return unicodedata.normalize("NFKC", address.strip()).upper().casefold()[:_LONGEST]
