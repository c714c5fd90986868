"""Hand-calculated cases about idle time: grace, full minutes, caps, nights."""

from __future__ import annotations

from dataclasses import replace

from billing.rating.usage import StateChange
from tests.billing.rating.hand import Case, component, session, tariff, utc

IDLE = {"grace_seconds": 600, "step": 60, "step_rounding": "down"}
# 0.30 per kWh, 10 minutes of grace, then 0.05 per full idle minute, 19 % on the sum.
OFFICE = tariff(
    component("energy", "0.30"),
    component("idle", "0.05", **IDLE),
    tax_rate="19",
    tax_rounding="sum",
)
STARTED = "2026-05-04 12:00"


def office(done: str, left: str, kwh: float = 10.0):
    return session(STARTED, f"2026-05-04 {left}", kwh=kwh, idle=[f"2026-05-04 {done}"])


def idling(left: str, *changes: str, **more):
    return session(
        STARTED, f"2026-05-04 {left}", idle=[f"2026-05-04 {change}" for change in changes], **more
    )


NIGHT_FREE = tariff(component("idle", "0.05", not_between=["22:00-06:00"], **IDLE))
CASES = [
    Case(
        "an hour too long: 50 minutes after the grace",
        OFFICE,
        office("14:00", "15:00", 6.145),
        "energy: 6.145 kWh * 0.30 = 1.84\n idle: 50 min * 0.05 = 2.50",  # 1.8435
        "5.16",
        "19% of 4.34 = 0.82",  # 0.8246; by line 0.35 + 0.48 = 0.83
    ),
    Case(
        "gone when the grace ends",
        OFFICE,
        office("14:00", "14:10"),
        "energy: 10 kWh * 0.30 = 3.00",
        "3.57",
        "19% of 3.00 = 0.57",
    ),
    Case(
        "a minute that is not full is not charged",
        OFFICE,
        office("14:00", "14:10:59"),
        "energy: 10 kWh * 0.30 = 3.00",
        "3.57",
        "19% of 3.00 = 0.57",
    ),
    Case(
        "a full minute is",
        OFFICE,
        office("14:00", "14:11"),
        "energy: 10 kWh * 0.30 = 3.00\n idle: 1 min * 0.05 = 0.05",
        "3.63",
        "19% of 3.05 = 0.58",  # 0.5795
    ),
    Case(
        "said to be done after it was gone: not idle",
        OFFICE,
        office("15:30", "15:00"),
        "energy: 10 kWh * 0.30 = 3.00",
        "3.57",
        "19% of 3.00 = 0.57",
    ),
    Case(
        "never said to be done: not idle",
        OFFICE,
        session(STARTED, "2026-05-04 20:00", kwh=10),
        "energy: 10 kWh * 0.30 = 3.00",
        "3.57",
        "19% of 3.00 = 0.57",
    ),
    Case(
        "idle time has a cap",
        tariff(component("idle", "0.05", cap="8.00", **IDLE)),
        idling("17:30", "14:00"),  # 210 - 10 minutes
        "idle: 200 min * 0.05 - 2.00 = 8.00",
        "8.00",
    ),
    Case(
        "idle at night is free",
        NIGHT_FREE,
        session(
            "2026-05-04 19:00+02:00", "2026-05-05 07:00+02:00", idle=["2026-05-04 21:00+02:00"]
        ),
        "idle: 110 min * 0.05 = 5.50",  # 21:10 to 22:00, 06:00 to 07:00
        "5.50",
    ),
    Case(
        "the grace runs at night, too",
        NIGHT_FREE,
        session(
            "2026-05-04 19:00+02:00", "2026-05-05 06:30+02:00", idle=["2026-05-04 21:55+02:00"]
        ),
        "idle: 30 min * 0.05 = 1.50",
        "1.50",
    ),
    Case(
        "what is free at night does not fall to the next component",
        tariff(component("idle", "0.05", not_between=["22:00-06:00"]), component("idle", "1.00")),
        session("2026-05-04 23:00+02:00", "2026-05-05 01:00+02:00", idle=["2026-05-04 20:00"]),
        "",
        "0.00",
    ),
    Case(
        "there is one grace for the session, not one for each stop",
        tariff(component("idle", "0.05", **IDLE)),
        idling("15:20", "13:00", "13:08", "15:00"),  # idle 8 and 20 minutes
        "idle: 18 min * 0.05 = 0.90",
        "0.90",
    ),
    Case(
        "said twice to be idle is idle once",
        tariff(component("idle", "0.05", **IDLE)),
        replace(
            idling("13:47"),
            states=[StateChange(utc(f"2026-05-04 {at}"), True) for at in ("13:00", "13:20")],
        ),
        "idle: 37 min * 0.05 = 1.85",
        "1.85",
    ),
    Case(
        "idle seconds count without steps",
        tariff(component("idle", "0.05")),
        idling("13:00:30", "13:00"),
        "idle: 0.5 min * 0.05 = 0.03",  # 0.025
        "0.03",
    ),
    Case(
        "charging time stops where idle time begins",
        tariff(component("time", "0.02"), component("idle", "0.05")),
        idling("14:00", "13:30"),
        "time: 90 min * 0.02 = 1.80\n idle: 30 min * 0.05 = 1.50",
        "3.30",
    ),
]
