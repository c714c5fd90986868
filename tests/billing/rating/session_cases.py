"""Hand-calculated cases: thresholds, limits, power classes, tax, other currencies."""

from __future__ import annotations

from tests.billing.rating.hand import Case, component, session, tariff, utc

START, END = "2026-05-04 12:00", "2026-05-04 14:00"
PER_KWH = tariff(component("energy", "0.30"))
BLOCKS = tariff(component("energy", "0.30", max_wh=10000), component("energy", "0.40"))
SOCKETS = tariff(component("energy", "0.60", min_w=50000), component("energy", "0.40"))
TWO_FEES = [component("start", "0.13"), component("energy", "0.13")]
ONE_KWH = session(START, END, kwh=1)
CASES = [
    Case("nothing flowed and nothing is charged", PER_KWH, session(START, END, kwh=0), "", "0.00"),
    Case(
        "nothing flowed: the start fee stays",
        tariff(component("start", "0.50"), component("energy", "0.30")),
        session(START, END, (START, 7.5), (END, 7.5)),
        "start: 1 once * 0.50 = 0.50",
        "0.50",
    ),
    Case(
        "nothing flowed: the minimum stays",
        tariff(component("energy", "0.30"), minimum="1.00"),
        session(START, END, kwh=0),
        "minimum: 1 once * 1.00 = 1.00",
        "1.00",
    ),
    Case(
        "a maximum cuts the last lines first, to nothing where it must",
        tariff(
            component("energy", "0.30"),
            component("time", "0.10"),
            component("idle", "0.20"),
            maximum="5.00",
        ),
        session(START, END, kwh=10, idle=["2026-05-04 13:00"]),
        # 3.00 + 6.00 + 12.00 = 21.00, of which 16.00 too much
        """energy: 10 kWh * 0.30 = 3.00
           time: 60 min * 0.10 - 4.00 = 2.00
           idle: 60 min * 0.20 - 12.00 = 0.00""",
        "5.00",
    ),
    Case(
        "a running session costs what it came to until now",
        PER_KWH,
        session(START, None, (START, 10), ("2026-05-04 12:30", 13)),
        "energy: 3 kWh * 0.30 = 0.90",
        "0.90",
        until=utc("2026-05-04 12:40"),
    ),
    Case(
        "a preview of half of an ended session",
        tariff(component("energy", "0.30"), component("time", "0.01")),
        session(START, END, kwh=10),
        "energy: 5 kWh * 0.30 = 1.50\n time: 60 min * 0.01 = 0.60",
        "2.10",
        until=utc("2026-05-04 13:00"),
    ),
    Case(
        "the first 10 kWh have a price of their own",
        BLOCKS,
        session(START, END, kwh=25),
        "energy: 10 kWh * 0.30 = 3.00\n energy: 15 kWh * 0.40 = 6.00",
        "9.00",
    ),
    Case(
        "10 kWh are still the first 10 kWh",
        BLOCKS,
        session(START, END, kwh=10),
        "energy: 10 kWh * 0.30 = 3.00",
        "3.00",
    ),
    Case(
        "energy that came at one moment is divided at the threshold, too",
        BLOCKS,
        session(None, END, kwh=25),
        "energy: 10 kWh * 0.30 = 3.00\n energy: 15 kWh * 0.40 = 6.00",
        "9.00",
    ),
    Case(
        "time costs something once 10 kWh have flowed",  # at 12:48 of 10 kWh in 48 minutes
        tariff(component("time", "0.10", min_wh=10000)),
        session(START, END, kwh=25),
        "time: 72 min * 0.10 = 7.20",
        "7.20",
    ),
    Case(
        "charging time costs something after 90 minutes",
        tariff(component("time", "0.10", min_seconds=5400)),
        session(START, END),
        "time: 30 min * 0.10 = 3.00",
        "3.00",
    ),
    Case(
        "the class of 50 kW begins at 50 kW",
        SOCKETS,
        session(START, END, kwh=10, kw=50),
        "energy: 10 kWh * 0.60 = 6.00",
        "6.00",
    ),
    Case(
        "a connector of less has the other price",
        SOCKETS,
        session(START, END, kwh=10, kw=49.9),
        "energy: 10 kWh * 0.40 = 4.00",
        "4.00",
    ),
    Case(
        "so has one of which the class is not known",
        SOCKETS,
        session(START, END, kwh=10),
        "energy: 10 kWh * 0.40 = 4.00",
        "4.00",
    ),
    Case(
        "of each kind the first that fits counts, and no other",
        tariff(component("energy", "0.30"), component("energy", "9.99")),
        session(START, END, kwh=10),
        "energy: 10 kWh * 0.30 = 3.00",
        "3.00",
    ),
    Case(
        "tax by line",
        tariff(*TWO_FEES, tax_rate="19"),
        ONE_KWH,
        "start: 1 once * 0.13 = 0.13\n energy: 1 kWh * 0.13 = 0.13",
        "0.30",
        "19% of 0.26 = 0.04",  # 0.0247 twice
    ),
    Case(
        "tax on the sum",
        tariff(*TWO_FEES, tax_rate="19", tax_rounding="sum"),
        ONE_KWH,
        "start: 1 once * 0.13 = 0.13\n energy: 1 kWh * 0.13 = 0.13",
        "0.31",
        "19% of 0.26 = 0.05",  # 0.0494
    ),
    Case(
        "prices that contain the tax",
        tariff(component("energy", "0.595"), tax_rate="19", tax_included=True),
        session(START, END, kwh=10),
        "energy: 10 kWh * 0.595 = 5.95",
        "5.95",
        "19% of 5.95 = 0.95",
    ),
    Case(
        "prices that contain two taxes, on the sums",
        tariff(
            component("start", "1.07", tax_rate="7"),
            component("energy", "0.50"),
            tax_rate="19",
            tax_included=True,
            tax_rounding="sum",
            minimum="8.00",
        ),
        session(START, END, kwh=10),
        # 5.00 and the 1.93 that are missing: 6.93 * 19 / 119 = 1.10647
        """start: 1 once * 1.07 = 1.07
           energy: 10 kWh * 0.50 = 5.00
           minimum: 1 once * 1.93 = 1.93""",
        "8.00",
        "7% of 1.07 = 0.07, 19% of 6.93 = 1.11",
    ),
    Case(
        "yen have no decimals",
        tariff(component("energy", "30.5"), currency="JPY", tax_rate="10"),
        session(START, END, kwh=3.5),
        "energy: 3.5 kWh * 30.5 = 107",  # 106.75
        "118",
        "10% of 107 = 11",
    ),
    Case(
        "dinars have three",
        tariff(component("energy", "0.1"), currency="KWD"),
        session(START, END, kwh=1.235),
        "energy: 1.235 kWh * 0.1 = 0.124",  # 0.1235
        "0.124",
    ),
    Case(
        "only full kWh are charged, and the rest is taken from the price that came last",
        tariff(
            component("energy", "0.30", step=1000, step_rounding="down", max_wh=10000),
            component("energy", "0.40", step=1000, step_rounding="down"),
        ),
        session(START, END, kwh=12.9),
        "energy: 10 kWh * 0.30 = 3.00\n energy: 2 kWh * 0.40 = 0.80",
        "3.80",
    ),
    Case(
        "where the last price has too little for that, from the one before it",
        tariff(
            component("energy", "0.30", max_wh=9500),
            component("energy", "0.40", step=1000, step_rounding="down"),
        ),
        session(START, END, kwh=9.8),  # 0.8 too much: 0.3 and 0.5
        "energy: 9 kWh * 0.30 = 2.70",
        "2.70",
    ),
    Case(
        "a reservation alone has no minimum of a session",
        tariff(component("reservation", "0.50"), component("energy", "0.30"), minimum="2.00"),
        session(None, None, reserved=("2026-05-04 09:00", "2026-05-04 09:30")),
        "reservation: 1 once * 0.50 = 0.50",
        "0.50",
    ),
    Case(
        "reserved time is divided at the site's hours",
        tariff(
            component("reservation_time", "0.10", between="09:00-12:00"),
            component("reservation_time", "0.05"),
        ),
        session(
            "2026-05-04 12:20+02:00",
            "2026-05-04 13:00+02:00",
            reserved=("2026-05-04 11:50+02:00", "2026-05-04 12:20+02:00"),
        ),
        "reservation_time: 10 min * 0.10 = 1.00\n reservation_time: 20 min * 0.05 = 1.00",
        "2.00",
    ),
]
