"""Requests of drivers, carried out: asked for, awaited, answered. What comes later is pushed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from channels.db import database_sync_to_async

from cms.accounts.tokens import Presented
from cms.drivers import charging, envelope, verbs
from cms.drivers.beginning import begun
from cms.drivers.envelope import GATEWAY_ERROR, Incoming, Refused
from cms.drivers.topics import Topics
from cms.drivers.verbs import NotAllowed
from cms.shared import clock
from stations.models import Command
from stations.waiting import until_settled

_ANSWER_S = 20.0  # apps wait 30 s for an answer
_PATIENCE_S = 180.0  # then nobody plugs in any more
_IN_PROGRESS = "InProgress"

Say = Callable[[str], Awaitable[None]]


class Driver(NamedTuple):
    """Who asks, over which socket; ``say`` sends a frame, ``topics`` are what it watches."""

    who: Presented
    socket_id: str
    say: Say
    topics: Topics


async def start(driver: Driver, asked: Incoming) -> None:
    """``start_charging_request``: one answer within 20 s, with the transaction where it began.

    Else it says InProgress, and the update that tells of the session follows; where none ever
    comes, an error does. Raises Refused.
    """
    until = time.monotonic() + _ANSWER_S
    try:
        command = await database_sync_to_async(charging.start)(
            driver.who, asked.data, key=_key(driver, asked), at=clock.now()
        )
    except NotAllowed as why:
        await _answered(driver, asked, "start", False, "Rejected", str(why))
        return
    command = await until_settled(command, seconds=until - time.monotonic())
    if not command.is_open and not verbs.is_accepted(command):
        await _answered(driver, asked, "start", False, "Rejected", verbs.why_not(command))
        return
    number = await begun(command, until)
    if number is not None:
        said = "Charging started successfully"
        await _answered(driver, asked, "start", True, "Accepted", said, number)
        return
    said = "The station has accepted: plug in to begin"
    if command.is_open:
        said = "The station has not answered yet"
    await _answered(driver, asked, "start", True, _IN_PROGRESS, said)
    await _follow(driver, asked, command)


async def stop(driver: Driver, asked: Incoming) -> None:
    """``stop_charging_request``: answered when the station answered. Raises Refused."""
    command = await database_sync_to_async(charging.stop)(
        driver.who, asked.data, key=_key(driver, asked), at=clock.now()
    )
    number = int(asked.data["transactionId"])
    if command is None:
        said = "Charging had stopped already"
        await _answered(driver, asked, "stop", True, "Accepted", said, number)
        return
    command = await until_settled(command, seconds=_ANSWER_S)
    if command.is_open:
        said = "The station has not answered yet"
        await _answered(driver, asked, "stop", True, _IN_PROGRESS, said, number)
    elif verbs.is_accepted(command):
        said = "Charging stopped successfully"
        await _answered(driver, asked, "stop", True, "Accepted", said, number)
    else:
        await _answered(driver, asked, "stop", False, "Rejected", verbs.why_not(command), number)


HANDLERS: dict[str, Callable[[Driver, Incoming], Awaitable[None]]] = {
    "start_charging_request": start,
    "stop_charging_request": stop,
}


async def _follow(driver: Driver, asked: Incoming, command: Command) -> None:
    """Until the session begins, of which updates tell, or never will."""
    until = time.monotonic() + _PATIENCE_S
    command = await until_settled(command, seconds=_PATIENCE_S)
    if verbs.is_accepted(command) and await begun(command, until) is not None:
        return
    why = verbs.why_not(command) if not verbs.is_accepted(command) else "Nobody plugged in"
    refused = Refused(GATEWAY_ERROR, f"Charging did not start. {why}")
    await driver.say(envelope.error(refused, clock.now(), asked))


async def _answered(
    driver: Driver,
    asked: Incoming,
    verb: str,
    success: bool,
    status: str,
    message: str,
    number: int | None = None,
) -> None:
    data: dict[str, Any] = {
        "success": success,
        "transactionId": number,
        "status": status,
        "message": message,
        "chargePointId": asked.data["chargePointId"],
    }
    if verb == "start":
        data["connectorId"] = int(asked.data["connectorId"])
    await driver.say(envelope.answer(asked, f"{verb}_charging_response", data, clock.now()))


def _key(driver: Driver, asked: Incoming) -> str | None:
    """A request that is sent again asks once; without an id nobody can tell."""
    return f"app:{driver.socket_id}:{asked.id}" if asked.id else None
