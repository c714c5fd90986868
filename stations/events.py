"""What may be heard of the stations, and by whom. Published by services only, on commit."""

from __future__ import annotations

from cms.shared import live

GATEWAY = "gateway"  # every process that may hold sockets listens here


def command_group(command_id: int) -> str:
    """Where those who wait for this command listen."""
    return f"command.{command_id}"


def command_waiting(station_id: int) -> None:
    """A command waits: wake the consumer that holds the station's socket."""
    live.ring_on_commit(GATEWAY, {"type": "command.waiting", "station": station_id})


def command_settled(command_id: int) -> None:
    """A command has its answer, or never will: tell who waits for it."""
    live.ring_on_commit(command_group(command_id), {"type": "command.settled", "id": command_id})


def command_followed(command_id: int, state: str) -> None:
    """What an accepted command should lead to happened, or did not: tell who asked for it."""
    live.ring_on_commit(
        command_group(command_id),
        {"type": "command.followed", "id": command_id, "state": str(state)},
    )


def reservation_group(reservation_id: int) -> str:
    """Where those whom this reservation concerns listen: its holder, who asked for it."""
    return f"reservation.{reservation_id}"


def reservation_changed(reservation_id: int, status: str) -> None:
    """A reservation is held, refused, used or over: tell whom it concerns."""
    live.ring_on_commit(
        reservation_group(reservation_id),
        {"type": "reservation.changed", "id": reservation_id, "status": str(status)},
    )


def quirks_changed() -> None:
    """What is known of some models is another thing now: whoever holds sockets reads it anew."""
    live.ring_on_commit(GATEWAY, {"type": "quirks.changed"})


def station_superseded(station_id: int, connection_id: str) -> None:
    """A newer socket serves the station: older ones, wherever they are, are to close."""
    live.ring_on_commit(
        GATEWAY, {"type": "station.superseded", "station": station_id, "by": connection_id}
    )
