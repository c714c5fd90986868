"""Reads that cross models, as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import Count, Max, Model, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Upper

from cms.shared.errors import NotFound, Text
from rfid.models import RfidCard
from stations.models import (
    BatchItem,
    ChargingProfile,
    ChargingSession,
    ChargingStation,
    Command,
    CommandBatch,
    CompositeSchedule,
    ConfigurationTemplate,
    Connector,
    FirmwareImage,
    FirmwareUpdate,
    InstalledCertificate,
    LocalList,
    LogRequest,
    MeterValue,
    ProfileAssignment,
    ProfileUpgrade,
    Quirk,
    QuirkTally,
    Reservation,
    ReviewCase,
    SecurityEvent,
    StationCertificate,
    Transfer,
)

Row = TypeVar("Row", bound=Model)
# One short index scan per session, whatever its length; a window function would read them whole.
_LAST_OF_ONE = (
    "SELECT * FROM (SELECT * FROM stations_metervalue WHERE session_id = %s"
    " ORDER BY sampled_at DESC, id DESC LIMIT %s) AS newest"
)


def station_named(cp_id: str) -> ChargingStation:
    """The station with this identity, letter case ignored. Raises NotFound."""
    return _one(ChargingStation.objects.named(cp_id), Text("Station not found"))


def station_in_full(cp_id: str) -> ChargingStation:
    """The same with its site, connectors and own status. Raises NotFound."""
    return _one(
        stations().filter(pk__in=ChargingStation.objects.named(cp_id)), Text("Station not found")
    )


def stations() -> QuerySet[ChargingStation]:
    """Stations with site and connectors; ``own_status`` is what number 0 last reported."""
    itself = Connector.objects.filter(station=OuterRef("pk"), connector_id=0)
    outlets = Connector.objects.filter(connector_id__gt=0).order_by("connector_id")
    return (
        ChargingStation.objects.select_related("site")
        .annotate(own_status=Subquery(itself.values("status")[:1]))
        .prefetch_related(Prefetch("connectors", outlets, to_attr="outlets"))
    )


def connected() -> QuerySet[ChargingStation]:
    """Stations that are online with an open socket."""
    return ChargingStation.objects.filter(online=True).exclude(connection_id="")


def sessions() -> QuerySet[ChargingSession]:
    """Sessions with their station and connector."""
    return ChargingSession.objects.select_related("station", "connector")


def session(transaction_id: int) -> ChargingSession:
    """One of them. Raises NotFound."""
    return _one(sessions().filter(pk=transaction_id), Text("Session not found"))


def last_meter_values(session_ids: Iterable[int], *, each: int) -> dict[int, list[MeterValue]]:
    """The newest ``each`` meter values of some sessions (at most 500), oldest first."""
    found: dict[int, list[MeterValue]] = {session_id: [] for session_id in session_ids}
    if found:
        sql = " UNION ALL ".join([_LAST_OF_ONE] * len(found))
        limits = [number for session_id in found for number in (session_id, each)]
        for value in MeterValue.objects.raw(sql, limits):
            found[value.session_id or 0].append(value)
    for values in found.values():
        values.sort(key=lambda value: (value.sampled_at, value.pk))
    return found


def reservations() -> QuerySet[Reservation]:
    """Reservations with their station and connector."""
    return Reservation.objects.select_related("station", "connector")


def reservations_of(user_id: int) -> QuerySet[Reservation]:
    """Those for a person's cards, less what another driver asked for while the card was theirs."""
    tags = RfidCard.objects.filter(user=user_id).order_by().values_list(Upper("id_tag"))
    by_others = Q(requested_by__is_staff=False) & ~Q(requested_by=user_id)
    return reservations().alias(tag=Upper("id_tag")).filter(tag__in=tags).exclude(by_others)


def reservation(reservation_id: int) -> Reservation:
    """One of them. Raises NotFound."""
    return _one(reservations().filter(pk=reservation_id), Text("Reservation not found"))


def charging_profile(profile_id: int) -> ChargingProfile:
    """One an operator defined. Raises NotFound."""
    return _one(ChargingProfile.objects.filter(pk=profile_id), Text("Charging profile not found"))


def profile_assignments() -> QuerySet[ProfileAssignment]:
    """Charging profiles at stations, with station, connector and the named profile."""
    return ProfileAssignment.objects.select_related("station", "connector", "profile")


def profile_assignment(station: ChargingStation, assignment_id: int) -> ProfileAssignment:
    """One of them, at this station. Raises NotFound."""
    found = profile_assignments().filter(station=station, pk=assignment_id)
    return _one(found, Text("Charging profile not found"))


def composite_schedules() -> QuerySet[CompositeSchedule]:
    """What connectors make of their profiles, with their connector."""
    return CompositeSchedule.objects.select_related("connector")


def commands() -> QuerySet[Command]:
    """Commands with their station, who asked for them, and what followed."""
    return Command.objects.select_related("station", "requested_by", "effect")


def command(command_id: int) -> Command:
    """One of them. Raises NotFound."""
    return _one(commands().filter(pk=command_id), Text("Command not found"))


