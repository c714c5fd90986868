"""OCPP 1.6, sessions: Authorize, StartTransaction, StopTransaction."""

from __future__ import annotations

from ocpp_gateway.dispatch import Inbound, Payload
from ocpp_gateway.v16.metering import readable
from ocpp_gateway.v16.values import id_tag_info, integer, moment, text
from stations.services import sessions


def authorize(inbound: Inbound) -> Payload:
    """May this card charge here? Section 4.1."""
    authorization = sessions.authorize(
        station_id=inbound.station_id, id_tag=text(inbound.payload, "idTag"), at=inbound.at
    )
    return {"idTagInfo": id_tag_info(authorization)}


def start_transaction(inbound: Inbound) -> Payload:
    """A session began. A refused card gets a transaction id all the same: section 4.8."""
    payload = inbound.payload
    started_at, raw = moment(inbound, payload)
    start = sessions.Start(
        connector_id=integer(payload, "connectorId"),
        id_tag=text(payload, "idTag"),
        started_at=started_at,
        started_at_raw=raw,
        meter_start_wh=integer(payload, "meterStart"),
        reservation_id=integer(payload, "reservationId") if "reservationId" in payload else None,
    )
    started = sessions.start(station_id=inbound.station_id, start=start, at=inbound.at)
    return {
        "transactionId": started.transaction_id,
        "idTagInfo": id_tag_info(started.authorization),
    }


def stop_transaction(inbound: Inbound) -> Payload:
    """A session ended; never refused (section 4.10: the station would only send it again)."""
    payload = inbound.payload
    stopped_at, raw = moment(inbound, payload)
    stop = sessions.Stop(
        transaction_id=integer(payload, "transactionId"),
        stopped_at=stopped_at,
        stopped_at_raw=raw,
        meter_stop_wh=integer(payload, "meterStop"),
        id_tag=text(payload, "idTag"),
        reason=text(payload, "reason", 50, "Local"),
        readings=tuple(readable(inbound, payload.get("transactionData", ()))),
    )
    authorization = sessions.end(station_id=inbound.station_id, stop=stop, at=inbound.at)
    return {"idTagInfo": id_tag_info(authorization)} if authorization else {}
