"""Drivers who register themselves: an account, and a card for their app where that is wanted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from cms.accounts import mails, people, verifying
from cms.accounts.models import User
from cms.accounts.outbox import MailKind
from cms.shared.errors import Conflict
from rfid.models import RfidCard
from rfid.services import cards

# What REGISTRATION may be; verified: a card as soon as the address is verified
OFF, ACCOUNT, CARD, VERIFIED = "off", "account", "card", "verified"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Closed(Conflict):
    """Nobody registers here by themselves."""

    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("Nobody registers here by themselves: ask the operator for an account")


@transaction.atomic
def join(*, fields: Mapping[str, str], password: str, at: datetime) -> User | None:
    """Make an account; where REGISTRATION is ``card``, with a card of the app to charge by.

    None, without a word why, where the e-mail is known. Where mail is sent, its owner hears of it
    either way. Raises Closed, DomainError.
    """
    if settings.REGISTRATION == OFF:
        raise Closed
    user = people.register(fields=fields, password=password)
    if mails.is_on():
        kind = MailKind.KNOWN if user is None else MailKind.VERIFY
        mails.ask(kind=kind, address=fields["email"].strip(), at=at)
    if user is not None and settings.REGISTRATION == CARD:
        _give_card(user)
    return user


@transaction.atomic
def verify(*, token: str) -> User:
    """Note that an address was verified; where REGISTRATION is ``verified``, the first one brings

    a driver who has no card that of the app. Raises verifying.LinkRefused.
    """
    user, is_first = verifying.verify(token=token)
    is_due = settings.REGISTRATION == VERIFIED and is_first and not user.is_staff
    if is_due and not RfidCard.objects.filter(user=user).exists():
        _give_card(user)
    return user


def _give_card(user: User) -> None:
    tag = "APP" + "".join(secrets.choice(_LETTERS) for _ in range(17))
    cards.create(id_tag=tag, label="App", user=user, by=user)
