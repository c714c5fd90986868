"""Transfers: one-time addresses for files, what was sent to or fetched from them, retention."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from stations.models import FirmwareImage, Purpose, Transfer, TransferState
from stations.services import errands, media
from stations.services.media import Arrived

FILES = "files"  # the first part of every such path
_RANDOM = 43  # characters of 256 random bits
_PROOF = 32  # characters that prove the token is one of ours
_TOKEN = re.compile(rf"/{FILES}/[A-Za-z0-9_-]{{{_RANDOM + _PROOF}}}")
_PASSWORD = re.compile(r"//[^/@\s\"]*@")
_BATCH = 500
# A station that still has not succeeded never will; one that reads in small ranges reads often.
_MOST_UPLOADS, _MOST_DOWNLOADS = 50, 100_000


def new_token() -> str:
    """256 random bits, and a proof that they are ours: forged ones cost no look-up."""
    random = secrets.token_urlsafe(32)
    return random + _proof(random)


def is_ours(token: str) -> bool:
    """Whether we made ``token``, at any time; needs no database, and takes the same time always."""
    random, proof = token[:_RANDOM], token[_RANDOM:]
    return hmac.compare_digest(_proof(random).encode(), proof.encode(errors="replace"))


def url(token: str, name: str = "") -> str:
    """The address a station is given. Uploads end in a slash: many stations add a name to it."""
    return f"{settings.PUBLIC_URL}/{FILES}/{token}/{quote(name, safe='')}"


def shown(location: str) -> str:
    """An address as it may be kept and shown: without the token, and without a password."""
    return _PASSWORD.sub("//***@", _TOKEN.sub(f"/{FILES}/***", location))


def offer(
    *,
    token: str,
    station_id: int,
    purpose: Purpose,
    expires_at: datetime,
    at: datetime,
    image: FirmwareImage | None = None,
) -> Transfer:
    """Let the station use the address of ``token`` until ``expires_at``."""
    return Transfer.objects.create(
        station_id=station_id,
        purpose=purpose,
        token_hash=_hash(token),
        limit_bytes=image.size_bytes if image else settings.UPLOAD_MAX_BYTES,
        expires_at=expires_at,
        created_at=at,
        image=image,
    )


def begin(*, token: str, upload: bool, at: datetime) -> Transfer | None:
    """The transfer whose address is used now; None where there is none for this, or no more."""
    if not is_ours(token):
        return None
    found = Transfer.objects.filter(
        token_hash=_hash(token), state=TransferState.OPEN, expires_at__gt=at
    )
    if upload:
        found = found.exclude(purpose=Purpose.FIRMWARE).filter(attempts__lt=_MOST_UPLOADS)
    else:
        found = found.filter(image__isnull=False, attempts__lt=_MOST_DOWNLOADS)
    row = found.select_related("image", "station").first()
    if row is not None:
        Transfer.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1, attempted_at=at)
    return row


def broke_off(*, transfer: Transfer, transferred_bytes: int) -> None:
    """An attempt ended before its end; the station may try again."""
    Transfer.objects.filter(pk=transfer.pk, state=TransferState.OPEN).update(
        transferred_bytes=transferred_bytes
    )


def receive(*, transfer: Transfer, arrived: Arrived, at: datetime) -> bool:
    """Keep a file that came in whole. False where another one was first, or the time is over."""
    # Before the transaction: SQLite has one writer, who should not wait for a large file's fsync.
    name = media.keep(arrived.part, media.UPLOADS)
    with transaction.atomic():
        row = (
            Transfer.objects.select_for_update(no_key=True)
            .filter(pk=transfer.pk, state=TransferState.OPEN, expires_at__gt=at)
            .first()
        )
        if row is not None:
            _received(row, arrived, name, at)
    if row is None:
        media.remove(name)
    return row is not None


def _received(row: Transfer, arrived: Arrived, name: str, at: datetime) -> None:
    row.file, row.file_name = name, media.shown_name(arrived.name)
    row.transferred_bytes, row.sha256 = arrived.size, arrived.sha256
    row.state, row.completed_at = TransferState.RECEIVED, at
    row.save()
    errands.delivered(transfer=row, at=at)


def fetched(*, transfer: Transfer, transferred_bytes: int, whole: bool, at: datetime) -> None:
    """The station read so many bytes of its firmware; ``whole``: up to the last one."""
    ended = {"completed_at": at} if whole else {}
    Transfer.objects.filter(pk=transfer.pk).update(transferred_bytes=transferred_bytes, **ended)


def expire_due(*, at: datetime) -> int:
    """Close addresses nobody used in time; gives how many."""
    return Transfer.objects.filter(state=TransferState.OPEN, expires_at__lte=at).update(
        state=TransferState.EXPIRED
    )


def prune(*, before: datetime) -> int:
    """Delete files that arrived before ``before``; their rows stay. Gives how many."""
    pruned = 0
    while batch := _prune_some(before):
        pruned += batch
    return pruned


def _prune_some(before: datetime) -> int:
    old = Transfer.objects.exclude(file="").filter(completed_at__lt=before)
    rows = dict(old.values_list("pk", "file")[:_BATCH])
    Transfer.objects.filter(pk__in=rows).update(file="", state=TransferState.DELETED)
    for name in rows.values():  # one left behind by a crash here is swept later
        media.remove(name)
    return len(rows)


def sweep(*, idle_s: float) -> int:
    """Delete files no row knows, and what interrupted uploads left behind; gives how many."""
    return media.sweep(known=_known, idle_s=idle_s)


def _known(names: list[str]) -> set[str]:
    transfers = Transfer.objects.filter(file__in=names).values_list("file", flat=True)
    images = FirmwareImage.objects.filter(file__in=names).values_list("file", flat=True)
    return {*transfers, *images}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _proof(random: str) -> str:
    digest = salted_hmac("stations.transfers", random, algorithm="sha256").hexdigest()
    return digest[:_PROOF]
