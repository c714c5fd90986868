"""What may be heard of the stations, and by whom. Published by services only, on commit."""

from __future__ import annotations

from collections.abc import Iterable

from cms.shared import bulletin, live

GATEWAY = "gateway"  # every process that may hold sockets listens here


def station_changed(*station_ids: int) -> None:
    """Something that the page of a station shows changed: pages look again."""
    bulletin.changed("station", *station_ids)


def site_changed(*site_ids: int) -> None:
    """What is known of a site, or what stands there, is another thing now: maps look again."""
    bulletin.changed("site", *site_ids)


def network_changed() -> None:
    """Something that the home page shows changed."""
    bulletin.changed("home", 0)


def session_changed(session_id: int, station_id: int) -> None:
    """Something that the page of a session shows changed, and so that of its station."""
    bulletin.changed("session", session_id)
    station_changed(station_id)


def metered(session_ids: Iterable[int], station_ids: Iterable[int]) -> None:
    """Meter values of these sessions, or at least of these stations, are stored."""
    bulletin.changed("session", *session_ids)
    station_changed(*station_ids)


def capture_changed(capture_id: int) -> None:
    """Somebody who waits for a card to be presented got one, or waits no longer."""
    bulletin.changed("capture", capture_id)


def list_changed(station_id: int) -> None:
    """What a station acknowledged of its local list is another thing now."""
    bulletin.changed("list", station_id)


def batch_changed(batch_id: int) -> None:
    """A batch got further."""
    bulletin.changed("batch", batch_id)


def command_group(command_id: int) -> str:
    """Where those who wait for this command listen."""
    return f"command.{command_id}"


def command_waiting(station_id: int) -> None:
    """A command waits: wake the consumer that holds the station's socket."""
    station_changed(station_id)
    live.ring_on_commit(GATEWAY, {"type": "command.waiting", "station": station_id})


def command_settled(command_id: int, station_id: int) -> None:
    """A command has its answer, or never will: tell who waits for it."""
    station_changed(station_id)
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


def reservation_made(reservation_id: int) -> None:
    """Somebody asked for a reservation: pages that show reservations look again."""
    bulletin.changed("reservation", reservation_id)


def reservation_changed(reservation_id: int, status: str) -> None:
    """A reservation is held, refused, used or over: tell whom it concerns."""
    reservation_made(reservation_id)
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
