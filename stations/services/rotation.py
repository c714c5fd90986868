"""Rotation: a station is given a new key over OCPP, without anybody going there."""

from __future__ import annotations

from stations.models import ChargingStation, Command
from stations.services import commands, keys
from stations.services.asking import Request


def rotate(*, station: ChargingStation, request: Request, key: str | None = None) -> Command:
    """Tell ``station`` to use a new key (a random one, unless one is given); gives the command.

    Until it has used it, or refused it, the old one is taken as well. Raises DomainError for a key
    no station can have, Conflict while too many changes are unanswered, and StationOffline.
    """
    return commands.request(
        station=station,
        action="ChangeConfiguration",
        payload={
            "key": "AuthorizationKey",
            "value": keys.as_sent(keys.new() if key is None else key),
        },
        at=request.at,
        requested_by_id=request.by_id,
        queue_for=request.queue_for,
        idempotency_key=request.idempotency_key,
    )
