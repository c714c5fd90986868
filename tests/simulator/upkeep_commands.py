"""How a station answers commands about firmware and logs, and what it then does."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.simulator.clock import parse
from tests.simulator.link import AfterAnswer, Answer
from tests.simulator.upkeep import Job

if TYPE_CHECKING:
    from tests.simulator.charge_point import ChargePoint

Payload = dict[str, Any]
Reply = tuple[Answer, AfterAnswer | None]


def update_firmware(station: ChargePoint, payload: Payload) -> Reply:
    job = _job(payload, payload["location"], starts_at=_moment(payload, "retrieveDate"))
    return {}, lambda: station.upkeep.update(job)


def signed_update_firmware(station: ChargePoint, payload: Payload) -> Reply:
    firmware = payload["firmware"]
    if not firmware["signingCertificate"].lstrip().startswith("-----BEGIN CERTIFICATE-----"):
        return {"status": "InvalidCertificate"}, None
    job = _job(
        payload,
        firmware["location"],
        starts_at=_moment(firmware, "retrieveDateTime"),
        installs_at=_moment(firmware, "installDateTime"),
        request_id=payload["requestId"],
        signature=firmware["signature"],
    )
    return {"status": "Accepted"}, lambda: station.upkeep.update(job)


def get_diagnostics(station: ChargePoint, payload: Payload) -> Reply:
    name = f"{station.cp_id}-diagnostics.txt"
    job = _job(payload, payload["location"])
    return {"fileName": name}, lambda: station.upkeep.upload(job, name)


def get_log(station: ChargePoint, payload: Payload) -> Reply:
    name = f"{station.cp_id}-{payload['logType']}.txt"
    job = _job(payload, payload["log"]["remoteLocation"], request_id=payload["requestId"])
    answer = {"status": "Accepted", "filename": name}
    return answer, lambda: station.upkeep.upload(job, name)


def _job(payload: Payload, location: str, **more: Any) -> Job:
    tries = payload.get("retries", 0), payload.get("retryInterval", 10)
    return Job(location, retries=tries[0], retry_interval_s=tries[1], **more)


def _moment(payload: Payload, name: str) -> datetime | None:
    try:
        return parse(payload[name])
    except (KeyError, ValueError):
        return None
