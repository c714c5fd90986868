"""What callers send for UpdateFirmware, GetDiagnostics, GetLog: OCPP's payload, less what is ours.

A location that is left out becomes a one-time address of ours; dates and request ids are given.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rest_framework.exceptions import ValidationError

from cms.shared import clock
from ocpp_gateway import bodies
from stations.models import ChargingStation, Command, FirmwareImage, LogKind
from stations.services import firmware, logs
from stations.services.asking import Request, Tries

_ANY = {"location": "https://example.invalid/", "date": "2026-01-01T00:00:00Z"}  # to check the rest
_MOST = 2**31 - 1
_IMAGE = {"type": "integer", "description": "A firmware image of ours, by its id"}


def asked(action: str, station: ChargingStation, body: Any, request: Request) -> Command:
    """Do what ``body`` means. Raises ValidationError with field names, and what services raise."""
    if not isinstance(body, dict):
        raise ValidationError("The body should be a JSON object")
    return _ASKED[action](station, body, request)


def request_schema(action: str) -> dict[str, Any]:
    """What ``asked`` takes for ``action``, for the documentation."""
    made = bodies.request_schema(action)
    members = made["properties"]
    if action == "UpdateFirmware":
        members["firmware"] = _IMAGE
    elif action == "GetLog":
        del members["log"]["required"]
    elif action == "SignedUpdateFirmware":
        del members["firmware"]["required"]
        members["firmware"]["properties"]["image"] = _IMAGE
        members["firmware"] = {"oneOf": [members["firmware"], _IMAGE]}
    required = [name for name in made.pop("required") if name in ("logType", "firmware")]
    return {**made, **({"required": required} if required else {})}


def _update(station: ChargingStation, body: dict[str, Any], request: Request) -> Command:
    given = {name: value for name, value in body.items() if name != "firmware"}
    filled = {"location": _ANY["location"], "retrieveDate": _ANY["date"], **given}
    made = _only(given, bodies.payload("UpdateFirmware", filled))
    wanted = firmware.Wanted(
        image=_image(body.get("firmware"), "firmware"),
        location=made.get("location", ""),
        retrieve_at=_moment(made, "retrieveDate"),
        tries=_tries(made),
    )
    return firmware.update(station=station, wanted=wanted, request=request)


def _signed_update(station: ChargingStation, body: dict[str, Any], request: Request) -> Command:
    inner = body.get("firmware", {})
    inner = {"image": inner} if isinstance(inner, int) else inner
    if not isinstance(inner, dict):
        raise ValidationError({"firmware": ["should be an image's id or an object"]})
    given = {name: value for name, value in inner.items() if name != "image"}
    filled = {
        **{"location": _ANY["location"], "retrieveDateTime": _ANY["date"]},
        **{"signature": "AA==", "signingCertificate": "-"},
    }
    outer = bodies.payload(
        "SignedUpdateFirmware", {"requestId": 1, **body, "firmware": {**filled, **given}}
    )
    made = _only(given, outer["firmware"])
    wanted = firmware.Wanted(
        image=_image(inner.get("image"), "firmware.image"),
        location=made.get("location", ""),
        signed=True,
        signature=made.get("signature", ""),
        signing_certificate=made.get("signingCertificate", ""),
        retrieve_at=_moment(made, "retrieveDateTime", "firmware."),
        install_at=_moment(made, "installDateTime", "firmware."),
        request_id=outer["requestId"] if "requestId" in body else None,
        tries=_tries(outer),
    )
    return firmware.update(station=station, wanted=wanted, request=request)


def _diagnostics(station: ChargingStation, body: dict[str, Any], request: Request) -> Command:
    filled = {"location": _ANY["location"], **body}
    made = _only(body, bodies.payload("GetDiagnostics", filled))
    wanted = logs.Wanted(
        location=made.get("location", ""),
        oldest_at=_moment(made, "startTime"),
        latest_at=_moment(made, "stopTime"),
        tries=_tries(made),
    )
    return logs.fetch(station=station, wanted=wanted, request=request)


def _log(station: ChargingStation, body: dict[str, Any], request: Request) -> Command:
    given = body.get("log", {})
    if not isinstance(given, dict):
        raise ValidationError({"log": ["should be an object"]})
    log = {"remoteLocation": _ANY["location"], **given}
    outer = bodies.payload("GetLog", {"requestId": 1, **body, "log": log})
    made = _only(given, outer["log"])
    wanted = logs.Wanted(
        kind=LogKind(outer["logType"]),
        location=made.get("remoteLocation", ""),
        oldest_at=_moment(made, "oldestTimestamp", "log."),
        latest_at=_moment(made, "latestTimestamp", "log."),
        request_id=outer["requestId"] if "requestId" in body else None,
        tries=_tries(outer),
    )
    return logs.fetch(station=station, wanted=wanted, request=request)


_ASKED: dict[str, Callable[[ChargingStation, dict[str, Any], Request], Command]] = {
    "GetDiagnostics": _diagnostics,
    "GetLog": _log,
    "SignedUpdateFirmware": _signed_update,
    "UpdateFirmware": _update,
}
ACTIONS = frozenset(_ASKED)


def _only(given: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """What the caller said, as it was understood."""
    return {name: made[name] for name in given}


def _image(image_id: Any, field: str) -> FirmwareImage | None:
    if image_id is None:
        return None
    known = isinstance(image_id, int) and not isinstance(image_id, bool) and image_id <= _MOST
    found = FirmwareImage.objects.filter(pk=image_id).first() if known else None
    if found is None:
        raise ValidationError({field: ["should be the id of a firmware image"]})
    return found


def _moment(made: dict[str, Any], member: str, within: str = "") -> datetime | None:
    if member not in made:
        return None
    try:
        return clock.parse(made[member])
    except ValueError:
        message = "should be a time such as 2026-01-31T18:00:00Z"
        raise ValidationError({f"{within}{member}": [message]}) from None


def _tries(made: dict[str, Any]) -> Tries:
    for name in ("retries", "retryInterval"):
        if not 0 <= made.get(name, 0) <= _MOST:
            raise ValidationError({name: [f"should be from 0 to {_MOST}"]})
    return Tries(made.get("retries"), made.get("retryInterval"))
