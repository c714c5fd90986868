"""Accounts of people, written: made, registered, changed, shut. Interfaces call nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from cms.accounts import mails, passwords
from cms.accounts.models import User
from cms.accounts.outbox import MailKind
from cms.shared import audit, texts
from cms.shared.errors import Conflict, DomainError, Text

FIELDS = (
    *("name", "email", "phone"),
    *("country", "state", "address", "unit", "city", "postal_code"),
)
_NAMES = ("first_name", "last_name")
_SAID_AS = {**dict.fromkeys(_NAMES, "name"), "postal_code": "zip"}  # as all interfaces call them


@transaction.atomic
def change(*, user: User, fields: Mapping[str, str], at: datetime) -> User:
    """Write some of ``FIELDS`` of ``user``, empty ones as "".

    Who logs in by their e-mail logs in by the new one from then on; where mail is sent, the new
    one is asked whether it is theirs, and the former one told. Raises DomainError with the fields
    that cannot be so, Conflict for an e-mail that somebody else has.
    """
    former = user.email
    written = _stored(user, fields)
    _check(user, written)
    if (email := written.get("email")) and with_email(email).exclude(pk=user.pk).exists():
        raise _in_use()
    try:
        with transaction.atomic():
            user.save(update_fields=[*written])
    except IntegrityError:
        raise _in_use() from None
    tell_of_address(user=user, former=former, at=at)
    return user


def tell_of_address(*, user: User, former: str, at: datetime) -> None:
    """Where mail is sent: ask the new address whether it is theirs, and tell the ``former`` one.

    A stranger at somebody's telephone must not take their account without a word.
    """
    if not mails.is_on() or user.email.lower() == former.lower():
        return
    if user.email:
        mails.ask(kind=MailKind.VERIFY, address=user.email, at=at, user=user)
    if former:
        is_theirs = former.lower() == user.verified_email.lower()
        mails.ask(kind=MailKind.MOVED, address=former, at=at, user=user, is_theirs=is_theirs)


@transaction.atomic
def create(*, username: str, fields: Mapping[str, str], password: str | None = None) -> User:
    """A new account as an operator makes it, without any power; nobody logs in without a password.

    ``username`` may be empty: the e-mail then. Raises DomainError, Conflict for a name or an
    e-mail that is there already.
    """
    user = _new(username, fields, password)
    if user.email and with_email(user.email).exists():
        raise _in_use()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        taken = {"username": ["is taken"]}
        raise Conflict("This user name is taken", fields=taken) from None
    return user


@transaction.atomic
def register(*, fields: Mapping[str, str], password: str) -> User | None:
    """An account that somebody makes for themselves; they log in by their e-mail.

    None where the e-mail is known, after the same work, so that nobody learns it from here. Raises
    DomainError for what cannot be, whether it is known or not.
    """
    if not fields.get("email", "").strip():
        raise DomainError.of_field("email", Text("is needed"))
    user = _new("", fields, password)
    if with_email(user.email).exists():
        return None
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:  # a user name of that kind, or the same at the same moment
        return None
    audit.note(user, "Registered", user_id=user.pk)
    return user


@transaction.atomic
def activate(*, user: User) -> None:
    """Let somebody log in again."""
    user.is_active = True
    user.save(update_fields=["is_active"])


@transaction.atomic
def deactivate(*, user: User) -> None:
    """Shut an account: tokens, sessions and keys of it open nothing from now on."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    passwords.log_out(user=user)


def with_email(email: str) -> QuerySet[User]:
    """Those who have this e-mail, letter case ignored."""
    return User.objects.alias(folded=Upper("email")).filter(folded=Upper(Value(email)))


def _new(username: str, fields: Mapping[str, str], password: str | None) -> User:
    """A row that is not stored yet. Raises DomainError."""
    user = User(is_active=True)
    written = _stored(user, fields)
    written["username"] = username.strip() or written.get("email", "").lower()
    _check(user, written, name_of_username="username" if username.strip() else "email")
    if password is not None:
        passwords.check(password, user=user)
    user.password = make_password(password)
    return user


def _stored(user: User, fields: Mapping[str, str]) -> dict[str, str]:
    """What stands in the row: a name in two parts, an e-mail perhaps as the user name, too."""
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        raise DomainError.of_fields({name: [Text("is not known here")] for name in unknown})
    written = {name: value.strip() for name, value in fields.items()}
    if "name" in written:
        parts = written.pop("name").split(maxsplit=1)
        written |= dict(zip(_NAMES, [*parts, "", ""], strict=False))
    email = written.get("email")
    if email and user.email and user.username == user.email.lower():
        written["username"] = email.lower()
    return written


def _check(user: User, written: Mapping[str, str], name_of_username: str = "email") -> None:
    """Put ``written`` into ``user``. Raises DomainError by the names interfaces have."""
    said_as = {**_SAID_AS, "username": name_of_username}
    wrong: dict[str, list[Text]] = {}
    for name, value in written.items():
        told = wrong.setdefault(said_as.get(name, name), [])
        told += _wrong_with(user, name, value)
        setattr(user, name, value)
    if wrong := {name: told for name, told in wrong.items() if told}:
        raise DomainError.of_fields(wrong)


def _wrong_with(user: User, name: str, value: str) -> list[Text]:
    if not value.isprintable():
        return [Text("should be one line of text")]
    field: Any = user._meta.get_field(name)
    try:
        field.clean(value, user)
    except ValidationError as error:
        return texts.of_validation(error)
    return []


def _in_use() -> Conflict:
    return Conflict(
        "This e-mail cannot be used", fields={"email": ["belongs to another account here"]}
    )
