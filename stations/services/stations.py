"""Stations: connected, booted, heard from, silent; and what operators change about them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from cms.shared.errors import Conflict, DomainError
from stations import events
from stations.models import (
    ChargingStation,
    ConfigurationKey,
    Connector,
    HappeningKind,
    Registration,
    SecurityProfile,
)
from stations.services import (
    configuration,
    configuration_reads,
    credentials,
    errands,
    happenings,
    local_lists,
)

SILENT_INTERVALS = 3  # heartbeats missed before a station counts as offline


class BootReport(NamedTuple):
    """What a station says of itself in a BootNotification."""

    vendor: str
    model: str
    serial_number: str = ""
    charge_box_serial_number: str = ""
    firmware_version: str = ""
    iccid: str = ""
    imsi: str = ""
    meter_type: str = ""
    meter_serial_number: str = ""


class BootAnswer(NamedTuple):
    """Whether the station is served, and how often it shall send a heartbeat (s)."""

    registration: str
    interval_s: int


class Proof(NamedTuple):
    """What a socket proved: the hash of the key it presented, and the profile it fulfils."""

    key_hash: str | None
    profile: int
    settles: bool = False  # a change of its key or profile was pending when it logged in


def find(cp_id: str) -> ChargingStation | None:
    """The station with this identity, letter case ignored."""
    return ChargingStation.objects.named(cp_id).first()


def adopt(*, cp_id: str, registration: str) -> ChargingStation:
    """The station with this identity; made with ``registration`` where nobody knew it."""
    try:
        with transaction.atomic():
            return ChargingStation.objects.create(cp_id=cp_id, registration=registration)
    except IntegrityError:  # two sockets at once, or known in another letter case
        return ChargingStation.objects.named(cp_id).get()


@transaction.atomic
def connected(
    *,
    station_id: int,
    connection_id: str,
    protocol: str,
    at: datetime,
    proof: Proof | None = None,
) -> None:
    """The socket ``connection_id`` serves the station now; an older one is told to close.

    ``proof``: what it logged in with; a change of key or profile that it proves is done.
    """
    rows = ChargingStation.objects.filter(pk=station_id)
    is_back = rows.filter(online=False).update(online=True)
    rows.update(
        connection_id=connection_id,
        served_by="",
        protocol=protocol,
        connected_at=at,
        last_seen_at=at,
        **({"connected_profile": proof.profile} if proof else {}),
    )
    if proof is not None and proof.settles:
        credentials.proved(station_id=station_id, key_hash=proof.key_hash, profile=proof.profile)
    events.station_superseded(station_id, connection_id)
    events.station_changed(station_id)
    if is_back:
        happenings.note(HappeningKind.ONLINE, station_id=station_id, at=at)


def disconnected(*, station_id: int, connection_id: str, at: datetime) -> bool:
    """The socket closed. Says whether it was the newest: an older one takes nothing offline."""
    found = ChargingStation.objects.filter(pk=station_id, connection_id=connection_id)
    was_online = found.filter(online=True).exists()
    is_gone = bool(found.update(connection_id="", online=False, disconnected_at=at))
    if is_gone:
        events.station_changed(station_id)
        if was_online:
            happenings.note(HappeningKind.OFFLINE, station_id=station_id, at=at)
    return is_gone


def is_newest(*, station_id: int, connection_id: str) -> bool:
    """Whether this socket is the one that serves the station."""
    return ChargingStation.objects.filter(pk=station_id, connection_id=connection_id).exists()


def all_disconnected(*, at: datetime) -> int:
    """No socket is open any more: for the start of the only process there is."""
    return ChargingStation.objects.exclude(connection_id="").update(
        connection_id="", online=False, disconnected_at=at
    )


def heard_from(*, station_ids: list[int], at: datetime) -> None:
    """These stations sent something: any frame is a sign of life (OCPP 1.6 section 4.6)."""
    ChargingStation.objects.filter(pk__in=station_ids).update(last_seen_at=at)
    away = ChargingStation.objects.filter(pk__in=station_ids, online=False)
    back = list(away.exclude(connection_id="").values_list("pk", flat=True))
    if back:
        ChargingStation.objects.filter(pk__in=back).exclude(connection_id="").update(online=True)
        happenings.note_all(HappeningKind.ONLINE, station_ids=back, at=at)
        events.station_changed(*back)


@transaction.atomic
def boot(*, station_id: int, report: BootReport, at: datetime) -> BootAnswer:
    """The station (re)started. Stores what it says of itself; gives what to answer."""
    ChargingStation.objects.filter(pk=station_id).update(
        **report._asdict(), last_boot_at=at, last_seen_at=at, reboot_required_at=None
    )
    events.station_changed(station_id)
    events.network_changed()
    errands.booted(station_id=station_id, firmware_version=report.firmware_version, at=at)
    # A station that starts may have lost its clock: order its statuses anew from here.
    Connector.objects.filter(station_id=station_id).update(status_at=None)
    station = ChargingStation.objects.get(pk=station_id)
    if station.registration == Registration.ACCEPTED:
        configuration_reads.booted(station=station, at=at)
        local_lists.booted(station_id=station_id, at=at)
    return BootAnswer(station.registration, station.heartbeat_interval_s or _spread_interval())


def _spread_interval() -> int:
    """The system's interval or up to a tenth less: stations that came back together after an

    outage do not send their heartbeats together for ever after.
    """
    longest = settings.OCPP_HEARTBEAT_INTERVAL
    return random.randint(longest - longest // 10, longest)  # noqa: S311 - no secret


def notice_silence(*, at: datetime) -> int:
    """Take stations offline that said nothing for three heartbeat intervals; gives how many."""
    online = ChargingStation.objects.filter(online=True)
    silent = 0
    for own in set(online.values_list("heartbeat_interval_s", flat=True)):
        interval = timedelta(seconds=own or settings.OCPP_HEARTBEAT_INTERVAL)
        rows = online.filter(
            heartbeat_interval_s=own, last_seen_at__lt=at - SILENT_INTERVALS * interval
        )
        seen = {pk: seen_at for pk, seen_at in rows.values_list("pk", "last_seen_at") if seen_at}
        found = _overdue(seen, at)
        silent += rows.filter(pk__in=found).update(online=False, disconnected_at=at)
        events.station_changed(*found)
        happenings.note_all(HappeningKind.OFFLINE, station_ids=found, at=at)
    return silent


def _overdue(seen: dict[int, datetime], at: datetime) -> list[int]:
    """Without those that told that they beat less often than we asked: an operator set it so."""
    keys = ConfigurationKey.objects.filter(station__in=seen, key__iexact="HeartbeatInterval")
    said = dict(keys.values_list("station", "value"))
    told = {pk: configuration.number(said.get(pk), digits=5) or 0 for pk in seen}
    return [
        pk
        for pk, seen_at in seen.items()
        if seen_at < at - SILENT_INTERVALS * timedelta(seconds=told[pk])
    ]


def create(*, cp_id: str, **fields: Any) -> ChargingStation:
    """A station an operator adds.

    Raises Conflict where the identity is taken, DomainError for a profile the settings forbid.
    """
    _check_profile(fields)
    try:
        with transaction.atomic():
            return ChargingStation.objects.create(cp_id=cp_id, **fields)
    except IntegrityError:
        raise Conflict(
            "A station with the identity %(cp_id)s exists already",
            fields={"ocppIdentifier": ["exists already"]},
            cp_id=cp_id,
        ) from None


def change(*, station: ChargingStation, **fields: Any) -> ChargingStation:
    """Change what operators may change: name, site, registration, interval, time zone, profile.

    Whom they reject is closed the socket, as it would be refused one now. Raises DomainError for a
    security profile the settings forbid.
    """
    _check_profile(fields)
    if "security_profile" in fields:  # whatever it was told to change to: this is what counts
        fields |= {"pending_profile": None}
    for name, value in fields.items():
        setattr(station, name, value)
    station.save(update_fields=[*fields, "updated_at"])
    if fields.get("registration") == Registration.REJECTED:
        close_sockets(station_id=station.pk)
    return station


def close_sockets(*, station_id: int) -> None:
    """Close what the station is connected by; what it may is asked anew when it comes back."""
    connected = ChargingStation.objects.filter(pk=station_id).exclude(connection_id="")
    if connected.update(connection_id="", online=False, disconnected_at=Now()):
        events.station_changed(station_id)
    events.station_superseded(station_id, connection_id="")  # by none: every one is too old


def delete(*, station: ChargingStation) -> None:
    """Remove a station that never charged, and close its socket. Raises Conflict where it did."""
    if station.sessions.exists():
        raise Conflict(
            "%(station)s has charging sessions, which must stay readable; set its "
            "registration to Rejected instead",
            station=station.cp_id,
        )
    number = station.pk
    station.delete()
    close_sockets(station_id=number)


def _check_profile(fields: dict[str, Any]) -> None:
    none = SecurityProfile.NONE
    if fields.get("security_profile") == none and not settings.OCPP_ALLOW_UNAUTHENTICATED:
        raise DomainError(
            "Security profile 0 is not allowed here (OCPP_ALLOW_UNAUTHENTICATED)",
            fields={"securityProfile": ["is not allowed here (OCPP_ALLOW_UNAUTHENTICATED)"]},
        )
