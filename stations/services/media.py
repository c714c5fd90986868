"""Files on disk below MEDIA_ROOT: written beside, complete before they have their name.

``incoming`` holds what is under way, ``uploads`` what stations brought, ``firmware`` the images.
Names on disk are ours; what a file is called outside is only ever shown.
"""

from __future__ import annotations

import hashlib
import os
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

INCOMING, UPLOADS, FIRMWARE = "incoming", "uploads", "firmware"
_NAME_LENGTH = 100
_BATCH = 500


class Arrived(NamedTuple):
    """A file that came in whole: where it lies, what it was called outside, and what it is."""

    part: Path
    name: str
    size: int
    sha256: str


def path(name: str) -> Path:
    """Where the file with this name of ours is."""
    return Path(settings.MEDIA_ROOT) / name


def folder(name: str) -> Path:
    """One of the folders, made where it is missing; readable by nobody else."""
    found = path(name)
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def new_file() -> Path:
    """Where to write a file that is under way."""
    return folder(INCOMING) / f"{uuid.uuid4().hex}.part"


def keep(part: Path, where: str) -> str:
    """Give a complete file its place in ``where``; gives its name. It is on the disk then."""
    name = f"{where}/{uuid.uuid4().hex}"
    target = folder(where)
    _sync(part)
    part.rename(path(name))
    _sync(target)
    return name


def taken_over(uploaded: Any) -> Arrived:
    """An UploadedFile of a form, as what arrived; copied, for the form deletes its own."""
    part, digest, size = new_file(), hashlib.sha256(), 0
    try:
        with part.open("xb") as output:
            for piece in uploaded.chunks():
                output.write(piece)
                digest.update(piece)
                size += len(piece)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return Arrived(part, uploaded.name or "", size, digest.hexdigest())


def remove(name: str) -> None:
    """Delete a file, where it is still there."""
    path(name).unlink(missing_ok=True)


def shown_name(text: str, default: str = "file") -> str:
    """The last part of a name from outside, without what could mislead: for people's eyes only."""
    last = text[:1000].replace("\\", "/").rpartition("/")[2]
    # C*: control characters, NUL, marks that turn the writing direction, lone surrogates
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    return kept.strip(" .")[-_NAME_LENGTH:].strip(" .") or default


def sweep(*, known: Callable[[list[str]], set[str]], idle_s: float) -> int:
    """Delete what nobody will ask for: parts left behind, files no row knows; gives how many.

    ``known`` says which of some names have a row. Only what was not written to for ``idle_s``
    seconds: the row of a file that just arrived may not be committed yet.
    """
    return sum(
        sweep_folder(where, known=known if where != INCOMING else _nobody, idle_s=idle_s)
        for where in (INCOMING, UPLOADS, FIRMWARE)
    )


def sweep_folder(where: str, *, known: Callable[[list[str]], set[str]], idle_s: float) -> int:
    """The same of one folder."""
    idle = (f"{where}/{file.name}" for file in _idle(folder(where), time.time() - idle_s))
    removed = 0
    while batch := list(islice(idle, _BATCH)):
        lost = set(batch) - known(batch)
        for name in lost:
            remove(name)
        removed += len(lost)
    return removed


def _nobody(names: list[str]) -> set[str]:
    """Parts have no rows."""
    return set()


def _idle(where: Path, before: float) -> Iterator[os.DirEntry[str]]:
    with os.scandir(where) as entries:
        for entry in entries:
            try:
                if entry.stat(follow_symlinks=False).st_mtime < before:
                    yield entry
            except FileNotFoundError:  # completed, or deleted, while we look
                continue


def _sync(target: Path) -> None:
    number = os.open(target, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
