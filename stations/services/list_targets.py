"""What local lists should hold: worked out once for all stations that should have the same.

A change of a card costs one pass over the cards for each kind of list there is, not one for each
station; a station is behind where its content is another one than its target's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from cms.shared import clock
from rfid.models import SELF_TEST, CardStatus, RfidCard
from rfid.services import revisions
from stations.models import ConfigurationKey, ListPolicy, LocalList, LocalListTarget, Site
from stations.services import configuration, list_contents
from stations.services.list_contents import Entry

MOST_GROUPS = 100
_ALL, _GROUPS = "All", "Groups:"
_MAX_LENGTH = "LocalAuthListMaxLength"
_MOST = 50  # worked out in one pass


class Wanted(NamedTuple):
    """The entries of a list, how many cards found no room, and when time alone changes it."""

    entries: list[Entry]
    left_out: int
    refresh_at: datetime | None


def of(local_list: LocalList, *, at: datetime) -> LocalListTarget:
    """The target of one list by its policy; of all cards where that is Off."""
    lengths = _max_lengths([local_list.station_id])
    scope = _ALL
    if local_list.policy == ListPolicy.GROUPS:
        scope = _of_groups(local_list.groups.values_list("pk", flat=True))
    elif local_list.policy == ListPolicy.SITE:
        site = local_list.station.site
        scope = _of_groups(site.card_groups.values_list("pk", flat=True) if site else ())
    return _target(scope, lengths.get(local_list.station_id, 0), at)


@transaction.atomic
def assign(*, at: datetime) -> int:
    """Give each list its target anew: sites, groups and what stations can hold may be others now.

    Gives how many lists have another one.
    """
    rows = LocalList.objects.exclude(policy=ListPolicy.OFF).select_related("station", "target")
    own = _by_owner(LocalList.groups.through.objects.values_list("locallist_id", "cardgroup_id"))
    sites = _by_owner(Site.card_groups.through.objects.values_list("site_id", "cardgroup_id"))
    lengths, targets, moved = _max_lengths(None), {}, []
    for row in rows.iterator(2000):
        groups = {
            ListPolicy.GROUPS: own.get(row.pk, []),
            ListPolicy.SITE: sites.get(row.station.site_id or 0, []),
        }.get(ListPolicy(row.policy))
        kind = (_ALL if groups is None else _of_groups(groups), lengths.get(row.station_id, 0))
        if row.target is None or (row.target.scope, row.target.max_length) != kind:
            if kind not in targets:
                targets[kind] = _target(*kind, at)
            row.target = targets[kind]
            moved.append(row)
    LocalList.objects.bulk_update(moved, ["target"], batch_size=500)
    return len(moved)


@transaction.atomic
def refresh(*, at: datetime) -> int:
    """Work out anew what is in use and no longer right; gives how many."""
    revision = (
        revisions.current()
    )  # before the cards are read: what changes meanwhile is seen later
    in_use = Exists(LocalList.objects.filter(target=OuterRef("pk")))
    outdated = (
        LocalListTarget.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(in_use)
        .filter(~Q(revision=revision) | Q(refresh_at__lte=at))
        .order_by("revision", "pk")
    )
    targets = list(outdated[:_MOST])
    for target in targets:
        _work_out(target, revision, at)
        target.save()
    return len(targets)


def wanted(scope: str, max_length: int, *, at: datetime) -> Wanted:
    """What a list of ``scope`` holds at ``at``: cards that may charge, then blocked ones.

    A blocked card stands in the list as long as there is room: a station that is offline may have
    accepted it before, and remembers (section 3.5.3). Who comes first has the older card.
    """
    cards = RfidCard.objects.order_by("pk").exclude(id_tag__startswith=SELF_TEST)
    if scope.startswith(_GROUPS):
        numbers = [int(number) for number in scope.removeprefix(_GROUPS).split(",") if number]
        cards = cards.filter(group_id__in=numbers)
    accepted: list[Entry] = []
    blocked: list[Entry] = []
    turns: list[datetime] = []  # when a validity begins or ends
    for tag, status, begins, ends, parent in cards.values_list(
        "id_tag", "status", "valid_from", "valid_until", "group__parent_id_tag"
    ).iterator(5000):
        over = status == CardStatus.EXPIRED or (ends is not None and ends <= at)
        if status == CardStatus.BLOCKED:
            blocked.append(Entry(tag, "Blocked"))
        elif not over:
            turns += [moment for moment in (begins, ends) if moment is not None and moment > at]
            if begins is None or begins <= at:
                accepted.append(
                    Entry(tag, "Accepted", clock.text(ends) if ends else "", parent or "")
                )
    room = max_length or len(accepted) + len(blocked)
    entries = [*accepted, *reversed(blocked)][:room]
    return Wanted(entries, max(0, len(accepted) - room), min(turns, default=None))


def _target(scope: str, max_length: int, at: datetime) -> LocalListTarget:
    known = LocalListTarget.objects.filter(scope=scope, max_length=max_length).first()
    if known is not None:
        return known
    target = LocalListTarget(scope=scope, max_length=max_length)
    _work_out(target, revisions.current(), at)
    values = {
        name: getattr(target, name) for name in ("content", "left_out", "revision", "refresh_at")
    }
    return LocalListTarget.objects.get_or_create(
        scope=scope, max_length=max_length, defaults=values
    )[0]


def _work_out(target: LocalListTarget, revision: int, at: datetime) -> None:
    found = wanted(target.scope, target.max_length, at=at)
    target.content = list_contents.store(list_contents.by_tag(found.entries), at=at)
    target.left_out, target.refresh_at, target.revision = found.left_out, found.refresh_at, revision


def _of_groups(numbers: Iterable[int]) -> str:
    return _GROUPS + ",".join(str(number) for number in sorted(numbers)[:MOST_GROUPS])


def _by_owner(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for owner, group in pairs:
        found.setdefault(owner, []).append(group)
    return found


def _max_lengths(station_ids: list[int] | None) -> dict[int, int]:
    """How many entries stations can hold, where they told it."""
    keys = ConfigurationKey.objects.filter(key__iexact=_MAX_LENGTH)
    if station_ids is not None:
        keys = keys.filter(station_id__in=station_ids)
    told = keys.values_list("station_id", "value")
    said = {station: configuration.number(value, digits=7) for station, value in told}
    return {station: most for station, most in said.items() if most is not None}
