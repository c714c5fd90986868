"""Who is turned away shows in the review queue; a flood of them costs no more than a few."""

from __future__ import annotations

import asyncio
import time

import pytest

from ocpp_gateway import refusals
from ocpp_gateway.refusals import Refusals, refusal_of
from stations.services.strangers import Refusal

A_SCOPE = {"path": "/ocpp/CP-1", "headers": [], "client": ["10.0.0.7", 4711]}


def written(monkeypatch, knocks: list[Refusal]) -> list[list[Refusal]]:
    """What is written of these refusals, batch by batch."""
    batches: list[list[Refusal]] = []
    monkeypatch.setattr(refusals, "_PAUSE", 0.01)
    monkeypatch.setattr(refusals, "_write", lambda rows, at: batches.append(rows))

    async def knock() -> None:
        gathered = Refusals()
        for each in knocks:
            gathered.note(each)
        while not batches:
            await asyncio.sleep(0.01)

    asyncio.run(knock())
    return batches


def test_the_same_name_is_counted_and_written_once(monkeypatch):
    knocks = [Refusal("CP-1", "wrong key", "10.0.0.7", 401), Refusal("cp-1", "wrong key", "", 401)]
    [[row]] = written(monkeypatch, knocks)
    assert row.times == 2


def test_a_flood_of_names_is_a_few_rows(monkeypatch):
    began = time.monotonic()
    [rows] = written(monkeypatch, [Refusal(f"SCAN-{n}", "", "", 404) for n in range(20_000)])
    assert len(rows) == 51
    assert sum(row.times for row in rows) == 20_000
    assert next(row for row in rows if not row.cp_id).times == 19_950
    assert time.monotonic() - began < 30


def test_a_forwarded_address_is_the_proxys_to_judge_not_ours():
    forwarded = {**A_SCOPE, "headers": [(b"x-forwarded-for", b"6.6.6.6")]}
    assert refusal_of(forwarded, "CP-1", 401, "").address == "10.0.0.7"
    assert refusal_of({**A_SCOPE, "client": None}, "CP-1", 401, "").address == ""


@pytest.mark.parametrize("path", ["/ocpp/\x00\n[x]", "/" + "x" * 5000])
def test_a_path_that_names_no_station_is_shown_as_it_came_and_harmless(path):
    named = refusal_of({**A_SCOPE, "path": path}, None, 404, "").cp_id
    assert named.isprintable()
    assert len(named) <= 1300


def test_a_queue_that_cannot_be_written_stops_nobody(monkeypatch, caplog):
    def fail(**_):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(refusals, "guarded", lambda work, **fields: fail(**fields))
    refusals._write([Refusal("CP-1", "wrong key")], None)
    assert "the disk is full" in caplog.text
