"""What services raise when something may not be; interfaces turn it into their own language."""

from __future__ import annotations


class DomainError(Exception):
    """What the caller asked for may not be. ``message`` is for people, ``code`` for programs."""

    code = "invalid"

    def __init__(self, message: str, *, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}


class NotFound(DomainError):
    """What was named does not exist."""

    code = "not_found"


class Conflict(DomainError):
    """What was asked for contradicts what is."""

    code = "conflict"


class StationOffline(Conflict):
    """The station is not connected, so it cannot be asked now."""

    code = "station_offline"
