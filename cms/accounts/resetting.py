"""Forgotten passwords: a link by mail, good once, for a while, and while nothing else happened."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.db import transaction

from cms.accounts import mails, passwords
from cms.accounts.models import User
from cms.accounts.outbox import MailKind
from cms.accounts.people import with_email
from cms.shared import audit, texts
from cms.shared.errors import DomainError, Text

_tokens = PasswordResetTokenGenerator()
_LONGEST = 100  # characters of a token
_MOST = 5  # accounts of one address


class NoMail(mails.MailIsOff):
    """It takes the operator."""

    def __init__(self) -> None:
        super().__init__("No mail is sent from here: ask the operator for a new password")


class LinkRefused(DomainError):
    """The link or the code opens nothing."""

    code = "reset_refused"

    def __init__(self) -> None:
        super().__init__(
            "The link was used already, or is too old: ask for another one",
            fields={"token": ["was used already, is too old, or is of somebody else"]},
        )


def forgotten(*, email: str, at: datetime) -> bool:
    """Have a link sent to whoever has ``email``: nothing here tells whether there is anybody.

    False where it was asked for too often. Raises NoMail, DomainError for what is no address.
    """
    if not mails.is_on():
        raise NoMail
    email, field = email.strip(), User._meta.get_field("email")
    if not email:
        raise DomainError.of_field("email", Text("is needed"))
    try:
        field.clean(email, None)
    except ValidationError as error:
        raise DomainError.of_fields({"email": texts.of_validation(error)}) from None
    return mails.ask(kind=MailKind.RESET, address=email, at=at)


def who_may(email: str) -> list[User]:
    """Whose password may be set anew by mail: of open accounts, of people who have one."""
    found = with_email(email).filter(is_active=True).order_by("pk")[:_MOST]
    return [user for user in found if user.has_usable_password()]


def token(user: User) -> str:
    """Good for one new password: not after another one was set, a login or a new e-mail."""
    return _tokens.make_token(user)


def find(*, uid: str, token: str) -> User:
    """Whose token it is. Raises LinkRefused, alike for all it may be."""
    found = User.objects.filter(pk=int(uid)).first() if _is_number(uid) else None
    user = found or User()  # nobody's token is checked as somebody's is
    is_right = len(token) <= _LONGEST and _tokens.check_token(user, token)
    if not (is_right and user.pk and user.is_active and user.has_usable_password()):
        raise LinkRefused
    return user


@transaction.atomic
def reset(*, uid: str, token: str, new: str) -> User:
    """Give the owner of ``token`` a password; whoever was logged in as them is so no more.

    Their second factor stays. Raises LinkRefused, DomainError (``newPassword``).
    """
    if _is_number(uid):  # two at once: one of them comes too late
        User.objects.select_for_update(no_key=True).filter(pk=int(uid)).first()
    user = find(uid=uid, token=token)
    passwords.assign(user=user, new=new, field="newPassword")
    audit.note(user, "Set a new password by mail", user_id=user.pk)
    return user


def _is_number(uid: str) -> bool:
    return uid.isascii() and uid.isdigit() and len(uid) < 19
