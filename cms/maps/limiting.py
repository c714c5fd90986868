"""What those who watch maps may see by now; people who left and revoked keys see nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, OuterRef

from cms.accounts.models import ApiKey, SiteLimit, User
from cms.maps.watching import Watch, Whose
from cms.shared import scoping
from cms.shared.scoping import Limit

_NOTHING = Limit(0, frozenset(), frozenset())


def look(watches: Iterable[Watch], at: datetime) -> None:
    """Limit each to what they are limited to at ``at``.

    One query for people, one for keys where there are any, and one for each who is limited.
    """
    known = [(watch, watch.whose) for watch in watches if watch.whose is not None]
    whose = {one for _, one in known}
    people = _of_people({one.user_id for one in whose if one.key_id is None})
    limits: dict[Whose, Limit | None] = {Whose(number): limit for number, limit in people.items()}
    if keys := {one.key_id for one in whose if one.key_id is not None}:
        limits |= _of_keys(keys, at)
    for watch, one in known:
        watch.limited_to(limits.get(one, _NOTHING))


def _of_people(numbers: set[int]) -> dict[int, Limit | None]:
    """Of those who may still log in."""
    own = SiteLimit.objects.filter(user=OuterRef("pk"))
    rows = User.objects.filter(pk__in=numbers, is_active=True).annotate(is_limited=Exists(own))
    return {user.pk: scoping.limit_of(user) if user.is_limited else None for user in rows}


def _of_keys(numbers: set[int], at: datetime) -> dict[Whose, Limit | None]:
    """Of those that are valid."""
    rows = ApiKey.objects.select_related("user").filter(pk__in=numbers, user__is_active=True)
    found: dict[Whose, Limit | None] = {}
    for key in rows:
        if key.is_valid(at):
            key.user.key = key
            found[Whose(key.user_id, key.pk)] = scoping.limit_of(key.user)
    return found
