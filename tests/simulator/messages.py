"""What a station has to say about its connectors and transactions, as payloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.simulator.clock import iso

# What a charger sends where it never learnt the id (seen with Delta, Etrel, EVerest).
UNKNOWN_TRANSACTION = -1

Payload = dict[str, Any]


@dataclass(eq=False)
class Transaction:
    """A transaction as the station knows it; the system gives it its ``id`` later."""

    connector_id: int
    id_tag: str
    meter_start_wh: int
    started_at: datetime
    id: int | None = None
    parent_id_tag: str = ""
    meter_stop_wh: int | None = None
    stop_acknowledged: bool = False
    known_as: int | None = None  # what the station calls it where it never learns its id


@dataclass(eq=False)
class Message:
    """One CALL to make. ``kept`` ones stay in the outbox until they are answered."""

    action: str
    payload: Payload
    transaction: Transaction | None = None
    kept: bool = True
    fault: str = ""
    sends: int = 0
    refusals: int = 0
    known_as: int | None = None  # the same for this message alone
    on_answer: Callable[[Payload], None] | None = None

    def to_send(self) -> Payload:
        """The payload, with the transaction's id as far as the station knows it by now."""
        if self.transaction is None or self.action == "StartTransaction":
            return self.payload
        for number in (self.known_as, self.transaction.known_as, self.transaction.id):
            if number is not None:
                return {**self.payload, "transactionId": number}
        if self.action == "StopTransaction":
            return {**self.payload, "transactionId": UNKNOWN_TRANSACTION}
        return self.payload

    def again(self) -> Message:
        """The same message once more: it gets a unique id of its own."""
        return replace(self, fault="", sends=0, refusals=0, on_answer=None)


def status_notification(
    connector_id: int, status: str, at: datetime, *, kept: bool = False
) -> Message:
    """StatusNotification of one connector (0: the station), as of ``at``."""
    error = "OtherError" if status == "Faulted" else "NoError"
    payload = {
        "connectorId": connector_id,
        "errorCode": error,
        "status": status,
        "timestamp": iso(at),
    }
    return Message("StatusNotification", payload, kept=kept)


def start_transaction(transaction: Transaction, reservation_id: int | None = None) -> Message:
    """StartTransaction; its timestamp stays the original one through every retry."""
    payload: Payload = {
        "connectorId": transaction.connector_id,
        "idTag": transaction.id_tag,
        "meterStart": transaction.meter_start_wh,
        "timestamp": iso(transaction.started_at),
    }
    if reservation_id is not None:
        payload["reservationId"] = reservation_id
    return Message("StartTransaction", payload, transaction)


def meter_values(
    connector_id: int,
    at: datetime,
    sampled: Sequence[Payload],
    transaction: Transaction | None = None,
) -> Message:
    """MeterValues with one set of sampled values, of a transaction or of none."""
    payload = {
        "connectorId": connector_id,
        "meterValue": [{"timestamp": iso(at), "sampledValue": list(sampled)}],
    }
    return Message("MeterValues", payload, transaction, kept=transaction is not None)


def stop_transaction(
    transaction: Transaction,
    at: datetime,
    reason: str,
    *,
    id_tag: str = "",
    data: Sequence[Payload] = (),
) -> Message:
    """StopTransaction at ``transaction.meter_stop_wh``; ``data`` becomes transactionData."""
    payload: Payload = {
        "meterStop": transaction.meter_stop_wh,
        "timestamp": iso(at),
        "reason": reason,
    }
    if id_tag:
        payload["idTag"] = id_tag
    if data:
        payload["transactionData"] = list(data)
    return Message("StopTransaction", payload, transaction)
