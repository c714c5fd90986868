"""The energy meter of a connector: a register that only grows, and its sampled values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.simulator.battery import Battery
from tests.simulator.clock import seconds_between

_RAMP_S = 40.0  # from nothing to full power
_STEP_S = 10.0  # how finely the energy is integrated


class Meter:
    """Register, power and voltage of one connector."""

    def __init__(
        self, register_wh: float, max_power_w: float, *, phases: int = 3, dc: bool = False
    ):
        self.register_wh = register_wh
        self.max_power_w = max_power_w
        self.power_w = 0.0
        self._volts = 400.0 if dc else 230.0
        self._wires = 1 if dc else phases
        self._began: datetime | None = None
        self._at: datetime | None = None

    @property
    def reading_wh(self) -> int:
        """The register as it is shown: whole Wh."""
        return int(self.register_wh)

    def begin(self, at: datetime) -> None:
        """Energy starts to flow at ``at``."""
        self._began = self._at = at
        self.power_w = 0.0

    def end(self) -> None:
        """Energy stops flowing."""
        self._began = self._at = None
        self.power_w = 0.0

    def advance(self, to: datetime, vehicle: Battery | None) -> None:
        """Let the energy flow until ``to``."""
        while self._at is not None and self._at < to:
            step = min(seconds_between(self._at, to), _STEP_S)
            self._flow(step, vehicle)
            self._at += timedelta(seconds=step)

    def _flow(self, seconds: float, vehicle: Battery | None) -> None:
        assert self._began is not None
        assert self._at is not None
        ramp = min((seconds_between(self._began, self._at) + seconds) / _RAMP_S, 1.0)
        self.power_w = vehicle.accepts_w(self.max_power_w * ramp) if vehicle else 0.0
        if vehicle:
            self.register_wh += vehicle.take(self.power_w * seconds / 3600.0)

    def sampled(
        self, measurands: Sequence[str], context: str, vehicle: Battery | None = None
    ) -> list[dict[str, Any]]:
        """Sampled values for the measurands asked for; ones it cannot measure are left out."""
        soc = vehicle.soc * 100 if vehicle else None
        return sampled_values(
            measurands,
            context,
            register_wh=self.reading_wh,
            power_w=self.power_w,
            voltage_v=self._volts,
            wires=self._wires,
            soc_percent=soc,
        )


def sampled_values(
    measurands: Sequence[str],
    context: str,
    *,
    register_wh: int,
    power_w: float,
    voltage_v: float,
    wires: int = 1,
    soc_percent: float | None = None,
) -> list[dict[str, Any]]:
    """One ``sampledValue`` per measurand (register Wh, power W, current A, voltage V, SoC %)."""
    readings: dict[str, tuple[str, str]] = {
        "Energy.Active.Import.Register": (str(register_wh), "Wh"),
        "Power.Active.Import": (f"{power_w:.1f}", "W"),
        "Current.Import": (f"{power_w / voltage_v / wires:.2f}", "A"),
        "Voltage": (f"{voltage_v:.1f}", "V"),
    }
    if soc_percent is not None:
        readings["SoC"] = (f"{soc_percent:.1f}", "Percent")
    return [
        {
            "value": readings[name][0],
            "context": context,
            "measurand": name,
            "location": "EV" if name == "SoC" else "Outlet",
            "unit": readings[name][1],
        }
        for name in measurands
        if name in readings
    ]
