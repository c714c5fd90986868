"""Users (our own model from the first migration) and the API keys of programs."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from cms.accounts.outbox import Mail, MailKind
from cms.accounts.profile import Profile
from cms.shared import sealing
from cms.shared.scoping import Limit

__all__ = [
    "OF_APPS",
    "SEALED",
    "ApiKey",
    "AuthenticatorApp",
    "Mail",
    "MailKind",
    "Scope",
    "SiteLimit",
    "User",
]
OF_APPS, SEALED = b"authenticator app", "sealed:"  # longer secrets than 20 bytes find no room


class Scope(models.TextChoices):
    """What an API key may do."""

    READ = "read", "Read everything"
    WRITE = "write", "Change stations, cards and reservations"
    CONTROL = "control", "Send commands to stations"
    MONEY = "money", "Top up wallets and refund"
    GATEWAY = "gateway", "Report what another gateway's stations do"


class User(Profile, AbstractUser):
    """A person who works with the system or charges at it."""

    sites = models.ManyToManyField(
        "stations.Site",
        through="SiteLimit",
        related_name="+",
        blank=True,
        verbose_name=_("limited to these sites"),
        help_text=_("None: all sites"),
    )
    # What is verified is an address: whoever writes another one into ``email``, it is not.
    verified_email = models.EmailField(_("verified e-mail"), blank=True, editable=False)
    key: ApiKey | None = None  # that they came in with

    class Meta(AbstractUser.Meta):
        indexes: ClassVar[list[models.Index]] = [models.Index(Upper("email"), name="user_by_email")]

    @property
    def email_verified(self) -> bool:
        """Whether they have shown that mail to ``email`` reaches them; letter case ignored."""
        return bool(self.email) and self.verified_email.lower() == self.email.lower()

    @cached_property
    def site_limit(self) -> Limit | None:
        """The sites they are limited to, by themselves or by the key in use; None: not at all.

        Asked once for each instance, which is once for each request. Superusers are not limited,
        their keys may be.
        """
        whose = [] if self.is_superuser else [Q(user=self)]
        whose += [Q(key=self.key)] if self.key else []
        if not whose:
            return None
        rows = SiteLimit.objects.filter(reduce(or_, whose))
        by_key: set[int] = set()
        by_themselves: set[int] = set()
        stations: dict[int, int | None] = {}
        for key_id, site_id, station_id in rows.values_list("key", "site", "site__stations"):
            (by_key if key_id else by_themselves).add(site_id)
            stations[station_id] = site_id
        if not (by_key or by_themselves):
            return None
        both = by_key & by_themselves if by_key and by_themselves else by_key | by_themselves
        there = (number for number, site_id in stations.items() if number and site_id in both)
        return Limit(self.pk, frozenset(both), frozenset(there))


class Role(models.Model):
    """What was given to a group of ours (roles.py), so that nothing is given twice."""

    name = models.CharField(max_length=50, unique=True)
    group = models.OneToOneField(
        "auth.Group", on_delete=models.SET_NULL, null=True, related_name="role"
    )
    granted = models.JSONField(default=list)  # app.permission: given once, taken away or not

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A program's key. Only a hash is kept: the key itself is shown once, when it is made."""

    name = models.CharField(max_length=100, help_text="What uses this key")
    prefix = models.CharField(max_length=8, unique=True)
    hashed_key = models.CharField(max_length=64)
    scopes = models.JSONField(
        default=list, help_text="Some of: read, write, control, money, gateway"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    sites = models.ManyToManyField(
        "stations.Site",
        through="SiteLimit",
        related_name="+",
        blank=True,
        verbose_name=_("limited to these sites"),
        help_text=_("Beyond what its user is limited to; none: no further"),
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


class AuthenticatorApp(TOTPDevice):
    """django-otp's app, whose secret is in the database encrypted under SECRET_KEY.

    In the same table: short enough for its column, and told from a secret in hexadecimal digits by
    its mark. A secret belongs to its user: copied into somebody else's row it opens nothing.
    """

    class Meta:
        proxy = True
        default_permissions = ()

    @property
    def bin_key(self) -> bytes:
        """The secret. Raises sealing.Unreadable where it was sealed under another SECRET_KEY."""
        if not self.key.startswith(SEALED):
            return bytes.fromhex(self.key)
        sealed = self.key.removeprefix(SEALED)
        return sealing.opened(sealed, purpose=OF_APPS, of=str(self.user_id))

    def seal(self) -> None:
        """Encrypt the secret, before it is stored."""
        self.key = SEALED + sealing.sealed(self.bin_key, purpose=OF_APPS, of=str(self.user_id))


class SiteLimit(models.Model):
    """A site that somebody, or a key, is limited to.

    A row of our own rather than Django's: a site that goes must not leave its people without a
    limit, which means all sites. So it stays until they have another one.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="site_limits"
    )
    key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, null=True, blank=True, related_name="site_limits"
    )
    site = models.ForeignKey("stations.Site", on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        verbose_name = _("limit to a site")
        verbose_name_plural = _("limits to sites")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(key__isnull=True), name="site_limit_of_one"
            ),
            models.UniqueConstraint(fields=["user", "site"], name="site_limit_of_user"),
            models.UniqueConstraint(fields=["key", "site"], name="site_limit_of_key"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.key}: {self.site}"
