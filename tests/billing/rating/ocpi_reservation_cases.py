"""The worked examples of OCPI 2.2.1, mod_tariffs, about reservations."""

from __future__ import annotations

from billing.rating.usage import Usage
from tests.billing.rating.hand import Case, component, expired, session, tariff
from tests.billing.rating.ocpi_cases import PER_KWH, START

RESERVED = {"per": "h", "tax_rate": "20"}


def reserved(minutes: int) -> Usage:
    """20 kWh, the station reserved so many minutes before."""
    made = ("2026-05-04 09:00", f"2026-05-04 09:{minutes}")
    return session(made[1], "2026-05-04 12:00", kwh=20, reserved=made)


EXPIRING_FEE = tariff(
    component("reservation", "4.00", expired=True, tax_rate="20"),
    component("reservation_time", "2.00", step=600, **RESERVED),
    START,
    PER_KWH,
)
EXPIRING_TIME = tariff(
    component("reservation_time", "6.00", step=600, expired=True, **RESERVED),
    component("reservation_time", "3.00", step=600, **RESERVED),
    START,
    PER_KWH,
)
CASES = [
    Case(
        "a reservation of 15 minutes",
        tariff(component("reservation_time", "5.00", step=60, **RESERVED), START, PER_KWH),
        reserved(15),
        """reservation_time: 0.25 h * 5.00 = 1.25
           start: 1 once * 0.50 = 0.50
           energy: 20 kWh * 0.25 = 5.00""",
        "7.60",
        "10% of 5.00 = 0.50, 20% of 1.75 = 0.35",
    ),
    Case(
        "a reservation fee, and 13 minutes billed as 15",
        tariff(
            component("reservation", "2.00", tax_rate="20"),
            component("reservation_time", "5.00", step=300, **RESERVED),
            START,
            PER_KWH,
        ),
        reserved(13),
        """reservation: 1 once * 2.00 = 2.00
           reservation_time: 0.25 h * 5.00 = 1.25
           start: 1 once * 0.50 = 0.50
           energy: 20 kWh * 0.25 = 5.00""",
        "10.00",
        "10% of 5.00 = 0.50, 20% of 3.75 = 0.75",
    ),
    Case(
        "a reservation that was used pays no expiration fee",
        EXPIRING_FEE,
        reserved(22),
        """reservation_time: 0.5 h * 2.00 = 1.00
           start: 1 once * 0.50 = 0.50
           energy: 20 kWh * 0.25 = 5.00""",
        "7.30",
        "10% of 5.00 = 0.50, 20% of 1.50 = 0.30",
    ),
    Case(
        "a reservation that expired after an hour pays it",
        EXPIRING_FEE,
        expired("2026-05-04 09:00", "2026-05-04 10:00"),
        "reservation: 1 once * 4.00 = 4.00\n reservation_time: 1 h * 2.00 = 2.00",
        "7.20",
        "20% of 6.00 = 1.20",
    ),
    Case(
        "reserved time that was used has its price",
        EXPIRING_TIME,
        reserved(22),
        """reservation_time: 0.5 h * 3.00 = 1.50
           start: 1 once * 0.50 = 0.50
           energy: 20 kWh * 0.25 = 5.00""",
        "7.90",
        "10% of 5.00 = 0.50, 20% of 2.00 = 0.40",
    ),
    Case(
        "reserved time that expired has another",
        EXPIRING_TIME,
        expired("2026-05-04 09:00", "2026-05-04 10:30"),
        "reservation_time: 1.5 h * 6.00 = 9.00",
        "10.80",
        "20% of 9.00 = 1.80",
    ),
]
