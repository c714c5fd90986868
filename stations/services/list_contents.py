"""What stands in a local list: entries stored once, and what leads from one list to another.

Stations of one operator mostly have the same list, so a content is stored under the digest of its
entries. A content never changes, which is why it may be remembered here.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from stations.models import LocalList, LocalListContent, LocalListTarget

_TOUCHED = timedelta(minutes=10)
Item = dict[str, Any]  # AuthorizationData, OCPP 1.6 section 7.3


class Entry(NamedTuple):
    """One card in a list. ``expiry`` and ``parent_id_tag`` may be empty."""

    id_tag: str
    status: str
    expiry: str = ""
    parent_id_tag: str = ""


Entries = Mapping[str, Entry]  # by the id tag in capitals: letter case does not count


def by_tag(entries: Iterable[Entry]) -> Entries:
    """``entries`` as they are looked up."""
    return {entry.id_tag.upper(): entry for entry in entries}


def store(entries: Entries, *, at: datetime) -> LocalListContent:
    """The row that holds ``entries``; used now, so that it is not pruned."""
    text = json.dumps([entries[tag] for tag in sorted(entries)], separators=(",", ":"))
    content, _ = LocalListContent.objects.get_or_create(
        digest=hashlib.sha256(text.encode()).hexdigest(),
        defaults={"entries": zlib.compress(text.encode()), "size": len(entries), "used_at": at},
    )
    if content.used_at < at - _TOUCHED:  # not each time: many stations have the same
        LocalListContent.objects.filter(pk=content.pk).update(used_at=at)
    return content


def load(content: LocalListContent | None) -> Entries:
    """The entries of ``content``; none where there is none. Not to be changed."""
    return _load(content.pk) if content else {}


def difference(have: LocalListContent | None, want: LocalListContent) -> tuple[Item, ...]:
    """What makes ``want`` of ``have`` (None: of nothing), in an order that stays the same.

    Removals, which have no idTagInfo, come first: a full list needs the room (section 5.17).
    """
    return _difference(have.pk if have else "", want.pk)


def applied(entries: Entries, items: Iterable[Item]) -> Entries:
    """``entries`` after a station took ``items`` of a differential update."""
    after = dict(entries)
    for item in items:
        entry = _entry(item)
        if entry is None:
            after.pop(str(item["idTag"]).upper(), None)
        else:
            after[entry.id_tag.upper()] = entry
    return after


def prune(*, before: datetime) -> int:
    """Delete contents no station has and none shall have, not used since; gives how many."""
    unused = LocalListContent.objects.filter(
        ~Exists(LocalList.objects.filter(content=OuterRef("pk"))),
        ~Exists(LocalList.objects.filter(goal=OuterRef("pk"))),
        ~Exists(LocalListTarget.objects.filter(content=OuterRef("pk"))),
        used_at__lt=before,
    )
    return unused.delete()[0]


def _entry(item: Item) -> Entry | None:
    info = item.get("idTagInfo")
    if info is None:
        return None
    expiry, parent = info.get("expiryDate", ""), info.get("parentIdTag", "")
    return Entry(item["idTag"], info["status"], expiry, parent)


def _item(entry: Entry) -> Item:
    info = {"status": entry.status}
    if entry.expiry:
        info["expiryDate"] = entry.expiry
    if entry.parent_id_tag:
        info["parentIdTag"] = entry.parent_id_tag
    return {"idTag": entry.id_tag, "idTagInfo": info}


@lru_cache(maxsize=16)
def _load(digest: str) -> Entries:
    if not digest:
        return {}
    packed = LocalListContent.objects.values_list("entries", flat=True).get(pk=digest)
    return by_tag(Entry(*row) for row in json.loads(zlib.decompress(bytes(packed))))


@lru_cache(maxsize=16)
def _difference(have: str, want: str) -> tuple[Item, ...]:
    old, new = _load(have), _load(want)
    gone = [{"idTag": old[tag].id_tag} for tag in old if tag not in new]
    return (*gone, *(_item(new[tag]) for tag in new if old.get(tag) != new[tag]))
