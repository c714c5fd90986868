"""A station that answers what it is asked, without a socket: as the gateway would carry it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ocpp_gateway import outbox
from ocpp_gateway.frames import Call, CallError
from ocpp_gateway.rpc import Answered, Refused
from stations.models import ChargingStation, Command

Payload = dict[str, Any]
Reply = Payload | str | None  # the answer, the code of an error, or nothing at all
Station = Callable[[str, Payload], Reply]


def hear(station: ChargingStation, answers: Station, *, at: datetime) -> list[Call]:
    """Let the station answer all that waits for it; gives what it was asked."""
    calls: list[Call] = []
    while sent := outbox.next_call(
        station_id=station.pk,
        connection_id=ChargingStation.objects.get(pk=station.pk).connection_id,
        at=at,
    ):
        number, call = sent
        calls.append(call)
        outbox.settle(command_id=number, result=_result(call, answers), at=at)
        assert len(calls) < 1000, "it never ends"
    return calls


def _result(call: Call, answers: Station) -> Answered | Refused | Any:
    reply = answers(call.action, call.payload)
    if reply is None:
        return outbox.NO_ANSWER
    if isinstance(reply, str):
        return Refused(call, CallError(call.unique_id, reply, "no"))
    return Answered(call, reply)


def waiting(station: ChargingStation) -> list[Payload]:
    """What waits to be asked of the station."""
    return [row.payload for row in Command.objects.filter(station=station, status="Waiting")]
