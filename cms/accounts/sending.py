"""Mails about accounts, sent: by a task, outside of every request and its transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.utils.translation import override

from cms.accounts import letters, mails
from cms.accounts.outbox import Mail

logger = logging.getLogger(__name__)
_LEASE = timedelta(minutes=5)  # of who sends it; a mail server has 20 seconds to answer
_TOO_LATE = timedelta(hours=1)  # what could not be sent until then is asked for anew


def send_due(*, now: Callable[[], datetime]) -> int:
    """Send what is due, and forget what counts no more; gives how many were sent."""
    Mail.objects.filter(ended_at__isnull=False, asked_at__lt=now() - mails.WINDOW).delete()
    sent = 0
    while (mail := _claimed(now())) is not None:
        sent += _send(mail, now())
    return sent


def _claimed(at: datetime) -> Mail | None:
    """A mail that nobody else sends now, or None."""
    for mail in Mail.objects.filter(ended_at=None, due_at__lte=at).order_by("due_at", "pk")[:20]:
        waiting = Mail.objects.filter(pk=mail.pk, ended_at=None, due_at=mail.due_at)
        if waiting.update(due_at=at + _LEASE, attempts=F("attempts") + 1):
            mail.attempts += 1
            return mail
    return None


def _send(mail: Mail, at: datetime) -> int:
    """Whether it went out. A mail server that is away is asked again; nothing else stops for it."""
    row = Mail.objects.filter(pk=mail.pk)
    if at - mail.asked_at > _TOO_LATE or not mails.is_on():
        row.update(ended_at=at)
        return 0
    try:
        with override(mail.language):
            _post(letters.of(mail))
    except Exception as error:  # refused, unreachable, a wrong address: it is all the same here
        logger.warning("%s could not be sent: %s", mail, error)
        row.update(due_at=at + timedelta(seconds=15 * 2 ** min(mail.attempts, 8)))
        return 0
    row.update(ended_at=at)
    return 1


def _post(written: list[letters.Letter]) -> None:
    if not written:
        return
    headers = {"Auto-Submitted": "auto-generated"}  # nobody's absence is to answer (RFC 3834)
    get_connection().send_messages(
        [EmailMessage(each.subject, each.text, to=[each.to], headers=headers) for each in written]
    )
