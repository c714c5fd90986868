"""The Range header: which part of a file somebody asks for (RFC 9110 section 14)."""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


class NotSatisfiable(Exception):
    """The part begins where the file has ended already."""


def wanted_range(header: str, size: int) -> tuple[int, int] | None:
    """From which byte, and up to which (exclusive); None for the whole file.

    Several ranges, and what is no range at all, may be ignored: the whole file is right, too.
    Raises NotSatisfiable.
    """
    match = _ONE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if not match[1]:  # the last so many bytes
        return _part(size - min(int(match[2]), size), size, size)
    start, last = int(match[1]), int(match[2]) if match[2] else size - 1
    if match[2] and last < start:
        return None
    return _part(start, min(last + 1, size), size)


def _part(start: int, stop: int, size: int) -> tuple[int, int]:
    if start >= size:
        raise NotSatisfiable
    return start, stop
