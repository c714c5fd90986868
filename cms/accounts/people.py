"""Accounts of people, written: what is known of them. Interfaces call nothing else for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Upper

from cms.accounts.models import User
from cms.shared import texts
from cms.shared.errors import Conflict, DomainError, Text

FIELDS = (
    *("name", "email", "phone"),
    *("country", "state", "address", "unit", "city", "postal_code"),
)
_NAMES = ("first_name", "last_name")


@transaction.atomic
def change(*, user: User, fields: Mapping[str, str]) -> User:
    """Write some of ``FIELDS`` of ``user``, empty ones as "".

    Who logs in by their e-mail logs in by the new one from then on. Raises DomainError with the
    fields that cannot be so, Conflict for an e-mail that somebody else has.
    """
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        raise DomainError.of_fields({name: [Text("is not known here")] for name in unknown})
    written = _stored(user, {name: value.strip() for name, value in fields.items()})
    for name, value in written.items():
        setattr(user, name, value)
    _check(user, written)
    try:
        with transaction.atomic():
            user.save(update_fields=[*written])
    except IntegrityError:
        raise _in_use() from None
    return user


def with_email(email: str) -> QuerySet[User]:
    """Those who have this e-mail, letter case ignored."""
    return User.objects.alias(folded=Upper("email")).filter(folded=Upper(Value(email)))


def _stored(user: User, fields: dict[str, str]) -> dict[str, str]:
    """What stands in the row: a name in two parts, an e-mail perhaps as the user name, too."""
    written = dict(fields)
    if "name" in written:
        parts = written.pop("name").split(maxsplit=1)
        written |= dict(zip(_NAMES, [*parts, "", ""], strict=False))
    email = written.get("email")
    if email and user.email and user.username == user.email.lower():
        written["username"] = email.lower()
    return written


def _check(user: User, written: Mapping[str, str]) -> None:
    """Raises DomainError, Conflict."""
    said_as = {"first_name": "name", "last_name": "name", "username": "email"}
    wrong: dict[str, list[Text]] = {}
    for name, value in written.items():
        told = wrong.setdefault(said_as.get(name, name), [])
        if not value.isprintable():
            told.append(Text("should be one line of text"))
            continue
        field: Any = user._meta.get_field(name)
        try:
            field.clean(value, user)
        except ValidationError as error:
            told += texts.of_validation(error)
    if wrong := {name: told for name, told in wrong.items() if told}:
        raise DomainError.of_fields(wrong)
    if (email := written.get("email")) and with_email(email).exclude(pk=user.pk).exists():
        raise _in_use()


def _in_use() -> Conflict:
    return Conflict(
        "This e-mail cannot be used", fields={"email": ["belongs to another account here"]}
    )
