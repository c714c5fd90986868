"""E-mail addresses that are verified: who reads a mail sent there says so by its link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.core import signing
from django.db import transaction

from cms.accounts import mails
from cms.accounts.models import User
from cms.accounts.outbox import MailKind
from cms.accounts.people import with_email
from cms.shared import audit
from cms.shared.errors import Conflict, DomainError

DAYS = 3  # a link is good for
MOST = 5  # accounts of one address
_SALT = "cms.accounts.verifying"  # what is signed here is good for nothing else


class NoMail(mails.MailIsOff):
    """No address can be verified."""

    def __init__(self) -> None:
        super().__init__("No mail is sent from here: no address can be verified")


class LinkRefused(DomainError):
    """The link or the code verifies nothing."""

    code = "verification_refused"

    def __init__(self) -> None:
        super().__init__(
            "The link is wrong or too old, or the account has another address: ask for a new one",
            fields={"token": ["is wrong, too old, or of another address"]},
        )


class Verified(NamedTuple):
    """Whose address it is; whether it is the first of theirs."""

    user: User
    is_first: bool


def token(user: User) -> str:
    """Says that a mail to the address ``user`` has now was read; of no use for another one."""
    return signing.dumps([user.pk, user.email], salt=_SALT)


def who_may(email: str) -> list[User]:
    """Who has this address and has not verified it."""
    found = with_email(email).filter(is_active=True).order_by("pk")[:MOST]
    return [user for user in found if not user.email_verified]


def ask_again(*, user: User, at: datetime) -> bool:
    """Have the mail sent once more; False where it was too often.

    Raises NoMail, Conflict where there is nothing to verify.
    """
    if not mails.is_on():
        raise NoMail
    if not user.email:
        raise Conflict("There is no address to verify", fields={"email": ["is needed"]})
    if user.email_verified:
        raise Conflict("This address is verified already")
    return mails.ask(kind=MailKind.VERIFY, address=user.email, at=at, user=user)


@transaction.atomic
def verify(*, token: str) -> Verified:
    """Note that the address in ``token`` is its user's. Once more changes nothing.

    Raises LinkRefused: forged, too old, of an account that is shut, or has another address now.
    """
    try:
        number, email = signing.loads(token, salt=_SALT, max_age=timedelta(days=DAYS))
    except signing.BadSignature:
        raise LinkRefused from None
    rows = User.objects.select_for_update(no_key=True).filter(pk=number, is_active=True)
    user = rows.first()
    if user is None or user.email != email:
        raise LinkRefused
    is_first = not user.verified_email
    if not user.email_verified:
        user.verified_email = email
        user.save(update_fields=["verified_email"])
        audit.note(user, "Verified the e-mail address", user_id=user.pk)
    return Verified(user, is_first)
