"""How much somebody may do: so many a second, so many at once after a pause. No clock, no I/O."""

from __future__ import annotations

from collections import OrderedDict

_MOST = 10_000  # names remembered; the longest unseen is forgotten first


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


class Allowances:
    """One allowance a minute for each of many names."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._known: OrderedDict[str, Allowance] = OrderedDict()

    def of(self, name: str, at: float) -> Allowance:
        """The allowance of ``name``."""
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = Allowance(self._a_minute / 60, self._a_minute, at)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(name)
        return found
