"""Users (our own model from the first migration) and the API keys of programs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models


class Scope(models.TextChoices):
    """What an API key may do."""

    READ = "read", "Read everything"
    WRITE = "write", "Change stations, cards and reservations"
    CONTROL = "control", "Send commands to stations"
    MONEY = "money", "Top up wallets and refund"


class User(AbstractUser):
    """A person who works with the system or charges at it."""


class ApiKey(models.Model):
    """A program's key. Only a hash is kept: the key itself is shown once, when it is made."""

    name = models.CharField(max_length=100, help_text="What uses this key")
    prefix = models.CharField(max_length=8, unique=True)
    hashed_key = models.CharField(max_length=64)
    scopes = models.JSONField(default=list, help_text="Some of: read, write, control, money")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_valid(self, at: datetime) -> bool:
        """Neither revoked nor expired at ``at``."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
