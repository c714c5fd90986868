"""Accounts as operators make and change them: what is known, the password, whether it is open, and

the powers, which only superusers hand out (the interface sees to it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth.models import Group
from django.db import transaction

from cms.accounts import passwords, people
from cms.accounts.models import User


class Powers(NamedTuple):
    """What somebody may do; None: as it is."""

    is_staff: bool | None = None
    is_superuser: bool | None = None
    groups: Sequence[Group] | None = None

    @property
    def are_named(self) -> bool:
        """Whether any of it is to be written."""
        return any(each is not None for each in self)


@transaction.atomic
def create(
    *, username: str, fields: Mapping[str, str], password: str | None, powers: Powers
) -> User:
    """A new account. Raises what ``people.create`` does."""
    user = people.create(username=username, fields=fields, password=password)
    _empower(user, powers)
    return user


@transaction.atomic
def change(
    *,
    user: User,
    fields: Mapping[str, str],
    at: datetime,
    password: str | None = None,
    is_active: bool | None = None,
    powers: Powers,
) -> User:
    """Write what is named. Raises what ``people.change`` and ``passwords.assign`` do."""
    people.change(user=user, fields=fields, at=at)
    if password is not None:
        passwords.assign(user=user, new=password)
    if is_active is not None and is_active != user.is_active:
        (people.activate if is_active else people.deactivate)(user=user)
    _empower(user, powers)
    return user


def _empower(user: User, powers: Powers) -> None:
    named = {"is_staff": powers.is_staff, "is_superuser": powers.is_superuser}
    written = {name: value for name, value in named.items() if value is not None}
    for name, value in written.items():
        setattr(user, name, value)
    if written:
        user.save(update_fields=[*written])
    if powers.groups is not None:
        user.groups.set(powers.groups)
