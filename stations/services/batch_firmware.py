"""Firmware by batch: each station gets a one-time address of its own, and a row that follows it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cms.shared import clock
from cms.shared.errors import DomainError
from stations.models import BatchItem, Command, FirmwareImage
from stations.services import firmware
from stations.services.asking import Request

ACTION = "UpdateFirmware"
_WITHIN = "payload."


def is_one(item: BatchItem) -> bool:
    """Whether ``item`` tells a station to install something."""
    return item.action == ACTION


def ask(
    item: BatchItem, *, at: datetime, by_id: int | None, queue_for: timedelta | None
) -> Command:
    """Tell the station of ``item`` to install what its payload names; gives the command.

    Raises what ``firmware.update`` raises, and DomainError for an image that is gone.
    """
    request = Request(at, by_id, queue_for=queue_for)
    return firmware.update(station=item.station, wanted=wanted(item.payload), request=request)


def wanted(payload: dict[str, Any]) -> firmware.Wanted:
    """What ``payload`` names: ``image`` (an id) or ``location``, ``signed``, ``retrieveDate``.

    Raises DomainError with the field that is wrong.
    """
    if (payload.get("image") is None) == (not payload.get("location")):
        raise DomainError.of_field(
            "image", "should be an image or a location, one of them", prefix=_WITHIN
        )
    image = image_of(payload)
    if payload.get("signed", False) and not (image and image.is_signed):
        raise DomainError.of_field(
            "signed",
            "should be false: there is no image with a signature and a certificate",
            prefix=_WITHIN,
        )
    return firmware.Wanted(
        image=image,
        location=payload.get("location") or "",
        signed=payload.get("signed", False),
        retrieve_at=_moment(payload.get("retrieveDate")),
    )


def image_of(payload: dict[str, Any]) -> FirmwareImage | None:
    """The image ``payload`` names, if it names one. Raises DomainError where there is none such."""
    number = payload.get("image")
    if number is None:
        return None
    known = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**31
    found = FirmwareImage.objects.filter(pk=number).first() if known else None
    if found is None:
        raise DomainError.of_field("image", "should be the id of a firmware image", prefix=_WITHIN)
    return found


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        return clock.parse(str(text))
    except ValueError:
        raise DomainError.of_field(
            "retrieveDate", "should be a time such as 2026-01-31T18:00:00Z", prefix=_WITHIN
        ) from None
