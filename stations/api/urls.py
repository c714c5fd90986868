"""The paths of stations and what happens there, below /api."""

from __future__ import annotations

from typing import Any

from cms.shared.api import route
from stations.api.assignments import AssignmentViews, CompositeScheduleViews
from stations.api.batches import BatchItemViews, BatchViews
from stations.api.certificates import AuthorityViews, CertificateViews, InstalledViews
from stations.api.charging_profiles import ProfileViews
from stations.api.commands import CommandViews
from stations.api.configuration import (
    ConfigurationHistoryViews,
    ConfigurationReadViews,
    DifferenceViews,
)
from stations.api.credentials import KeyRotationViews, UpgradeViews
from stations.api.errands import LogRequestViews
from stations.api.firmware import FirmwareFileViews, FirmwareImageViews, FirmwareUpdateViews
from stations.api.local_lists import EntryViews, LocalListsViews, LocalListViews
from stations.api.metering import MeterValueViews
from stations.api.quirks import QuirkTallyViews, QuirkViews
from stations.api.reservations import CancelViews, ReservationViews
from stations.api.review import AdoptionViews, ReviewViews, SettlingViews
from stations.api.security import SecurityEventViews
from stations.api.sessions import SessionViews
from stations.api.stations import (
    ConfigurationViews,
    ConnectedViews,
    StationKeyViews,
    StationViews,
)
from stations.api.templates import ApplyViews, TemplateViews
from stations.api.transfers import TransferFileViews, TransferViews

_list: dict[str, Any] = {"get": "list"}
_retrieve: dict[str, Any] = {"get": "retrieve"}
_many: dict[str, Any] = {"get": "list", "post": "create"}
_one: dict[str, Any] = {
    "get": "retrieve",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}
