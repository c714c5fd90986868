"""What becomes of accounts, wherever it is done: pages, interfaces and commands alike."""

from __future__ import annotations

from typing import Any

from cms.accounts import mails
from cms.accounts.models import User
from cms.accounts.outbox import MailKind
from cms.shared import clock


def password_saved(sender: type[User], instance: User, created: bool, **_: Any) -> None:
    """Tell them that their account has another password, where mail is sent.

    Django keeps what was set until the row is saved; it is None with a hash that is only renewed.
    """
    is_new = getattr(instance, "_password", None) is not None and not created
    if is_new and instance.email and mails.is_on():
        mails.ask(
            kind=MailKind.PASSWORD,
            address=instance.email,
            at=clock.now(),
            user=instance,
            is_theirs=instance.email_verified,
        )
