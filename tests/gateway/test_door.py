"""Limits without a socket: allowances fill and run out, the door counts who is in and who fails."""

from __future__ import annotations

import pytest

from ocpp_gateway import allowance
from ocpp_gateway.allowance import Allowance
from ocpp_gateway.door import Door


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The seconds it is now; to be set."""
    now = [1000.0]
    monkeypatch.setattr("ocpp_gateway.door.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def small(settings):
    """Limits a test can reach."""
    settings.OCPP_CONNECTS_PER_MINUTE = 6
    settings.OCPP_FAILURES_PER_MINUTE = 3
    settings.OCPP_MAX_SOCKETS_PER_ADDRESS = 2
    settings.OCPP_MAX_SOCKETS = 3


def status(at: Door, address: str, cp_id: str | None = "A") -> int:
    """What a knock gets."""
    denied = at.knock(address, cp_id)
    return denied.status if denied else 101


def test_an_allowance_gives_its_burst_and_then_its_rate():
    allowance = Allowance(10, 3, 0.0)
    assert [allowance.take(0.0) for _ in range(5)] == [
        0,
        0,
        0,
        pytest.approx(0.1),
        pytest.approx(0.2),
    ]
    assert allowance.take(0.3) == 0


def test_a_pause_fills_an_allowance_up_to_its_burst():
    allowance = Allowance(10, 3, 0.0)
    assert [allowance.try_take(1000.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.is_used_up(1000.0)
    assert not allowance.is_used_up(1000.2)


def test_what_is_refused_costs_nothing():
    allowance = Allowance(1, 1, 0.0)
    assert allowance.try_take(0.0)
    assert [allowance.try_take(0.5) for _ in range(100)] == [False] * 100
    assert allowance.try_take(1.01)


def test_an_address_and_the_process_have_room_for_so_many(small, clock):
    found = Door()
    for address in ("a", "a"):
        assert status(found, address) == 101
        found.entered(address)
    assert (status(found, "a"), status(found, "b")) == (429, 101)
    found.entered("b")
    assert status(found, "c") == 503
    found.left("a")
    assert (status(found, "a"), status(found, "c")) == (101, 101)


def test_a_station_may_connect_so_often_a_minute_whatever_letters_it_uses(small, clock):
    found = Door()
    assert [status(found, "a", name) for name in "AaAaAaA"] == [101] * 6 + [429]
    assert status(found, "a", "B") == 101
    clock[0] += 10
    assert (status(found, "a"), status(found, "a")) == (101, 429)


def test_nobody_elsewhere_uses_up_what_a_station_may(small, clock):
    found = Door()
    while status(found, "stranger") == 101:
        pass
    assert status(found, "its own") == 101


def test_who_fails_too_often_waits_but_others_at_its_address_do_not(small, clock):
    found = Door()
    for _ in range(3):
        assert status(found, "a") == 101
        found.failed("a", "A")
    assert (status(found, "a", "A"), status(found, "a", "B"), status(found, "b", "A")) == (
        429,
        101,
        101,
    )
    clock[0] += 21
    assert status(found, "a", "A") == 101


def test_who_tries_name_after_name_is_stopped_at_its_address(small, clock):
    found = Door()
    got = []
    for number in range(40):
        got.append(status(found, "a", f"N{number}"))
        if got[-1] == 101:
            found.failed("a", f"N{number}")
    assert got == [101] * 30 + [429] * 10
    assert status(found, "b", "N0") == 101


def test_names_without_end_fill_no_memory(small, clock):
    found = Door()
    for number in range(allowance._MOST + 500):
        found.knock("a", str(number))
    assert len(found._knocks._known) == allowance._MOST
