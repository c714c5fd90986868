"""Mails about accounts that are to be sent: rows, of which a task sends what is due."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


class MailKind(models.TextChoices):
    """What a mail is about."""

    RESET = "reset", "New password"
    VERIFY = "verify", "Verify an address"
    KNOWN = "known", "Registered already"
    MOVED = "moved", "Another address"
    PASSWORD = "password", "Another password"


class Mail(models.Model):
    """One mail, to whoever has ``address``. No secret stands here: tokens are made when it is sent.

    ``folded`` is the address as it counts for who asked how often: without letter case. ``user``
    is whose doing it is, where they are known; who gets it is found out by the address.
    """

    kind = models.CharField(max_length=10, choices=MailKind.choices)
    address = models.CharField(max_length=254)
    folded = models.CharField(max_length=300)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Who asks twice at once gets one.
            models.UniqueConstraint(
                fields=["kind", "folded"], condition=Q(ended_at=None), name="mail_waits_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["folded", "kind"], name="mail_by_address"),
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="mail_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"
