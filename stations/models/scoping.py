"""How the rows of stations belong to a site: what who is limited to some sites sees of them.

A station without a site, and what nobody knows the station of, is of no site anybody is limited to.
"""

from __future__ import annotations

from django.db.models import Exists, Model, OuterRef, Q

from cms.shared.scoping import Limit, Named, Rule, by_number, everybody
from stations.models.batches import BatchItem, CommandBatch
from stations.models.captures import CardCapture
from stations.models.certificates import StationCertificate
from stations.models.charging_profiles import ChargingProfile
from stations.models.commands import Command
from stations.models.firmware import FirmwareImage, FirmwareUpdate
from stations.models.logs import LogRequest
from stations.models.quirks import Quirk
from stations.models.reservations import Reservation
from stations.models.review import ReviewCase
from stations.models.sessions import ChargingSession
from stations.models.stations import ChargingStation, Site
from stations.models.templates import ConfigurationTemplate
from stations.models.transfers import Transfer
from stations.models.upgrades import ProfileUpgrade


def whole_batch(limit: Limit) -> Q:
    """Batches whose stations are all theirs: one sees, and tries again, the whole of a batch."""
    items = BatchItem.objects.order_by().filter(batch=OuterRef("pk"))
    return Q(Exists(items)) & ~Q(Exists(items.exclude(station__site__in=limit.site_ids)))


def own(limit: Limit) -> Q:
    """What they marked themselves."""
    return Q(user=limit.user_id)


_OF_STATIONS = (
    *(
        "BatchItem",
        "CardCapture",
        "Command",
        "ConfigurationChange",
        "ConfigurationKey",
        "ConfigurationRead",
    ),
    *("ChargingSession", "Connector", "ErrandReport", "FirmwareUpdate", "InstalledCertificate"),
    *("LocalList", "LogRequest", "ProfileAssignment", "ProfileUpgrade", "QuirkTally"),
    *("EnergyHour", "Happening"),
    *("Reservation", "ReviewCase", "SecurityEvent", "StationCertificate", "Transfer"),
)
RULES: dict[str, Rule] = {
    "Site": "pk",
    "ChargingStation": "site",
    **dict.fromkeys(_OF_STATIONS, "station__site"),
    "NetworkHour": "site",
    "EnergyTally": "session__station__site",
    "MeterValue": "connector__station__site",
    "StatusChange": "connector__station__site",
    "CompositeSchedule": "connector__station__site",
    "CommandEffect": "command__station__site",
    "SessionLimit": "command__station__site",
    "CommandBatch": whole_batch,
    "Favourite": own,
    # What is known of models, or kept for whichever station needs it
    "ChargingProfile": everybody,
    "ConfigurationTemplate": everybody,
    "FirmwareImage": everybody,
    "LocalListContent": everybody,
    "LocalListTarget": everybody,
    "Quirk": everybody,
    "Snooze": everybody,
    "StationAuthority": everybody,
}


def _number(text: str) -> int:
    """The number in ``text``; where it is none: one that nothing has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


_BY_NUMBER = {
    "batch_id": CommandBatch,
    "case_id": ReviewCase,
    "certificate_id": StationCertificate,
    "command_id": Command,
    "image_id": FirmwareImage,
    "profile_id": ChargingProfile,
    "quirk_id": Quirk,
    "request_id": LogRequest,
    "reservation_id": Reservation,
    "site_id": Site,
    "template_id": ConfigurationTemplate,
    "transaction_id": ChargingSession,
    "transfer_id": Transfer,
    "update_id": FirmwareUpdate,
    "upgrade_id": ProfileUpgrade,
}
NAMES: dict[str, Named] = {
    "cp_id": lambda _, text: ChargingStation.objects.named(text),
    "device_id": lambda _, text: ChargingStation.objects.named(text),
    # In a text, as gateways elsewhere write it
    "session_id": lambda _, text: ChargingSession.objects.filter(pk=_number(text)),
    # Of several models: the one the view is about
    "assignment_id": lambda model, text: model._default_manager.filter(pk=int(text)),
    **{name: by_number(model) for name, model in _BY_NUMBER.items()},
}
KINDS: dict[str, type[Model] | None] = {
    "batch": CommandBatch,
    "capture": CardCapture,
    "home": None,  # something, somewhere
    "list": ChargingStation,  # what it holds of its local list
    "session": ChargingSession,
    "reservation": Reservation,
    "site": Site,
    "station": ChargingStation,
}
