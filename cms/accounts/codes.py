"""The second factor: six digits of an authenticator app, or a recovery code. Optional, by user."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django_otp import verify_token
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from cms.accounts.models import AuthenticatorApp, User
from cms.shared import sealing
from cms.shared.errors import DomainError

logger = logging.getLogger(__name__)
RECOVERY_CODES = 10
SUPERUSER = "superuser"  # among OTP_REQUIRED_ROLES: those who have no need of a group
# Failures of a code make the next try wait, twice as long each time: 2 ** 9 seconds are enough.
_MOST_FAILURES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def enrolled(user: User) -> AuthenticatorApp | None:
    """What ``user`` proves itself with, or None."""
    found: AuthenticatorApp | None
    found = AuthenticatorApp.objects.filter(user=user, confirmed=True).first()
    return found


def demanding_roles() -> list[str]:
    """The roles that may not be used without a second factor."""
    return list(settings.OTP_REQUIRED_ROLES)


def is_required(user: Any) -> bool:
    """Whether a role of ``user`` may not be used without a second factor."""
    roles = demanding_roles()
    if not roles or not user.is_authenticated:
        return False
    if user.is_superuser and SUPERUSER in roles:
        return True
    return bool(user.groups.filter(name__in=roles).exists())


def new_app(user: User) -> AuthenticatorApp:
    """An app to be, with a new secret; it is no row until it was confirmed."""
    return AuthenticatorApp(user=user, name="app")


@transaction.atomic
def confirm(user: User, secret: str, code: str) -> list[str]:
    """Put the app that knows ``secret`` (hexadecimal) in use; gives recovery codes, shown once.

    Raises DomainError (field ``code``) where the code is not the app's, or there is one in use.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if enrolled(user):
        raise DomainError("There is a second factor already. Switch it off first.")
    device = AuthenticatorApp(user=user, name="app", key=secret)
    clock = TOTP(device.bin_key)
    clock.time = time.time()
    code = code.replace(" ", "")
    if not (code.isascii() and code.isdigit() and clock.verify(int(code), tolerance=1)):
        raise DomainError(
            "The code is not the one of the app. Is the clock of the telephone right?",
            fields={"code": ["is not the one of the app"]},
        )
    device.last_t, device.drift = clock.t(), clock.drift  # the code is used up by it
    device.seal()
    device.save()
    return renew_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """New recovery codes, each good for one login; the former ones are void. Kept as hashes."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    made = [_random_code() for _number in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_hash(code)) for code in made)
    return made


def recovery_codes_left(user: User) -> int:
    """How many of them were not used yet."""
    return int(StaticToken.objects.filter(device__user=user).count())


def check(user: User, code: str) -> Any:
    """The device that knows ``code``, which is used up by it; None where none does."""
    code = code.replace(" ", "").strip().lower()
    if not code or "\0" in code:
        return None
    is_of_app = code.isascii() and code.isdigit()
    model: Any = AuthenticatorApp if is_of_app else StaticDevice
    device = model.objects.filter(user=user, confirmed=True).first()
    if device is None:
        return None
    # An attacker who has the password must not make its owner wait for days.
    model.objects.filter(pk=device.pk, throttling_failure_count__gt=_MOST_FAILURES).update(
        throttling_failure_count=_MOST_FAILURES
    )
    try:
        return verify_token(user, device.persistent_id, code if is_of_app else _hash(code))
    except sealing.Unreadable:
        logger.error("The second factor of %s was sealed under another SECRET_KEY", user)
        return None


@transaction.atomic
def remove(user: User) -> bool:
    """Forget the second factor of ``user``; whether there was one."""
    StaticDevice.objects.filter(user=user).delete()
    return bool(AuthenticatorApp.objects.filter(user=user).delete()[0])


def may_use(user: AbstractBaseUser | AnonymousUser, session: Any) -> bool:
    """Whether this session may go on: its user gave a code, or needs none."""
    return "otp_device_id" in session or not is_required(user)


def _random_code() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(5)) for _part in range(2))


def _hash(code: str) -> str:
    # 49 random bits, each good for one login and slowed down: a fast hash keeps them.
    return hashlib.sha256(code.replace("-", "").encode()).hexdigest()[:16]
