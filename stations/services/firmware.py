"""Firmware: images operators upload, and stations told to fetch and install them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cms.shared import texts
from cms.shared.errors import Conflict, DomainError, Text
from stations.models import ChargingStation, Command, FirmwareImage, FirmwareUpdate, Purpose
from stations.services import asking, media
from stations.services.asking import Address, Request, Tries
from stations.services.media import Arrived

_PROOFS = {"signature": "signature", "signingCertificate": "signing_certificate"}


class Wanted(NamedTuple):
    """What a station shall install: an ``image``, or what lies at ``location`` (any scheme).

    ``signed`` asks with SignedUpdateFirmware; signature (base64) and certificate (PEM) are the
    image's own unless given.
    """

    image: FirmwareImage | None = None
    location: str = ""
    signed: bool = False
    signature: str = ""
    signing_certificate: str = ""
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    tries: Tries = Tries()
    request_id: int | None = None


@transaction.atomic
def update(*, station: ChargingStation, wanted: Wanted, request: Request) -> Command:
    """Ask ``station`` to install what is ``wanted``; gives the command, which a row follows.

    UpdateFirmware (OCPP 1.6 section 5.19), or SignedUpdateFirmware (whitepaper section 5.21).
    Raises DomainError where something is missing, Conflict and StationOffline.
    """
    _check(wanted)
    image, retrieve_at = wanted.image, wanted.retrieve_at or request.at
    to = asking.address(wanted.location, image.file_name if image else "")
    request_id = asking.numbered(wanted.request_id) if wanted.signed else None
    begins = max(retrieve_at, wanted.install_at or retrieve_at, request.at)
    row = FirmwareUpdate(
        station=station,
        image=image,
        signed=wanted.signed,
        request_id=request_id,
        retrieve_at=retrieve_at,
        install_at=wanted.install_at,
        retries=wanted.tries.retries,
        retry_interval_s=wanted.tries.interval_s,
        version_before=station.firmware_version,
        version_wanted=image.version if image else "",
        expires_at=asking.until(begins, wanted.tries),
    )
    action = "SignedUpdateFirmware" if wanted.signed else "UpdateFirmware"
    payload = (_signed if wanted.signed else _plain)(wanted, to, row)
    return asking.send_off(
        row,
        action=action,
        payload=payload,
        to=to,
        purpose=Purpose.FIRMWARE,
        request=request,
        image=image,
    )


def misfit(image: FirmwareImage, station: ChargingStation) -> str:
    """Why ``image`` may be the wrong one for ``station``, in words; empty where nothing says so."""
    for what, own in (("vendor", station.vendor), ("model", station.model)):
        meant = getattr(image, what)
        if meant and own and meant.strip().lower() != own.strip().lower():
            return f"{image} is for {what} {meant}, but {station} says it is {own}."
    if station.firmware_version and station.firmware_version == image.version:
        return f"{station} runs {image.version} already."
    return ""


def add_image(
    *, arrived: Arrived, at: datetime, by_id: int | None = None, **facts: Any
) -> FirmwareImage:
    """Keep an uploaded firmware. Raises Conflict where this version is there, DomainError.

    ``facts``: vendor, model, version, signature, signing_certificate, notes.
    """
    image = FirmwareImage(
        **facts,
        file_name=media.shown_name(arrived.name, "firmware.bin"),
        size_bytes=arrived.size,
        sha256=arrived.sha256,
        uploaded_at=at,
        uploaded_by_id=by_id,
    )
    try:
        _checked(image)
        image.file = media.keep(arrived.part, media.FIRMWARE)
    finally:
        arrived.part.unlink(missing_ok=True)
    try:
        with transaction.atomic():
            image.save()
    except IntegrityError:
        media.remove(image.file)
        raise _is_there() from None
    return image


def change_image(*, image: FirmwareImage, **facts: Any) -> FirmwareImage:
    """Change what is known of a firmware; its file stays. Raises Conflict, DomainError."""
    for name, value in facts.items():
        setattr(image, name, value)
    _checked(image)
    try:
        with transaction.atomic():
            image.save(update_fields=[*facts])
    except IntegrityError:
        raise _is_there() from None
    return image


def delete_image(*, image: FirmwareImage) -> None:
    """Delete a firmware and its file. Raises Conflict while a station may still fetch it."""
    if image.updates.filter(outcome="Open").exists():
        raise Conflict(
            "%(image)s is being installed by a station; wait for it, or let it expire", image=image
        )
    name = image.file
    image.delete()
    transaction.on_commit(lambda: media.remove(name))


def _is_there() -> Conflict:
    return Conflict(
        "There is an image of this version already", fields={"version": ["exists already"]}
    )


def _check(wanted: Wanted) -> None:
    """Raise DomainError where what is wanted is not enough for a payload."""
    if (wanted.image is None) == (not wanted.location):
        raise DomainError(
            "Please name a firmware image or a location of your own, one of them",
            fields={"location": ["name a firmware image or a location of your own, one of them"]},
        )
    if wanted.signed:
        image = wanted.image
        missing = {
            field: [Text("is needed for a signed update, and the image has none")]
            for field, name in _PROOFS.items()
            if not (getattr(wanted, name) or getattr(image, name, ""))
        }
        if missing:
            raise DomainError("A signed update needs a signature and a certificate", fields=missing)


def _checked(image: FirmwareImage) -> None:
    try:
        image.clean_fields(exclude=["file", "uploaded_by"])
    except ValidationError as error:
        raise DomainError.of_fields(texts.of_model(error)) from None


def _plain(wanted: Wanted, to: Address, row: FirmwareUpdate) -> dict[str, Any]:
    return {
        "location": to.url,
        "retrieveDate": asking.moment(row.retrieve_at),
        "retries": wanted.tries.retries,
        "retryInterval": wanted.tries.interval_s,
    }


def _signed(wanted: Wanted, to: Address, row: FirmwareUpdate) -> dict[str, Any]:
    own = wanted.image or FirmwareImage()
    firmware = {
        "location": to.url,
        "retrieveDateTime": asking.moment(row.retrieve_at),
        "installDateTime": asking.moment(row.install_at),
        "signingCertificate": wanted.signing_certificate or own.signing_certificate,
        "signature": wanted.signature or own.signature,
    }
    return {
        "requestId": row.request_id,
        "retries": wanted.tries.retries,
        "retryInterval": wanted.tries.interval_s,
        "firmware": {name: value for name, value in firmware.items() if value is not None},
    }
