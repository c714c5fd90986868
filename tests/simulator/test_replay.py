"""The replay: the data's own times and energies arrive, whatever happens on the way."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from ocpp_gateway.frames import CallError
from tests.simulator.central_system import CentralSystem
from tests.simulator.clock import iso, parse
from tests.simulator.faults import KINDS
from tests.simulator.recording import id_tag_of, read_sessions
from tests.simulator.replay import ReplayOptions, run_replay
from tests.simulator.staging import played
from tests.simulator.summary import ReplaySummary

HEADER = "session,station,connected_at,done_charging_at,disconnected_at,kwh,user\n"
LINES = """\
a1,ST-A,2020-01-01T08:00:00Z,2020-01-01T10:00:00Z,2020-01-01T12:00:00Z,10.0004,
a2,ST-A,2020-01-01T13:00:00Z,,2020-01-01T15:00:00Z,7.0016,000012345
b1,ST-B,2020-01-01T09:00:00Z,2020-01-01T11:30:00Z,2020-01-01T11:00:00Z,3.5,a.driver@example.org.with.a.name
"""


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(HEADER + LINES)
    return path


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    """Three stations with 25 sessions each; energies with fractions of a Wh."""
    start, rows = parse("2020-01-01T00:00:00Z"), []
    for number in range(75):
        plugged = start + timedelta(hours=5 * (number // 3), minutes=number)
        done, gone = plugged + timedelta(hours=2), plugged + timedelta(hours=3, seconds=number)
        times = ",".join(iso(at) for at in (plugged, done, gone))
        rows.append(f"s{number},ST-{number % 3},{times},{1 + number * 0.12345},{number:09d}\n")
    path = tmp_path / "large.csv"
    path.write_text(HEADER + "".join(rows))
    return path


def test_it_reads_sessions_with_missing_and_impossible_times(small_file: Path) -> None:
    sessions = read_sessions(small_file)
    assert [each.name for each in sessions["ST-A"]] == ["a1", "a2"]
    assert sessions["ST-A"][1].done_at == sessions["ST-A"][1].unplugged_at
    assert sessions["ST-B"][0].done_at == sessions["ST-B"][0].unplugged_at
    assert [each.energy_wh for each in sessions["ST-A"]] == [10_000, 7_002]


def test_users_become_cards_of_at_most_twenty_characters() -> None:
    assert id_tag_of("") == "ANON"
    assert id_tag_of("000012345") == "000012345"
    one, other = (id_tag_of(f"a.driver@example.org.{name}") for name in "xy")
    assert one != other
    assert len(one) == len(other) == 20
    assert one == id_tag_of("a.driver@example.org.x")


def test_it_plays_no_more_than_it_is_told(large_file: Path) -> None:
    assert list(read_sessions(large_file, only_stations=["ST-1"])) == ["ST-1"]
    assert sum(map(len, read_sessions(large_file, limit=10).values())) == 10


def test_it_says_which_line_it_cannot_read(small_file: Path) -> None:
    with small_file.open("a") as file:
        file.write("b2,ST-B,yesterday,,2020-01-01T12:00:00Z,1,\n")
    with pytest.raises(ValueError, match="line 5"):
        read_sessions(small_file)


@played
async def test_a_session_is_told_with_the_times_and_energy_of_the_data(small_file: Path) -> None:
    async with CentralSystem() as system:
        summary = await run_replay(ReplayOptions(system.url, small_file, samples=4))
    assert system.complaints == []
    assert summary.drained
    assert summary.energy_wh == {"ST-A": 17_002, "ST-B": 3_500}
    told = [
        (action, payload.get("status"), payload.get("timestamp") or _sampled_at(payload))
        for station, action, payload in system.received
        if station == "ST-A" and action != "BootNotification"
    ][2:15]
    day = "2020-01-01T"
    assert told == [
        ("StatusNotification", "Preparing", f"{day}08:00:00Z"),
        ("StartTransaction", None, f"{day}08:00:00Z"),
        ("StatusNotification", "Charging", f"{day}08:00:00Z"),
        ("MeterValues", None, f"{day}08:30:00Z"),
        ("MeterValues", None, f"{day}09:00:00Z"),
        ("MeterValues", None, f"{day}09:30:00Z"),
        ("MeterValues", None, f"{day}10:00:00Z"),
        ("StatusNotification", "SuspendedEV", f"{day}10:00:00Z"),
        ("StopTransaction", None, f"{day}12:00:00Z"),
        ("StatusNotification", "Finishing", f"{day}12:00:00Z"),
        ("StatusNotification", "Available", f"{day}12:00:00Z"),
        ("StatusNotification", "Preparing", f"{day}13:00:00Z"),
        ("StartTransaction", None, f"{day}13:00:00Z"),
    ]


@played
async def test_the_register_of_a_station_never_falls_and_is_final_when_charging_is_done(
    small_file: Path,
) -> None:
    async with CentralSystem() as system:
        await run_replay(ReplayOptions(system.url, small_file, only_stations=["ST-A"]))
    registers = []
    for _, action, payload in system.received:
        if action == "StartTransaction":
            registers.append(payload["meterStart"])
        elif action == "StopTransaction":
            assert payload["meterStop"] == registers[-1]
        elif action == "MeterValues":
            registers.append(int(payload["meterValue"][0]["sampledValue"][0]["value"]))
    assert registers[0] > 0
    assert registers == sorted(registers)
    assert registers[-1] - registers[0] == 17_002


@pytest.mark.parametrize("seed", [1, 2])
@played
async def test_with_every_fault_all_sessions_end_with_their_energy(
    large_file: Path, seed: int
) -> None:
    expected = {
        station: sum(each.energy_wh for each in sessions)
        for station, sessions in read_sessions(large_file).items()
    }
    async with CentralSystem() as system:
        options = ReplayOptions(
            system.url,
            large_file,
            samples=4,
            seed=seed,
            faults=KINDS,
            timeout=1,
            rates={"drop": 0.01},
        )
        summary = await run_replay(options)
    assert all("date-time" in complaint for complaint in system.complaints)  # without a zone
    assert summary.drained
    assert summary.sessions_played == 75
    assert summary.energy_wh == expected
    assert {"copy", "frame-twice", "late-stop", "reorder"} <= set(summary.faults)
    for station, records in summary.records.items():
        for entry in records.acknowledged:
            assert (station, entry.action, entry.payload) in system.received


@played
async def test_it_survives_a_server_that_dies_and_comes_back(large_file: Path) -> None:
    async with CentralSystem() as system:
        replay = asyncio.create_task(run_replay(ReplayOptions(system.url, large_file)))
        await system.until(lambda: len(system.received) > 100)
        await system.kill()
        await asyncio.sleep(0.3)
        assert not replay.done()
        await system.start()
        summary = await replay
    assert summary.drained
    assert summary.sessions_played == 75
    assert len(system.paths) >= 6  # every station came back
    assert len(system.of("BootNotification")) == 3  # none of them had been away itself


@played
async def test_it_reports_the_stations_that_lost_their_patience(large_file: Path) -> None:
    async with CentralSystem() as system:
        options = ReplayOptions(system.url, large_file, patience=0.4)
        replay = asyncio.create_task(run_replay(options))
        await system.until(lambda: len(system.received) > 100)
        await system.kill()
        summary = await replay
    assert not summary.drained
    assert set(summary.failures) == {"ST-0", "ST-1", "ST-2"}
    assert summary.undelivered > 0


@played
async def test_a_stop_held_back_to_the_end_must_be_answered_too(small_file: Path) -> None:
    async with CentralSystem() as system:
        system.behaviours["StopTransaction"] = lambda *_: None
        options = ReplayOptions(
            system.url,
            small_file,
            only_stations=["ST-B"],
            faults=["late-stop"],
            rates={"late-stop": 1.0},
            timeout=0.1,
            patience=0.3,
        )
        summary = await run_replay(options)
    assert system.of("StopTransaction")
    assert summary.undelivered > 0
    assert "OutOfPatience" in summary.failures["ST-B"]


@pytest.mark.parametrize(
    "trouble",
    [
        {"undelivered": 1},
        {"abandoned": 1},
        {"conflicts": 1},
        {"failures": {"CP1": "trouble"}},
        {"sessions": 2, "sessions_played": 1},
    ],
)
def test_nothing_counts_as_drained_with_trouble_left(trouble: dict[str, Any]) -> None:
    assert ReplaySummary(sessions=1, sessions_played=1).drained
    assert not ReplaySummary(**trouble).drained


@played
async def test_a_message_the_server_never_accepts_is_no_success(small_file: Path) -> None:
    async with CentralSystem() as system:
        system.behaviours["StopTransaction"] = lambda *_: CallError("", "InternalError")
        settings = {"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "0"}
        options = ReplayOptions(system.url, small_file, settings=settings)
        summary = await run_replay(options)
    assert summary.abandoned == 3
    assert summary.sessions_played == 0
    assert not summary.drained


@played
async def test_it_plays_in_the_datas_time_divided_by_the_speed(small_file: Path) -> None:
    async with CentralSystem() as system:
        began = monotonic()
        summary = await run_replay(ReplayOptions(system.url, small_file, speed=7 * 3600 / 0.5))
        assert 0.5 <= monotonic() - began < 1.5
    assert summary.drained


@played
async def test_it_stops_early_when_it_is_asked_to(small_file: Path) -> None:
    async with CentralSystem() as system:
        stop = asyncio.Event()
        replay = asyncio.create_task(run_replay(ReplayOptions(system.url, small_file, 1.0), stop))
        await system.until(lambda: len(system.of("BootNotification")) == 2)
        stop.set()
        summary = await replay
    assert not summary.drained
    assert set(summary.failures.values()) == {"stopped before its end"}


@played
async def test_a_card_the_server_does_not_know_charges_all_the_same(small_file: Path) -> None:
    async with CentralSystem() as system:
        system.cards["ANON"] = "Invalid"
        summary = await run_replay(ReplayOptions(system.url, small_file))
    assert summary.refused_cards == 1
    assert summary.sessions_played == 3


def _sampled_at(payload: dict[str, Any]) -> str:
    return str(payload["meterValue"][0]["timestamp"])
