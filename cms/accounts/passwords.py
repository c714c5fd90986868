"""Passwords: checked and changed, and with them all that was logged in by the old one."""

from __future__ import annotations

import hmac
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import override
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from cms.accounts.models import User
from cms.shared import texts
from cms.shared.errors import DomainError, Text


class WrongPassword(DomainError):
    """The password somebody gave as theirs is not."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("The password is wrong", fields={"current": ["is not your password"]})


def check(password: str, *, user: User, field: str = "password") -> None:
    """Raise DomainError, naming ``field``, for a password that is too easily guessed."""
    try:
        with override("en"):
            validate_password(password, user)
    except ValidationError as error:
        raise DomainError.of_fields({field: texts.of_validation(error)}) from None


@transaction.atomic
def change(*, user: User, current: str, new: str) -> None:
    """Somebody changes their own: their tokens and other sessions are worth nothing from now on.

    Raises WrongPassword, DomainError.
    """
    if not user.check_password(current):
        raise WrongPassword
    assign(user=user, new=new, field="new")


@transaction.atomic
def assign(*, user: User, new: str, field: str = "password") -> None:
    """Give somebody a password, with the same end to what was before. Raises DomainError."""
    if "\0" in new:
        raise DomainError.of_field(field, Text("should be one line of text"))
    check(new, user=user, field=field)
    user.set_password(new)
    user.save(update_fields=["password"])
    log_out(user=user)


def seal(user: User) -> str:
    """Changes with the password; nobody makes it without SECRET_KEY, nor learns the hash by it."""
    return user.get_session_auth_hash()[:16]


def is_sealed(user: User, found: object) -> bool:
    """Whether ``found`` is the seal of the password ``user`` has now."""
    return hmac.compare_digest(str(found).encode(), seal(user).encode())


def log_out(*, user: Any) -> None:
    """Revoke all refresh tokens of ``user``."""
    open_ones = OutstandingToken.objects.filter(user=user, blacklistedtoken=None)
    BlacklistedToken.objects.bulk_create(
        [BlacklistedToken(token=token) for token in open_ones], ignore_conflicts=True
    )