def review_cases() -> QuerySet[ReviewCase]:
    """Review cases with their station."""
    return ReviewCase.objects.select_related("station")


def review_case(case_id: int) -> ReviewCase:
    """One of them. Raises NotFound."""
    return _one(review_cases().filter(pk=case_id), Text("Review case not found"))


def firmware_images() -> QuerySet[FirmwareImage]:
    """Firmware images with who uploaded them."""
    return FirmwareImage.objects.select_related("uploaded_by")


def firmware_image(image_id: int) -> FirmwareImage:
    """One of them. Raises NotFound."""
    return _one(firmware_images().filter(pk=image_id), Text("Firmware image not found"))


def firmware_updates() -> QuerySet[FirmwareUpdate]:
    """Firmware updates with all that is shown of them."""
    rows = FirmwareUpdate.objects.select_related("station", "image", "transfer", "requested_by")
    return rows.prefetch_related("reports")


def firmware_update(update_id: int) -> FirmwareUpdate:
    """One of them. Raises NotFound."""
    return _one(firmware_updates().filter(pk=update_id), Text("Firmware update not found"))


def log_requests() -> QuerySet[LogRequest]:
    """Requests for logs with all that is shown of them."""
    rows = LogRequest.objects.select_related("station", "transfer", "requested_by")
    return rows.prefetch_related("reports")


def log_request(request_id: int) -> LogRequest:
    """One of them. Raises NotFound."""
    return _one(log_requests().filter(pk=request_id), Text("Log request not found"))


def transfers() -> QuerySet[Transfer]:
    """Transfers with their station."""
    return Transfer.objects.select_related("station", "image")


def transfer(transfer_id: int) -> Transfer:
    """One of them. Raises NotFound."""
    return _one(transfers().filter(pk=transfer_id), Text("Transfer not found"))


def security_events() -> QuerySet[SecurityEvent]:
    """Security events with their station."""
    return SecurityEvent.objects.select_related("station")


def station_certificates() -> QuerySet[StationCertificate]:
    """Certificates of stations with their station."""
    return StationCertificate.objects.select_related("station")


def station_certificate(certificate_id: int) -> StationCertificate:
    """One of them. Raises NotFound."""
    return _one(station_certificates().filter(pk=certificate_id), Text("Certificate not found"))


def installed_certificates() -> QuerySet[InstalledCertificate]:
    """Root certificates in stations with their station."""
    return InstalledCertificate.objects.select_related("station")


def profile_upgrades() -> QuerySet[ProfileUpgrade]:
    """Upgrades of security profiles, with station, command and who asked."""
    return ProfileUpgrade.objects.select_related("station", "command", "requested_by")


def profile_upgrade(upgrade_id: int) -> ProfileUpgrade:
    """One of them. Raises NotFound."""
    return _one(profile_upgrades().filter(pk=upgrade_id), Text("Profile upgrade not found"))


def template(template_id: int) -> ConfigurationTemplate:
    """One of the configuration templates. Raises NotFound."""
    return _one(ConfigurationTemplate.objects.filter(pk=template_id), Text("Template not found"))


def batch(batch_id: int) -> CommandBatch:
    """One batch with who asked for it. Raises NotFound."""
    rows = CommandBatch.objects.select_related("requested_by")
    return _one(rows.filter(pk=batch_id), Text("Batch not found"))


def batch_counts(batch_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How many commands of some batches are in which state."""
    found: dict[int, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    rows = BatchItem.objects.filter(batch__in=found).order_by().values_list("batch_id", "state")
    for batch_id, state, number in rows.annotate(number=Count("pk")):
        found[batch_id][state] = number
    return found


def local_lists() -> QuerySet[LocalList]:
    """Local lists with their station, what it acknowledged and what it should hold."""
    # Without the entries themselves, which may be large.
    return (
        LocalList.objects.select_related("station", "content", "target__content")
        .defer("content__entries", "target__content__entries")
        .prefetch_related("groups")
    )


def local_list(cp_id: str) -> LocalList:
    """The list of a station; one with nothing in it where none was ever made. Raises NotFound."""
    station = station_named(cp_id)
    return local_lists().filter(station=station).first() or LocalList(station=station)


def quirks() -> QuerySet[Quirk]:
    """What is known of models, with how often each was needed."""
    return with_tallies(Quirk.objects.all())


def quirk(quirk_id: int) -> Quirk:
    """One of them. Raises NotFound."""
    return _one(quirks().filter(pk=quirk_id), Text("Quirk not found"))


def with_tallies(rows: QuerySet[Quirk]) -> QuerySet[Quirk]:
    """``rows`` with ``times``, ``at_stations`` and ``last_seen_at``."""
    return rows.annotate(
        times=Coalesce(Sum("tallies__times"), 0),
        at_stations=Count("tallies"),
        last_seen_at=Max("tallies__last_seen_at"),
    )


def quirk_tallies() -> QuerySet[QuirkTally]:
    """What was tolerated of stations, each with its station."""
    return QuirkTally.objects.select_related("station")


def _one(rows: QuerySet[Row], missing: Text) -> Row:
    row = rows.first()
    if row is None:
        raise NotFound(missing)
    return row
