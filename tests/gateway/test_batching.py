"""Shared commits: what arrives meanwhile goes along, and one bad frame pays for itself only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, OperationalError

from ocpp_gateway import batching, workers
from ocpp_gateway.batching import Batcher
from ocpp_gateway.dispatch import Inbound, Refusal, Shared

AT = datetime(2025, 3, 1, tzinfo=UTC)


class Table:
    """What is stored, and how often it was written to."""

    def __init__(self, *failures: Exception) -> None:
        self.batches: list[list[Any]] = []
        self.failures = list(failures)
        self.open = threading.Event()
        self.open.set()

    def store(self, items: Sequence[Any], at: datetime) -> None:
        """All or none: items named bad are refused, and so is the next call while failures last."""
        assert self.open.wait(10)
        if self.failures:
            raise self.failures.pop()
        if "bad" in items:
            raise DataError("no column holds it")
        self.batches.append(list(items))

    @property
    def stored(self) -> list[Any]:
        """Everything, in order."""
        return [item for batch in self.batches for item in batch]


def translate(inbound: Inbound) -> list[Any]:
    """The items of a frame; one that says so is refused."""
    if inbound.payload["says"] == "unreadable":
        raise Refusal("PropertyConstraintViolation", "no")
    return [inbound.payload["says"]]


def submitted(table: Table, *said: Any) -> list[Any]:
    """What each of these frames is answered: None, or the exception."""

    async def run() -> list[Any]:
        batcher = Batcher()
        route = Shared(translate, table.store)
        jobs = [
            batcher.submit(route, Inbound(1, "CP-1", UTC, {"says": words}, AT)) for words in said
        ]
        return await asyncio.gather(*jobs, return_exceptions=True)

    return asyncio.run(run())


def test_it_answers_after_it_is_stored():
    table = Table()
    assert submitted(table, "a") == [None]
    assert table.stored == ["a"]


def test_frames_that_come_together_are_stored_in_order_and_together():
    table = Table()
    assert submitted(table, *range(100)) == [None] * 100
    assert table.stored == list(range(100))
    assert len(table.batches) <= 3


def test_a_batch_is_bounded():
    table = Table()
    submitted(table, *range(2 * batching.MOST + 1))
    assert max(len(batch) for batch in table.batches) <= batching.MOST
    assert table.stored == list(range(2 * batching.MOST + 1))


def test_a_frame_nobody_can_read_costs_only_itself():
    table = Table()
    answers = submitted(table, 1, "unreadable", 2)
    assert [type(answer) for answer in answers] == [type(None), Refusal, type(None)]
    assert sorted(table.stored) == [1, 2]


def test_a_frame_the_database_refuses_costs_only_itself():
    table = Table()
    answers = submitted(table, 1, "bad", 2)
    assert [type(answer) for answer in answers] == [type(None), DataError, type(None)]
    assert sorted(table.stored) == [1, 2]


@pytest.mark.parametrize("said", [["a"], ["a", "b", "c"]])
def test_a_database_that_was_away_for_a_moment_costs_nothing(said):
    table = Table(OperationalError("connection lost"))
    assert submitted(table, *said) == [None] * len(said)
    assert sorted(table.stored) == said


def test_what_arrives_during_a_commit_shares_the_next():
    async def run() -> Table:
        table = Table()
        batcher, route = Batcher(), Shared(translate, table.store)

        def submit(number: int) -> asyncio.Future[None]:
            return batcher.submit(route, Inbound(1, "CP-1", UTC, {"says": number}, AT))

        table.open.clear()
        first = submit(0)
        await asyncio.sleep(0.05)  # the first commit is under way
        rest = [submit(number) for number in range(1, 50)]
        table.open.set()
        await asyncio.gather(first, *rest)
        return table

    table = asyncio.run(run())
    assert [len(batch) for batch in table.batches] == [1, 49]


def test_who_has_gone_meanwhile_is_stored_all_the_same():
    async def run() -> Table:
        table = Table()
        batcher, route = Batcher(), Shared(translate, table.store)
        table.open.clear()
        gone = batcher.submit(route, Inbound(1, "CP-1", UTC, {"says": 1}, AT))
        await asyncio.sleep(0.05)
        gone.cancel()
        table.open.set()
        await batcher.submit(route, Inbound(1, "CP-1", UTC, {"says": 2}, AT))
        return table

    assert asyncio.run(run()).stored == [1, 2]


def test_transactions_go_on_while_telemetry_waits(monkeypatch):
    """Starts and stops have threads of their own: what overloads shared commits is not theirs."""
    monkeypatch.setattr(workers, "_connect", lambda: None)
    table = Table()
    table.open.clear()

    async def run() -> None:
        batcher, route = Batcher(), Shared(translate, table.store)
        inbound = Inbound(1, "CP-1", UTC, {"says": 1}, AT)
        waiting = [batcher.submit(route, inbound) for _ in range(2 * batching.MOST)]
        assert [await workers.run(str, number) for number in range(20)] == [*map(str, range(20))]
        assert not any(each.done() for each in waiting)
        table.open.set()
        await asyncio.gather(*waiting)

    asyncio.run(run())
    assert len(table.stored) == 2 * batching.MOST
