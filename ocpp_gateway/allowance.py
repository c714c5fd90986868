"""How much somebody may do: so many a second, so many at once after a pause. No clock, no I/O."""

from __future__ import annotations


class Allowance:
    """Fills with ``rate`` a second up to ``burst``; each act takes one. Times are in seconds."""

    __slots__ = ("_at", "_burst", "_left", "_rate")

    def __init__(self, rate: float, burst: float, at: float) -> None:
        self._rate, self._burst = rate, burst
        self._left, self._at = burst, at

    def take(self, at: float) -> float:
        """Take one, which there may not be yet; gives how many seconds to wait for it."""
        self._fill(at)
        self._left -= 1
        return max(0.0, -self._left / self._rate)

    def try_take(self, at: float) -> bool:
        """Take one where there is one."""
        self._fill(at)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def is_used_up(self, at: float) -> bool:
        """Whether there is none left to take."""
        self._fill(at)
        return self._left < 1

    def _fill(self, at: float) -> None:
        self._left = min(self._burst, self._left + (at - self._at) * self._rate)
        self._at = at
