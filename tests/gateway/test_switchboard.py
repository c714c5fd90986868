"""Which sockets are here, and who is told what when the doorbell rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from channels.layers import get_channel_layer

from ocpp_gateway import switchboard
from ocpp_gateway.switchboard import Switchboard
from ocpp_gateway.tolerances import Tolerances
from stations import events


class Line:
    """A socket that writes down what it is told."""

    def __init__(self, connection_id: str) -> None:
        self.connection_id = connection_id
        self.told: list[str] = []

    def ring(self) -> None:
        """A command waits."""
        self.told.append("ring")

    def supersede(self) -> None:
        """There is another one."""
        self.told.append("supersede")

    def learn(self, model: Tolerances) -> None:
        """Its model is known anew."""
        self.told.append(f"settle {model.settle_s}")


def after(*messages: dict[str, object], connect: Callable[[Switchboard], None]) -> None:
    """Let a switchboard hear these messages once ``connect`` has plugged its lines in."""

    async def run() -> None:
        board = Switchboard()
        connect(board)
        await asyncio.sleep(0.2)  # it listens
        for message in messages:
            await get_channel_layer().group_send(events.GATEWAY, message)
        await asyncio.sleep(0.2)
        board._listening.cancel()
        await asyncio.wait([board._listening])

    asyncio.run(run())


def waiting(station: int) -> dict[str, object]:
    """A command waits for the station."""
    return {"type": "command.waiting", "station": station}


def superseded(station: int, by: str) -> dict[str, object]:
    """A socket of the station opened somewhere."""
    return {"type": "station.superseded", "station": station, "by": by}


def test_a_command_rings_the_stations_line_and_no_other():
    mine, other = Line("a"), Line("b")

    def connect(board: Switchboard) -> None:
        board.connect(1, mine)
        board.connect(2, other)

    after(waiting(1), waiting(3), connect=connect)
    assert mine.told.count("ring") == other.told.count("ring") + 1


def test_what_rang_while_nobody_listened_is_looked_for():
    line = Line("a")
    after(connect=lambda board: board.connect(1, line))
    assert line.told == ["ring"]


def test_an_older_socket_is_told_of_a_newer_one_wherever_it_is():
    line = Line("a")
    after(superseded(1, "b"), connect=lambda board: board.connect(1, line))
    assert "supersede" in line.told


def test_a_socket_is_not_told_of_itself():
    line = Line("a")
    after(superseded(1, "a"), connect=lambda board: board.connect(1, line))
    assert "supersede" not in line.told


def test_all_sockets_of_a_station_are_told_when_there_are_two():
    older, newer = Line("a"), Line("b")

    def connect(board: Switchboard) -> None:
        board.connect(1, older)
        assert older.told == []
        board.connect(1, newer)

    after(connect=connect)
    assert "supersede" in older.told  # each looks whether it is the newest
    assert "supersede" in newer.told


def test_a_socket_that_is_gone_is_told_nothing_and_takes_no_other_with_it():
    older, newer = Line("a"), Line("b")

    def connect(board: Switchboard) -> None:
        board.connect(1, older)
        board.connect(1, newer)
        older.told.clear()
        board.disconnect(1, older)

    after(waiting(1), connect=connect)
    assert older.told == []
    assert "ring" in newer.told


def test_it_listens_on_after_a_message_it_does_not_understand(monkeypatch):
    monkeypatch.setattr(switchboard, "_RETRY", 0.01)
    line = Line("a")
    after({"type": "nonsense"}, connect=lambda board: board.connect(1, line))
    assert line.told == ["ring", "ring"]  # as it began to listen, and as it began anew


def test_what_is_known_of_models_reaches_every_line_when_it_changes(monkeypatch):
    known = {1: Tolerances(settle_s=15), 2: Tolerances()}

    async def right_here(work, ids):
        return {number: known[number] for number in ids}

    monkeypatch.setattr("ocpp_gateway.workers.run", right_here)  # no database, no thread
    wallbox, other, gone = Line("a"), Line("b"), Line("c")

    def connect(board: Switchboard) -> None:
        board.connect(1, wallbox)
        board.connect(2, other)
        board.connect(3, gone)
        board.disconnect(3, gone)

    after({"type": "quirks.changed"}, waiting(1), connect=connect)
    assert "settle 15" in wallbox.told
    assert wallbox.told[-1] == "ring"
    assert "settle None" in other.told
    assert not any(said.startswith("settle") for said in gone.told)
