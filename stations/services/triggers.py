"""Triggers: which connector a message may be asked of (TriggerMessage, ExtendedTriggerMessage)."""

from __future__ import annotations

from typing import Any

from cms.shared.errors import DomainError

OF_A_CONNECTOR = ("MeterValues", "StatusNotification")


def check(payload: dict[str, Any]) -> None:
    """Raise DomainError where a TriggerMessage.req names a connector and its message is about none.

    OCPP 1.6 section 5.17: the connector is for messages of a connector only, and above 0.
    """
    if "connectorId" not in payload:
        return
    message = payload["requestedMessage"]
    if message not in OF_A_CONNECTOR:
        raise DomainError.of_field(
            "connectorId",
            "belongs to %(messages)s only; leave it out for %(message)s",
            messages=", ".join(OF_A_CONNECTOR),
            message=message,
        )
    if payload["connectorId"] < (0 if message == "StatusNotification" else 1):
        raise DomainError.of_field(
            "connectorId",
            "is the number of a connector for %(message)s, from 1 on",
            message=message,
        )
