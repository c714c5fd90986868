"""What a vehicle's battery takes: full power at first, less and less towards the end."""

from __future__ import annotations

from dataclasses import dataclass

_TAPER_FROM = 0.8  # state of charge above which the power falls
_TAPER_TO = 0.1  # share of the full power just before the battery is full
_CURVE_TAPER_FROM = 0.7  # the same in a recorded session: share of the charging time


@dataclass
class Battery:
    """A vehicle's battery; ``charge_wh`` is what is in it."""

    capacity_wh: float
    charge_wh: float
    max_power_w: float

    @property
    def soc(self) -> float:
        """State of charge, 0 to 1."""
        return self.charge_wh / self.capacity_wh

    @property
    def full(self) -> bool:
        """Whether it takes nothing more."""
        return self.charge_wh >= self.capacity_wh

    def accepts_w(self, offered_w: float) -> float:
        """The power it takes of what is offered, W."""
        if self.full:
            return 0.0
        wanted = self.max_power_w
        if self.soc > _TAPER_FROM:
            rest = (1.0 - self.soc) / (1.0 - _TAPER_FROM)
            wanted *= _TAPER_TO + (1.0 - _TAPER_TO) * rest
        return min(offered_w, wanted)

    def take(self, energy_wh: float) -> float:
        """Put energy in, Wh; gives what fitted."""
        taken = min(energy_wh, self.capacity_wh - self.charge_wh)
        self.charge_wh += taken
        if self.capacity_wh - self.charge_wh < 1.0:
            self.charge_wh = self.capacity_wh
        return taken


def power_share(progress: float) -> float:
    """Power at ``progress`` (0 to 1 of the charging time) as a share of the highest."""
    if progress <= _CURVE_TAPER_FROM:
        return 1.0
    fallen = (progress - _CURVE_TAPER_FROM) / (1.0 - _CURVE_TAPER_FROM)
    return 1.0 - (1.0 - _TAPER_TO) * min(fallen, 1.0)


def energy_share(progress: float) -> float:
    """Energy charged at ``progress`` as a share of all: 0 at 0, 1 at 1, never falling."""
    return _integral(min(max(progress, 0.0), 1.0)) / _integral(1.0)


def peak_power_w(energy_wh: float, seconds: float) -> float:
    """The highest power of a session that charges ``energy_wh`` in ``seconds``, W."""
    return energy_wh * 3600.0 / (seconds * _integral(1.0))


def _integral(progress: float) -> float:
    """The area under ``power_share`` from 0 to ``progress``."""
    if progress <= _CURVE_TAPER_FROM:
        return progress
    tail = progress - _CURVE_TAPER_FROM
    return _CURVE_TAPER_FROM + tail * (1.0 + power_share(progress)) / 2.0
