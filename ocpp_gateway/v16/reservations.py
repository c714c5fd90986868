"""OCPP 1.6, reservations: what our asking means, and stations that reserve themselves."""

from __future__ import annotations

from datetime import datetime

from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.values import integer, moment, text
from stations.models import Command
from stations.services import extending, reservations


def reserve_now_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The station keeps the connector, or says why not (section 5.13)."""
    extending.answered(command=command, status=answer["status"][:15], at=at)


def cancel_reservation_answered(command: Command, answer: Payload, at: datetime) -> None:
    """The reservation is over - also where the station knows none: then nothing is held there."""
    reservations.cancelled(
        station_id=command.station_id,
        reservation_id=command.payload["reservationId"],
        status=answer["status"],
        at=at,
    )


def reserve_now(inbound: Inbound) -> Payload:
    """A station tells of its own reservation, as the prior gateway let it (not in OCPP 1.6)."""
    payload = inbound.payload
    expires_at, _ = moment(inbound, payload, "expiryDate")
    status = reservations.record_own(
        station_id=inbound.station_id,
        connector_id=integer(payload, "connectorId"),
        id_tag=text(payload, "idTag", 20),
        expires_at=expires_at,
        number=integer(payload, "reservationId"),
        at=inbound.at,
    )
    return {"status": status.value}


def cancel_reservation(inbound: Inbound) -> Payload:
    """A station gives a reservation up, as the prior gateway let it (not in OCPP 1.6)."""
    given_up = reservations.cancel_own(
        station_id=inbound.station_id,
        number=integer(inbound.payload, "reservationId"),
        at=inbound.at,
    )
    return {"status": "Accepted" if given_up else "Rejected"}
