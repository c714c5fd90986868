"""Hand-calculated cases: orphaned and reviewed sessions, and what readings say about when."""

from __future__ import annotations

from tests.billing.rating.hand import Case, component, session, tariff, utc

START, END = "2026-05-04 12:00", "2026-05-04 14:00"
PER_KWH = tariff(component("energy", "0.30"))
NIGHTS = tariff(component("energy", "0.20", between="22:00-06:00"), component("energy", "0.40"))
CASES = [
    Case(
        "orphaned: an end without a start, its energy settled, at the price of that hour",
        NIGHTS,
        session(None, "2026-05-04 23:30+02:00", kwh=12),
        "energy: 12 kWh * 0.20 = 2.40",
        "2.40",
    ),
    Case(
        "orphaned: no start, but readings before the end",
        NIGHTS,
        session(
            None,
            "2026-05-04 23:00+02:00",
            ("2026-05-04 21:00+02:00", 40),
            ("2026-05-04 23:00+02:00", 52),
        ),
        "energy: 6 kWh * 0.20 = 1.20\n energy: 6 kWh * 0.40 = 2.40",
        "3.60",
    ),
    Case("orphaned: no reading at all", PER_KWH, session(None, END), "", "0.00"),
    Case("neither start nor end nor reservation", PER_KWH, session(None, None), "", "0.00"),
    Case(
        "an end before its start lasts no time; the settled energy counts",
        tariff(component("energy", "0.30"), component("time", "0.10")),
        session(END, START, kwh=5),
        "energy: 5 kWh * 0.30 = 1.50",
        "1.50",
    ),
    Case(
        "reviewed: settled energy without readings is spread evenly",
        NIGHTS,
        session("2026-05-04 21:00+02:00", "2026-05-05 00:00+02:00", kwh=6),
        "energy: 4 kWh * 0.20 = 0.80\n energy: 2 kWh * 0.40 = 0.80",
        "1.60",
    ),
    Case(
        "reviewed: settled energy counts, believable readings say when",
        NIGHTS,
        session(
            "2026-05-04 21:00+02:00",
            "2026-05-04 23:00+02:00",
            ("2026-05-04 21:00+02:00", 10),
            ("2026-05-04 22:00+02:00", 15),
            ("2026-05-04 23:00+02:00", 99),  # more than was settled
            kwh=6,
        ),
        "energy: 1 kWh * 0.20 = 0.20\n energy: 5 kWh * 0.40 = 2.00",
        "2.20",
    ),
    Case(
        "reviewed: readings of which none is believable say nothing about when",
        NIGHTS,
        session(
            "2026-05-04 21:00+02:00",
            "2026-05-04 23:00+02:00",
            ("2026-05-04 21:00+02:00", 10),
            ("2026-05-04 21:30+02:00", 60),
            ("2026-05-04 22:30+02:00", 70),
            kwh=6,
        ),
        "energy: 3 kWh * 0.20 = 0.60\n energy: 3 kWh * 0.40 = 1.20",
        "1.80",
    ),
    Case(
        "one wild reading does not move the energy into another hour",
        NIGHTS,
        session(
            "2026-05-04 20:00+02:00",
            "2026-05-05 00:00+02:00",
            ("2026-05-04 20:00+02:00", 10),
            ("2026-05-04 21:00+02:00", 12),
            ("2026-05-04 21:50+02:00", 17),
            ("2026-05-04 22:30+02:00", 12),  # nothing flowed since 21:00
            ("2026-05-04 23:00+02:00", 14),
            ("2026-05-05 00:00+02:00", 18),
        ),
        "energy: 6 kWh * 0.20 = 1.20\n energy: 2 kWh * 0.40 = 0.80",
        "2.00",
    ),
    Case(
        "energy that came all at once at 22:00 is the night's",
        NIGHTS,
        session(
            "2026-05-04 21:00+02:00",
            "2026-05-04 23:00+02:00",
            ("2026-05-04 21:00+02:00", 10),
            ("2026-05-04 22:00+02:00", 11),
            ("2026-05-04 22:00+02:00", 16),
            ("2026-05-04 23:00+02:00", 17),
        ),
        "energy: 6 kWh * 0.20 = 1.20\n energy: 1 kWh * 0.40 = 0.40",
        "1.60",
    ),
    Case(
        "a running session as it was between two readings",
        PER_KWH,
        session(START, None, (START, 10), ("2026-05-04 13:00", 14), (END, 20)),
        "energy: 7 kWh * 0.30 = 2.10",
        "2.10",
        until=utc("2026-05-04 13:30"),
    ),
    Case(
        "a register that ends below its start gives nothing to charge",
        PER_KWH,
        session(START, END, (START, 50), (END, 49)),
        "",
        "0.00",
    ),
    Case(
        "readings before the start and after the end are not the session's",
        PER_KWH,
        session(
            START,
            END,
            ("2026-05-04 11:00", 1),
            (START, 10),
            (END, 12),
            ("2026-05-04 15:00", 90),
        ),
        "energy: 2 kWh * 0.30 = 0.60",
        "0.60",
    ),
]
