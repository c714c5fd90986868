"""What mails about accounts say, in the language that is on. Links lead to PUBLIC_URL, or to the

drivers' app where it has pages of its own: never to the host a request named.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from cms.accounts import people, resetting, verifying
from cms.accounts.models import User
from cms.accounts.outbox import Mail, MailKind


class Letter(NamedTuple):
    """A mail as it goes out."""

    to: str
    subject: str
    text: str


def of(mail: Mail) -> list[Letter]:
    """The letters ``mail`` comes to: none where the address is of nobody."""
    return [*_WRITERS[MailKind(mail.kind)](mail)]


def _reset(mail: Mail) -> Iterator[Letter]:
    """To the address as the account has it, however it was typed."""
    for user in resetting.who_may(mail.address):
        token = resetting.token(user)
        text = _(
            "Somebody asked for a new password for the account %(username)s at %(site)s. If it was"
            " you, set one here within %(minutes)d minutes:\n\n"
            "%(link)s\n\n"
            "An app that asks for a user and a code wants these:\n\n"
            "%(uid)s\n%(token)s\n\n"
            "If it was not you, do nothing: your password stays as it is.\n"
        ) % {
            "username": user.get_username(),
            "site": settings.PUBLIC_URL,
            "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
            "link": _reset_link(user, token),
            "uid": user.pk,
            "token": token,
        }
        yield Letter(user.email, _("Set a new password"), text)


def _verify(mail: Mail) -> Iterator[Letter]:
    """To who has the address and has not shown it yet. No name: whoever registers chooses it."""
    for user in verifying.who_may(mail.address):
        token = verifying.token(user)
        text = _(
            "This address was given for an account at %(site)s. If it was you, say here within"
            " %(days)d days that it is yours:\n\n"
            "%(link)s\n\n"
            "An app that asks for a code wants this:\n\n"
            "%(token)s\n\n"
            "If it was not you, do nothing.\n"
        ) % {
            "site": settings.PUBLIC_URL,
            "days": verifying.DAYS,
            "link": _verify_link(user, token),
            "token": token,
        }
        yield Letter(user.email, _("Is this your address?"), text)


def _known(mail: Mail) -> Iterator[Letter]:
    """To who has an account already: the page that registers says nothing of it."""
    for user in people.with_email(mail.address).filter(is_active=True)[: verifying.MOST]:
        text = _(
            "Somebody wanted to register at %(site)s with this address, which has an account:"
            " %(username)s. If it was you, log in, or set a new password:\n\n"
            "%(link)s\n\n"
            "If it was not you, do nothing: the account stays as it is.\n"
        ) % {
            "site": settings.PUBLIC_URL,
            "username": user.get_username(),
            "link": f"{settings.PUBLIC_URL}{reverse('account-forgotten')}",
        }
        yield Letter(user.email, _("You have an account already"), text)


def _moved(mail: Mail) -> Iterator[Letter]:
    """To an address that is no longer of an account."""
    text = _(
        "An account at %(site)s that had this address has another one, or none, from now on.\n\n"
        "If it was not you, tell the operator.\n"
    ) % {"site": settings.PUBLIC_URL}
    yield Letter(mail.address, _("Your address was changed"), text)


def _password(mail: Mail) -> Iterator[Letter]:
    """To whose account has another password: the only one who can say that it was not them.

    Names are for addresses that are verified: others may be of somebody who has no account here.
    """
    user = mail.user
    if user is None or user.email.lower() != mail.address.lower():
        return
    text = _(
        "The account %(username)s at %(site)s has another password from now on.\n\n"
        "If it was not you, set a new one, and tell the operator:\n\n"
        "%(link)s\n"
    ) % {
        "username": user.get_username() if user.email_verified else user.email,
        "site": settings.PUBLIC_URL,
        "link": f"{settings.PUBLIC_URL}{reverse('account-forgotten')}",
    }
    yield Letter(user.email, _("Your password was changed"), text)


def _verify_link(user: User, token: str) -> str:
    if settings.DRIVER_APP_URL and not user.is_staff:
        return f"{settings.DRIVER_APP_URL}/verify-email?{urlencode({'token': token})}"
    return f"{settings.PUBLIC_URL}{reverse('account-verify', args=[token])}"


def _reset_link(user: User, token: str) -> str:
    """Of the app for drivers, where it has such a page; of ours for all others."""
    if settings.DRIVER_APP_URL and not user.is_staff:
        said = urlencode({"uid": user.pk, "token": token})
        return f"{settings.DRIVER_APP_URL}/reset-password?{said}"
    return f"{settings.PUBLIC_URL}{reverse('account-reset-link', args=[user.pk, token])}"


_WRITERS = {
    MailKind.RESET: _reset,
    MailKind.VERIFY: _verify,
    MailKind.KNOWN: _known,
    MailKind.MOVED: _moved,
    MailKind.PASSWORD: _password,
}