_stations = [
    route("stations", StationViews.as_view(_many), "stations"),
    route(
        "stations/connected/list", ConnectedViews.as_view({"get": "retrieve"}), "stations-connected"
    ),
    route("stations/<segment:cp_id>", StationViews.as_view(_one), "station"),
    route(
        "stations/<segment:cp_id>/key",
        StationKeyViews.as_view({"post": "create", "delete": "destroy"}),
        "station-key",
    ),
    route(
        "stations/<segment:cp_id>/key/rotate",
        KeyRotationViews.as_view({"post": "create"}),
        "station-key-rotate",
    ),
    route(
        "stations/<segment:cp_id>/security-profile",
        UpgradeViews.as_view({"post": "create"}),
        "station-security-profile",
    ),
    route(
        "stations/<segment:cp_id>/configuration",
        ConfigurationViews.as_view({"get": "list"}),
        "station-configuration",
    ),
    route(
        "stations/<segment:cp_id>/configuration/history",
        ConfigurationHistoryViews.as_view({"get": "list"}),
        "station-configuration-history",
    ),
    route(
        "stations/<segment:cp_id>/configuration/read",
        ConfigurationReadViews.as_view({"get": "retrieve", "post": "create"}),
        "station-configuration-read",
    ),
    route(
        "stations/<segment:cp_id>/configuration/diff",
        DifferenceViews.as_view({"get": "retrieve"}),
        "station-configuration-diff",
    ),
    route(
        "stations/<segment:cp_id>/local-list",
        LocalListViews.as_view({"get": "retrieve", "put": "update"}),
        "station-local-list",
    ),
    route(
        "stations/<segment:cp_id>/local-list/entries",
        EntryViews.as_view({"get": "list"}),
        "station-local-list-entries",
    ),
]
_lists = [route("local-lists", LocalListsViews.as_view({"get": "list"}), "local-lists")]
_templates = [
    route("configuration-templates", TemplateViews.as_view(_many), "configuration-templates"),
    route(
        "configuration-templates/<number:template_id>",
        TemplateViews.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        "configuration-template",
    ),
    route(
        "configuration-templates/<number:template_id>/apply",
        ApplyViews.as_view({"post": "create"}),
        "configuration-template-apply",
    ),
    route(
        "configuration-templates/<number:template_id>/preview",
        ApplyViews.as_view({"post": "preview"}),
        "configuration-template-preview",
    ),
]
_batches = [
    route("batches", BatchViews.as_view({"get": "list", "post": "create"}), "batches"),
    route("batches/preview", BatchViews.as_view({"post": "preview"}), "batches-preview"),
    route("batches/<number:batch_id>", BatchViews.as_view({"get": "retrieve"}), "batch"),
    route(
        "batches/<number:batch_id>/items", BatchItemViews.as_view({"get": "list"}), "batch-items"
    ),
    route("batches/<number:batch_id>/retry", BatchViews.as_view({"post": "retry"}), "batch-retry"),
]
_sessions = [
    route("sessions", SessionViews.as_view({"get": "list"}), "sessions"),
    route("sessions/<number:transaction_id>", SessionViews.as_view({"get": "retrieve"}), "session"),
    route(
        "sessions/<number:transaction_id>/meter-values",
        MeterValueViews.as_view({"get": "list"}),
        "session-meter-values",
    ),
    route(
        "sessions/station/<segment:cp_id>",
        SessionViews.as_view({"get": "of_station"}),
        "sessions-of-station",
    ),
    route(
        "sessions/station/<segment:cp_id>/active",
        SessionViews.as_view({"get": "active_of_station"}),
        "sessions-active",
    ),
]
_reservations = [
    route("reservations", ReservationViews.as_view(_many), "reservations"),
    route(
        "reservations/<number:reservation_id>",
        ReservationViews.as_view({"get": "retrieve", "delete": "destroy"}),
        "reservation",
    ),
    route(
        "reservations/<number:reservation_id>/cancel",
        CancelViews.as_view({"post": "cancel"}),
        "reservation-cancel",
    ),
]
_commands = [
    route("commands", CommandViews.as_view({"get": "list"}), "commands"),
    route("commands/<number:command_id>", CommandViews.as_view({"get": "retrieve"}), "command"),
]
_case = "review-cases/<number:case_id>"
_review = [
    route("review-cases", ReviewViews.as_view({"get": "list"}), "review-cases"),
    route(_case, ReviewViews.as_view({"get": "retrieve"}), "review-case"),
    *(
        route(f"{_case}/{way}", SettlingViews.as_view({"post": way}), f"review-case-{way}")
        for way in ("attach", "accept", "end", "acknowledge", "discard")
    ),
    *(
        route(
            f"{_case}/{way.replace('_', '-')}",
            AdoptionViews.as_view({"post": way}),
            f"review-case-{way.replace('_', '-')}",
        )
        for way in ("adopt_station", "adopt_card")
    ),
]
_profiles = [
    route("charging-profiles", ProfileViews.as_view(_many), "charging-profiles"),
    route("charging-profiles/<number:profile_id>", ProfileViews.as_view(_one), "charging-profile"),
    route(
        "stations/<segment:cp_id>/charging-profiles",
        AssignmentViews.as_view(_many),
        "station-charging-profiles",
    ),
    route(
        "stations/<segment:cp_id>/charging-profiles/<number:assignment_id>",
        AssignmentViews.as_view({"get": "retrieve", "delete": "destroy"}),
        "station-charging-profile",
    ),
    route(
        "stations/<segment:cp_id>/composite-schedules",
        CompositeScheduleViews.as_view({"get": "list"}),
        "station-composite-schedules",
    ),
]
_image: dict[str, Any] = {"get": "retrieve", "patch": "partial_update", "delete": "destroy"}
_files = [
    route("firmware/images", FirmwareImageViews.as_view(_many), "firmware-images"),
    route(
        "firmware/images/<number:image_id>", FirmwareImageViews.as_view(_image), "firmware-image"
    ),
    route(
        "firmware/images/<number:image_id>/file",
        FirmwareFileViews.as_view(_retrieve),
        "firmware-image-file",
    ),
    route("firmware/updates", FirmwareUpdateViews.as_view(_list), "firmware-updates"),
    route(
        "firmware/updates/<number:update_id>",
        FirmwareUpdateViews.as_view(_retrieve),
        "firmware-update",
    ),
    route("logs", LogRequestViews.as_view(_list), "logs"),
    route("logs/<number:request_id>", LogRequestViews.as_view(_retrieve), "log"),
    route("transfers", TransferViews.as_view(_list), "transfers"),
    route("transfers/<number:transfer_id>", TransferViews.as_view(_retrieve), "transfer"),
    route(
        "transfers/<number:transfer_id>/file",
        TransferFileViews.as_view(_retrieve),
        "transfer-file",
    ),
]
_certificate = "certificates/<number:certificate_id>"
_security = [
    route("profile-upgrades", UpgradeViews.as_view(_list), "profile-upgrades"),
    route(
        "profile-upgrades/<number:upgrade_id>", UpgradeViews.as_view(_retrieve), "profile-upgrade"
    ),
    route("security-events", SecurityEventViews.as_view(_list), "security-events"),
    route("certificates", CertificateViews.as_view(_list), "certificates"),
    route("installed-certificates", InstalledViews.as_view(_list), "installed-certificates"),
    route("certificates/authorities", AuthorityViews.as_view(_list), "certificate-authorities"),
    route(_certificate, CertificateViews.as_view(_retrieve), "certificate"),
    route(
        f"{_certificate}/revoke", CertificateViews.as_view({"post": "revoke"}), "certificate-revoke"
    ),
]
_quirks = [
    route("quirks", QuirkViews.as_view(_list), "quirks"),
    route("quirks/<number:quirk_id>", QuirkViews.as_view(_retrieve), "quirk"),
    route("quirk-tallies", QuirkTallyViews.as_view(_list), "quirk-tallies"),
]
urlpatterns = [
    *(*_stations, *_sessions, *_reservations, *_commands, *_review, *_files),
    *(*_lists, *_templates, *_batches, *_profiles, *_security, *_quirks),
]
