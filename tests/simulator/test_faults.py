"""The faults: what they do to a stream of messages, and what they never do."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tests.simulator import messages
from tests.simulator.clock import parse
from tests.simulator.faults import DROPS, KINDS, Disturber, parse_kinds
from tests.simulator.messages import Message, Transaction

AT = datetime(2026, 1, 1, tzinfo=UTC)


def session(connector_id: int = 1, samples: int = 4) -> list[Message]:
    transaction = Transaction(connector_id, "CARD", 0, AT, meter_stop_wh=100)
    return [
        messages.start_transaction(transaction),
        *(
            messages.meter_values(connector_id, AT, [{"value": str(n)}], transaction)
            for n in range(samples)
        ),
        messages.stop_transaction(transaction, AT, "Local"),
    ]


def disturb(
    stream: Sequence[Message], kinds: Sequence[str], seed: int = 1, rate: float = 1.0
) -> list[Message]:
    disturber = Disturber(kinds, rng=random.Random(seed), rates=dict.fromkeys(KINDS, rate))
    out = [each for message in stream for each in disturber.pass_on(message)]
    return out + disturber.flush()


def test_without_faults_everything_passes_at_once() -> None:
    stream = session() + session()
    disturber = Disturber(rng=random.Random(1))
    assert [disturber.pass_on(message) for message in stream] == [[each] for each in stream]
    assert disturber.flush() == []


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_lost_and_no_message_overtakes_its_start(seed: int) -> None:
    stream = [message for _ in range(12) for message in session()]
    out = disturb(stream, KINDS, seed, rate=0.4)
    unsaid = [message for message in stream if message not in out]
    assert {message.action for message in unsaid} <= {"MeterValues"}
    stops = {each.transaction: each.payload for each in stream if "meterStop" in each.payload}
    for sample in unsaid:  # it is told by the stop instead
        told = stops[sample.transaction]["transactionData"]
        assert all(element in told for element in sample.payload["meterValue"])
    begun: set[Transaction | None] = set()
    for message in out:
        if message.action == "StartTransaction":
            begun.add(message.transaction)
        assert message.transaction in begun


def test_the_same_seed_makes_the_same_accidents() -> None:
    def story(seed: int) -> list[tuple[str, str]]:
        stream = [message for _ in range(20) for message in session()]
        return [(each.action, each.fault) for each in disturb(stream, KINDS, seed, rate=0.3)]

    assert story(5) == story(5)
    assert story(5) != story(6)


@pytest.mark.parametrize("seed", range(10))
def test_a_late_stop_comes_after_the_next_start(seed: int) -> None:
    first, second = session(), session()
    out = disturb(first + second, ["late-stop"], seed)
    assert out.index(first[-1]) > out.index(second[0])
    held = [message for message in first if out.index(message) > out.index(second[0])]
    assert held == first[-len(held) :]  # its remaining samples come with it, in order


def test_some_late_stops_come_when_the_next_session_is_over_already() -> None:
    ended_before = 0
    for seed in range(20):
        first, second, third = session(), session(), session()
        out = disturb([*first, *second, *third], ["late-stop"], seed)
        ended_before += out.index(first[-1]) > out.index(second[1])
    assert ended_before > 0


def test_some_late_stops_keep_back_the_samples_before_them() -> None:
    held = 0
    for seed in range(20):
        first, second = session(), session()
        out = disturb([*first, *second], ["late-stop"], seed)
        held += any(out.index(sample) > out.index(second[0]) for sample in first[1:-1])
    assert 0 < held < 20


def test_a_late_stop_does_not_wait_for_another_connector() -> None:
    first = session(1)
    disturber = Disturber(["late-stop"], rng=random.Random(1), rates={"late-stop": 1.0})
    for message in first + session(2):
        assert first[-1] not in disturber.pass_on(message)
    assert first[-1] in disturber.flush()


def test_samples_are_reordered_among_themselves_and_past_the_stop() -> None:
    swapped = after_stop = 0
    for seed in range(20):
        stream = session()
        out = disturb(stream, ["reorder"], seed, rate=0.5)
        samples = [each for each in out if each.action == "MeterValues"]
        swapped += samples != stream[1:-1]
        after_stop += out[-1] is not stream[-1]
    assert swapped
    assert after_stop


def test_copies_are_new_messages_with_the_same_content() -> None:
    stream = [message for _ in range(5) for message in session()]
    out = disturb(stream, ["duplicate"])
    copies = [message for message in out if message not in stream]
    assert copies
    for copy in copies:
        assert any(copy.payload == each.payload for each in stream)
    again = [message for message in stream if message.fault == "frame-twice"]
    assert len(copies) + len(again) == len(stream)


def test_drops_are_of_every_kind() -> None:
    out = disturb([message for _ in range(10) for message in session()], ["drop"])
    assert {message.fault for message in out} == set(DROPS)


def test_an_offline_start_comes_after_a_cut_and_what_follows_names_no_id() -> None:
    stream = session()
    assert disturb(stream, ["offline-start", "late-stop", "reorder"]) == stream
    assert stream[0].fault == "cut-before"
    transaction = stream[0].transaction
    assert transaction is not None
    transaction.id = 1234
    assert {each.to_send()["transactionId"] for each in stream[1:]} <= {-1, 0}


def test_a_stop_has_all_samples_of_its_session_and_some_are_told_by_it_alone() -> None:
    stream = session(samples=20)
    samples = [message.payload["meterValue"][0] for message in stream[1:-1]]
    out = disturb(stream, ["stop-data"])
    assert stream[-1].payload["transactionData"] == samples
    assert 2 < len(out) < len(stream)


def test_starts_and_stops_are_repeated_after_the_stop() -> None:
    stream = session()
    out = disturb(stream, ["start-again", "stop-again"])
    assert out[: len(stream)] == stream
    start, stop = out[len(stream) :]
    assert start.payload == stream[0].payload
    assert stop.payload == stream[-1].payload
    assert stop.to_send()["transactionId"] in (-1, 0)


def test_each_station_keeps_to_its_own_way_of_writing() -> None:
    told = set()
    for seed in range(60):
        payloads = [message.payload for message in disturb(session(), ["clock", "unit"], seed)]
        element = payloads[1]["meterValue"][0]
        assert {parse(payload["timestamp"]) for payload in (payloads[0], payloads[-1])} == {AT}
        told.add((element["timestamp"], *element["sampledValue"][0].items()))
    times = {"00:00:00.000000", "00:00:00.000000000000Z", "00:00:00.000+00:00", "02:00:00.000+02"}
    samples = {(("value", "0"),), (("value", "0.000"), ("unit", "kWh"))}
    assert told == {(f"2026-01-01T{at}", *sample) for at in times for sample in samples}


def test_the_kinds_are_read_from_text() -> None:
    assert parse_kinds("all") == KINDS
    assert parse_kinds("drop,late-stop") == ("drop", "late-stop")
    with pytest.raises(ValueError, match="unknown fault 'fire'"):
        parse_kinds("drop,fire")
