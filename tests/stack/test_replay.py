"""The replay of 1,648 recorded sessions: whatever happens on the way, everything arrives, once.

And costs to the cent what the file says: bills, ledger, invoices, report, workbook and CSV.
"""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.processes import start_server
from tests.simulator.accents import CLOCKS, UNITS
from tests.simulator.faults import DROPS, KINDS
from tests.simulator.replay import ReplayOptions
from tests.stack import books, proof, truth
from tests.stack.killing import KILLED, replayed
from tests.stack.recorded import SESSIONS, recorded_file, synthetic_sessions

SAMPLES = 4  # meter values of a session
SEED = 7  # with it the eight stations have every accent among them, real or synthetic
# What each kind of fault is counted as, once it has happened.
HAPPENINGS = {
    "drop": {*DROPS},
    "reboot": {"power-lost"},
    "second-socket": {"left-open"},
    "duplicate": {"copy", "frame-twice"},
    "reorder": {"reorder"},
    "late-stop": {"late-stop"},
    "offline-start": {"offline-start"},
    "stop-data": {"stop-data", "only-in-the-stop"},
    "start-again": {"start-again"},
    "stop-again": {"stop-again"},
    "clock": {*CLOCKS},
    "unit": {*UNITS},
}
# After so many acknowledged messages the server dies: in the beginning, the middle and the end.
KILLS = sorted(random.Random("kills of the replay").sample(range(600, 10 * SESSIONS, 300), 4))

BILLING_KILLS = (3, 7)  # batches after which a billing run dies
SETTINGS = {
    "LOG_LEVEL": "warning",
    "OCPP_CONNECTS_PER_MINUTE": "10000",
    "BILLING_SETTLE_SECONDS": "86400",  # what is late is not told yet: finance bills afterwards
}


@pytest.mark.long
def test_with_all_faults_and_kills_the_database_tells_what_the_file_tells(
    process_environment, tmp_path
):
    process_environment |= SETTINGS
    file = recorded_file(tmp_path)
    with start_server(process_environment) as server:
        books.prepared(process_environment, file)
        options = ReplayOptions(server.ws, file, samples=SAMPLES, seed=SEED, faults=KINDS)
        kills = [(count, KILLED) for count in KILLS]
        summary = asyncio.run(replayed(options, server, kills))
        assert summary.drained, summary.as_dict()
        assert summary.sessions_played == SESSIONS
        assert summary.faults.keys() >= set().union(*(HAPPENINGS[kind] for kind in KINDS))
        assert truth.stored_sessions(process_environment) == truth.sessions(file)
        assert truth.stored_readings(process_environment) == truth.readings(file, SAMPLES)
        statuses = truth.stored_statuses(process_environment)
        assert statuses - truth.greetings(file) == truth.statuses(file)
        assert {each[2] for each in truth.statuses_now(process_environment)} == {"Available"}
        started = proof.acknowledged_starts(summary.records)
        assert proof.stored_starts(process_environment) == started
    books.billed(process_environment, kills=BILLING_KILLS)
    assert books.told(process_environment, tmp_path) == books.expected(file)


def test_every_kind_of_fault_does_happen_in_the_replay():
    assert HAPPENINGS.keys() == {*KINDS}
    assert len(KILLS) == len({*KILLS}) == 4


def test_the_synthetic_file_has_the_shape_of_the_real_one(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.stack.recorded.REAL", tmp_path / "absent.csv")
    file = recorded_file(tmp_path)
    rows = synthetic_sessions()
    assert len(rows) == SESSIONS
    assert len({row[1] for row in rows}) == 8
    assert sum(not row[6] for row in rows) > 900
    assert sum(not row[3] for row in rows) > 20
    assert any(row[3] > row[4] for row in rows)
    assert file.read_text() == recorded_file(tmp_path).read_text()
