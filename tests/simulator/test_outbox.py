"""Transaction messages: in order, kept until answered, retried with their original content."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ocpp_gateway.frames import CallError
from tests.simulator import messages
from tests.simulator.central_system import CentralSystem, failing
from tests.simulator.charge_point import ChargePoint
from tests.simulator.messages import Message, Transaction
from tests.simulator.staging import empty_car, played, stage

TROUBLE = CallError("", "InternalError", "try again")


def a_transaction(station: ChargePoint) -> Transaction:
    return Transaction(1, "CARD", 1_000, station.clock.now())


def a_session(station: ChargePoint, samples: int = 3) -> list[Message]:
    transaction = a_transaction(station)
    transaction.meter_stop_wh = 2_000
    now, sampled = station.clock.now(), [{"value": "1500"}]
    return [
        messages.start_transaction(transaction),
        *(messages.meter_values(1, now, sampled, transaction) for _ in range(samples)),
        messages.stop_transaction(transaction, now, "Local"),
    ]


def of_transactions(system: CentralSystem) -> list[str]:
    names = ("StartTransaction", "MeterValues", "StopTransaction")
    return [action for _, action, _ in system.received if action in names]


@played
async def test_later_messages_get_the_transaction_id_of_the_start() -> None:
    async with stage() as (system, station):
        for message in a_session(station):
            assert "transactionId" not in message.payload
            station.post(message)
        await station.drained()
        later = [*system.of("MeterValues"), *system.of("StopTransaction")]
        assert [each["transactionId"] for each in later] == [1000] * 4


@played
async def test_messages_wait_for_the_server_and_keep_their_order() -> None:
    async with stage() as (system, station):
        await system.kill()
        for message in a_session(station):
            station.post(message)
        await asyncio.sleep(0.05)
        await system.start()
        await station.drained()
        assert of_transactions(system) == [
            "StartTransaction",
            *["MeterValues"] * 3,
            "StopTransaction",
        ]


@pytest.mark.parametrize("accident", ["cut-before", "cut-after", "answer-lost"])
@played
async def test_a_start_cut_off_is_sent_again_with_a_new_id_and_its_original_time(
    accident: str,
) -> None:
    async with stage() as (system, station):
        session = a_session(station)
        session[0].fault = accident
        for message in session:
            station.post(message)
        await station.drained()
        starts = system.of("StartTransaction")
        if accident == "answer-lost":
            assert len(starts) == 2
        assert all(start == starts[0] for start in starts)
        assert len(set(system.unique_ids)) == len(system.unique_ids)
        assert len(system.paths) == 2
        assert station.records.counts["retried"] == 1
        assert station.records.counts["conflicts"] == 0


@played
async def test_an_answer_that_was_lost_is_not_an_acknowledgement() -> None:
    async with stage() as (system, station):
        session = a_session(station, samples=1)
        session[1].fault = "answer-lost"
        for message in session:
            station.post(message)
        await station.drained()
        assert len(system.of("MeterValues")) == 2
        assert len(station.records.of("MeterValues")) == 1


@played
async def test_a_frame_sent_twice_is_one_message_to_the_station() -> None:
    async with stage() as (system, station):
        session = a_session(station, samples=1)
        session[1].fault = "frame-twice"
        for message in session:
            station.post(message)
        await station.drained()
        await system.until(lambda: len(system.of("MeterValues")) == 2)
        twice = [frame for frame in system.frames if '"MeterValues"' in frame]
        assert twice[0] == twice[1]
        assert len(station.records.of("MeterValues")) == 1


@played
async def test_a_callerror_is_retried_until_it_is_answered() -> None:
    async with stage(hurry=10_000) as (system, station):
        system.behaviours["StopTransaction"] = failing(3, TROUBLE, lambda _: {})
        for message in a_session(station):
            station.post(message)
        await station.drained()
        assert len(system.of("StopTransaction")) == 4
        assert station.records.counts["refused"] == 3
        assert station.records.counts["abandoned"] == 0


@played
async def test_the_wait_between_attempts_grows_and_ends_after_the_last_one() -> None:
    settings = {"TransactionMessageAttempts": "4", "TransactionMessageRetryInterval": "3"}
    async with stage(settings=settings) as (system, station):
        waits: list[float] = []

        async def wait(seconds: float) -> None:
            waits.append(seconds)

        station.clock.wait = wait  # type: ignore[method-assign]
        system.behaviours["MeterValues"] = lambda *_: TROUBLE
        for message in a_session(station, samples=1):
            station.post(message)
        await station.drained()
        assert waits == [3, 6, 9]
        assert station.records.counts["abandoned"] == 1
        assert of_transactions(system)[-1] == "StopTransaction"  # the next one goes on


@played
async def test_a_stop_whose_start_was_given_up_still_goes_out() -> None:
    settings = {"TransactionMessageAttempts": "1"}
    async with stage(settings=settings) as (system, station):
        system.behaviours["StartTransaction"] = lambda *_: TROUBLE
        for message in a_session(station, samples=1):
            station.post(message)
        await station.drained()
        assert "transactionId" not in system.of("MeterValues")[0]
        assert system.of("StopTransaction")[0]["transactionId"] == -1


@played
async def test_an_unanswered_message_is_sent_again_on_the_same_socket() -> None:
    async with stage(timeout=0.05) as (system, station):
        silence: list[Any] = [None, {}]
        system.behaviours["MeterValues"] = lambda *_: silence.pop(0)
        for message in a_session(station, samples=1):
            station.post(message)
        await station.drained()
        assert len(system.of("MeterValues")) == 2
        assert len(system.paths) == 1


@played
async def test_a_retry_answered_with_another_transaction_id_is_a_conflict() -> None:
    async with stage() as (system, station):
        ids = iter([1, 2])
        system.behaviours["StartTransaction"] = lambda *_: {
            "transactionId": next(ids),
            "idTagInfo": {"status": "Accepted"},
        }
        start = messages.start_transaction(a_transaction(station))
        station.post(start)
        station.post(start.again())
        await station.drained()
        assert station.records.counts["conflicts"] == 1


@played
async def test_old_statuses_are_not_told_after_an_outage() -> None:
    async with stage() as (system, station):
        await system.kill()
        while station.link.ready.is_set():
            await asyncio.sleep(0.002)
        station.connectors[1].plug_in(empty_car())
        station.connectors[1].unplug()
        await system.start()
        await station.ready()
        await station.drained()
        assert system.statuses() == ["Available", "Available"]


@played
async def test_every_acknowledged_message_is_on_record_with_its_answer() -> None:
    async with stage() as (system, station):
        for message in a_session(station):
            station.post(message)
        await station.drained()
        told = [(entry.action, entry.payload) for entry in station.records.acknowledged]
        assert told == [(action, payload) for _, action, payload in system.received]
        assert station.records.of("StartTransaction")[0].answer["transactionId"] == 1000
