"""Drivers who register themselves: an account, and a card for their app where that is wanted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction

from cms.accounts import people
from cms.accounts.models import User
from cms.shared.errors import Conflict
from rfid.services import cards

OFF, ACCOUNT, CARD = "off", "account", "card"  # what REGISTRATION may be
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Closed(Conflict):
    """Nobody registers here by themselves."""

    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("Nobody registers here by themselves: ask the operator for an account")


@transaction.atomic
def join(*, fields: Mapping[str, str], password: str) -> User | None:
    """Make an account; where REGISTRATION is ``card``, with a card of the app to charge by.

    None, without a word why, where the e-mail is known. Raises Closed, DomainError.
    """
    if settings.REGISTRATION == OFF:
        raise Closed
    user = people.register(fields=fields, password=password)
    if user is not None and settings.REGISTRATION == CARD:
        tag = "APP" + "".join(secrets.choice(_LETTERS) for _ in range(17))
        cards.create(id_tag=tag, label="App", user=user, by=user)
    return user
