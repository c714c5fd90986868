"""Wrong passwords: who guesses is stopped for a while, by name and address (django-axes)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone

# One address that tries many names counts, too, but a whole office may sit behind it.
PEOPLE_AT_AN_ADDRESS = 10


class Attempts(AxesDatabaseHandler):
    """Counts wrong logins of a name from an address, and of an address whoever is named."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """How many there were of late: of the pair, or a tenth of those of the address."""
        of_pair: int = super().get_failures(request, credentials)
        if of_pair >= settings.AXES_FAILURE_LIMIT:
            return of_pair
        found = _of_address(request).aggregate(number=Sum("failures_since_start"))
        return max(of_pair, (found["number"] or 0) // PEOPLE_AT_AN_ADDRESS)


def address(request: Any) -> str | None:
    """Where a request comes from: cms/proxies.py has seen to it that nobody invents it."""
    return request.META.get("REMOTE_ADDR") or None


def is_locked(request: Any, username: str) -> bool:
    """Whether this name may not be tried from this address now."""
    return not AxesProxyHandler.is_allowed(request, {"username": username})


def was_wrong(request: Any, username: str) -> None:
    """Count a failure that is none of the password."""
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)


def was_refused(request: Any) -> bool:
    """Whether the login that was just tried is one too many, or came too early."""
    return bool(getattr(request, "axes_locked_out", False))


def wait(request: Any, username: str) -> timedelta:
    """For how long this name cannot be tried from this address any more."""
    rows = _of_address(request)
    last = rows.filter(username=username).aggregate(at=Max("attempt_time"))["at"]
    last = last or rows.aggregate(at=Max("attempt_time"))["at"] or timezone.now()
    left: timedelta = last + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(left, timedelta(seconds=1))


def minutes(length: timedelta) -> int:
    """Whole minutes, rounded up: at least one."""
    return -(-int(length.total_seconds()) // 60) or 1


def _of_address(request: HttpRequest) -> QuerySet[AccessAttempt]:
    since = get_cool_off_threshold(request)
    rows: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(
        ip_address=address(request), attempt_time__gte=since
    )
    return rows
