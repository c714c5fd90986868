"""Hand-calculated cases about the site's clock: times of day, midnight, weekdays, summer time."""

from __future__ import annotations

from tests.billing.rating.hand import Case, component, session, tariff


# A minute costs 1.00 in the window and 0.01 outside, so that the minutes can be read off.
def minutes(window: str) -> list[dict]:
    return [component("time", "1.00", between=window), component("time", "0.01")]


DAY_AND_NIGHT = tariff(
    component("energy", "0.20", between="22:00-06:00"), component("energy", "0.40")
)
WEEKEND = tariff(
    component("energy", "0.20", weekdays=["SATURDAY", "SUNDAY"]), component("energy", "0.40")
)
LORD_HOWE = "Australia/Lord_Howe"
CASES = [
    Case(
        "energy is divided at 22:00 in proportion to time",  # 4 of 8 hours... each side
        DAY_AND_NIGHT,
        session("2026-05-04 20:00+02:00", "2026-05-05 00:00+02:00", kwh=8),
        "energy: 4 kWh * 0.20 = 0.80\n energy: 4 kWh * 0.40 = 1.60",
        "2.40",
    ),
    Case(
        "readings say when the energy flowed",  # 5 by 21:00, 6 by 22:00, 8 by 24:00
        DAY_AND_NIGHT,
        session(
            "2026-05-04 20:00+02:00",
            "2026-05-05 00:00+02:00",
            ("2026-05-04 20:00+02:00", 50),
            ("2026-05-04 21:00+02:00", 55),
            ("2026-05-05 00:00+02:00", 58),
        ),
        "energy: 2 kWh * 0.20 = 0.40\n energy: 6 kWh * 0.40 = 2.40",
        "2.80",
    ),
    Case(
        "a night goes on after midnight",
        DAY_AND_NIGHT,
        session("2026-05-04 23:00+02:00", "2026-05-05 01:00+02:00", kwh=8),
        "energy: 8 kWh * 0.20 = 1.60",
        "1.60",
    ),
    Case(
        "22:00 is night, 06:00 is day",
        DAY_AND_NIGHT,
        session("2026-05-04 22:00+02:00", "2026-05-05 06:30+02:00", kwh=17),  # 2 kW: 16 and 1
        "energy: 16 kWh * 0.20 = 3.20\n energy: 1 kWh * 0.40 = 0.40",
        "3.60",
    ),
    Case(
        "three nights and two days",
        tariff(*minutes("22:00-06:00")),
        session("2026-05-04 21:00+02:00", "2026-05-07 01:00+02:00"),
        # nights 8 + 8 + 3 h; before, and two days: 1 + 16 + 16 h
        "time: 1140 min * 1.00 = 1140.00\n time: 1980 min * 0.01 = 19.80",
        "1159.80",
    ),
    Case(
        "Friday evening until Saturday morning",
        WEEKEND,
        session("2026-05-08 22:00+02:00", "2026-05-09 02:00+02:00", kwh=8),
        "energy: 4 kWh * 0.20 = 0.80\n energy: 4 kWh * 0.40 = 1.60",
        "2.40",
    ),
    Case(
        "Friday from 22:00 to 06:00 is the first six and the last two hours of Friday",
        tariff(component("time", "1.00", between="22:00-06:00", weekdays=["FRIDAY"])),
        session("2026-05-07 12:00+02:00", "2026-05-09 12:00+02:00"),
        "time: 480 min * 1.00 = 480.00",
        "480.00",
    ),
    Case(
        "a price from the first of January, at midnight of the site",
        tariff(
            component("energy", "0.50", from_date="2027-01-01"),
            component("energy", "0.40", until_date="2027-01-01"),
        ),
        session("2026-12-31 22:00", "2027-01-01 01:00", kwh=3),  # UTC: 23:00 is midnight
        "energy: 2 kWh * 0.50 = 1.00\n energy: 1 kWh * 0.40 = 0.40",
        "1.40",
    ),
    Case(
        "a price of a week that has passed is over",
        tariff(component("energy", "9.99", from_date="2026-05-01", until_date="2026-05-04")),
        session("2026-05-04 10:00", "2026-05-04 11:00", kwh=3),
        "",
        "0.00",
    ),
    Case(
        "spring in Berlin: 01:00 to 04:00 is two hours",
        tariff(component("time", "0.01")),
        session("2026-03-29 01:00+01:00", "2026-03-29 04:00+02:00"),
        "time: 120 min * 0.01 = 1.20",
        "1.20",
    ),
    Case(
        "spring: from 02:00 to 03:00 never was",
        tariff(*minutes("02:00-03:00")),
        session("2026-03-29 01:00+01:00", "2026-03-29 04:00+02:00"),
        "time: 120 min * 0.01 = 1.20",
        "1.20",
    ),
    Case(
        "spring: from 01:30 to 02:30 lasts half an hour",
        tariff(*minutes("01:30-02:30")),
        session("2026-03-29 01:00+01:00", "2026-03-29 04:00+02:00"),
        "time: 30 min * 1.00 = 30.00\n time: 90 min * 0.01 = 0.90",
        "30.90",
    ),
    Case(
        "spring: what begins at 02:30 begins at 03:00",
        tariff(*minutes("02:30-04:00")),
        session("2026-03-29 01:00+01:00", "2026-03-29 04:00+02:00"),
        "time: 60 min * 1.00 = 60.00\n time: 60 min * 0.01 = 0.60",
        "60.60",
    ),
    Case(
        "spring: a night of 22:00 to 06:00 has seven hours",
        tariff(*minutes("22:00-06:00")),
        session("2026-03-28 21:00+01:00", "2026-03-29 07:00+02:00"),
        "time: 420 min * 1.00 = 420.00\n time: 120 min * 0.01 = 1.20",
        "421.20",
    ),
    Case(
        "autumn: 01:00 to 04:00 is four hours, and 02:00 to 03:00 is there twice",
        tariff(*minutes("02:00-03:00")),
        session("2026-10-25 01:00+02:00", "2026-10-25 04:00+01:00"),
        "time: 120 min * 1.00 = 120.00\n time: 120 min * 0.01 = 1.20",
        "121.20",
    ),
    Case(
        "autumn: what begins at 02:30 begins twice",
        tariff(*minutes("02:30-04:00")),
        session("2026-10-25 01:00+02:00", "2026-10-25 04:00+01:00"),
        # 02:30 to 03:00 summer time, 02:30 to 04:00 winter time; between them 02:00 to 02:30
        "time: 120 min * 1.00 = 120.00\n time: 120 min * 0.01 = 1.20",
        "121.20",
    ),
    Case(
        "autumn: what ends at 02:30 ends twice",
        tariff(*minutes("01:00-02:30")),
        session("2026-10-25 01:00+02:00", "2026-10-25 04:00+01:00"),
        "time: 120 min * 1.00 = 120.00\n time: 120 min * 0.01 = 1.20",
        "121.20",
    ),
    Case(
        "autumn: only the second 02:15",
        tariff(*minutes("02:00-02:30")),
        session("2026-10-25 02:15+01:00", "2026-10-25 03:00+01:00"),
        "time: 15 min * 1.00 = 15.00\n time: 30 min * 0.01 = 0.30",
        "15.30",
    ),
    Case(
        "autumn: the hour that comes twice is idle twice",
        tariff(component("idle", "0.05", grace_seconds=600, step=60, step_rounding="down")),
        session(
            "2026-10-25 01:00+02:00", "2026-10-25 03:00+01:00", idle=["2026-10-25 02:00+02:00"]
        ),
        "idle: 110 min * 0.05 = 5.50",
        "5.50",
    ),
    Case(
        "Lord Howe: half an hour comes twice",
        tariff(*minutes("01:30-02:00")),
        session("2026-04-05 01:00+11:00", "2026-04-05 03:00+10:30", zone=LORD_HOWE),
        "time: 60 min * 1.00 = 60.00\n time: 90 min * 0.01 = 0.90",
        "60.90",
    ),
    Case(
        "Lord Howe: half an hour is left out",
        tariff(*minutes("01:45-02:45")),
        session("2026-10-04 01:00+10:30", "2026-10-04 03:00+11:00", zone=LORD_HOWE),
        "time: 30 min * 1.00 = 30.00\n time: 60 min * 0.01 = 0.60",
        "30.60",
    ),
    Case(
        "Santiago: a Sunday that begins at 01:00",
        tariff(component("time", "1.00", weekdays=["SUNDAY"]), component("time", "0.01")),
        session("2026-09-05 23:00-04:00", "2026-09-06 02:00-03:00", zone="America/Santiago"),
        "time: 60 min * 1.00 = 60.00\n time: 60 min * 0.01 = 0.60",
        "60.60",
    ),
    Case(
        "Kathmandu: midnight is at a quarter past six in UTC",
        tariff(component("time", "1.00", weekdays=["TUESDAY"]), component("time", "0.01")),
        session("2026-05-04 18:00", "2026-05-04 19:00", zone="Asia/Kathmandu"),
        "time: 45 min * 1.00 = 45.00\n time: 15 min * 0.01 = 0.15",
        "45.15",
    ),
    Case(
        "Apia: the Friday that was left out at the date line",
        tariff(component("time", "1.00", weekdays=["FRIDAY"]), component("time", "0.01")),
        session("2011-12-29 23:00-10:00", "2011-12-31 01:00+14:00", zone="Pacific/Apia"),
        "time: 120 min * 0.01 = 1.20",
        "1.20",
    ),
]
