"""The facts: a module per noun."""

from __future__ import annotations

from stations.models.batches import BatchItem, CommandBatch, ItemState
from stations.models.captures import CaptureState, CardCapture
from stations.models.certificates import (
    CertificateState,
    InstalledCertificate,
    InstalledState,
    KeyKind,
    RootKind,
    StationAuthority,
    StationCertificate,
)
from stations.models.charging_profiles import (
    AssignmentState,
    ChargingProfile,
    CompositeSchedule,
    ProfileAssignment,
    ProfilePurpose,
)
from stations.models.commands import Command, CommandStatus
from stations.models.configuration import (
    ChangeCause,
    ConfigurationChange,
    ConfigurationKey,
    ConfigurationRead,
    ReadState,
    ReadStep,
)
from stations.models.connectors import Connector, ConnectorStatus, StatusChange
from stations.models.effects import CommandEffect, EffectState
from stations.models.energy import EnergyHour, EnergyTally
from stations.models.errands import ErrandReport, Outcome, Subject
from stations.models.favourites import Favourite
from stations.models.firmware import FirmwareImage, FirmwareUpdate
from stations.models.limits import LimitKind, LimitState, SessionLimit
from stations.models.local_lists import (
    ListPolicy,
    ListState,
    LocalList,
    LocalListContent,
    LocalListTarget,
)
from stations.models.logs import LogKind, LogRequest
from stations.models.metering import MeterValue
from stations.models.network import Happening, HappeningKind, NetworkHour, Snooze
from stations.models.quirks import KNOBS, REPAIRS, Quirk, QuirkTally
from stations.models.reservations import Reservation, ReservationStatus
from stations.models.review import Resolution, ReviewCase, ReviewKind, ReviewState, UnknownCard
from stations.models.security import SecurityEvent
from stations.models.sessions import ChargingSession, SessionStatus
from stations.models.stations import ChargingStation, Registration, SecurityProfile, Site
from stations.models.templates import ConfigurationTemplate
from stations.models.transfers import Purpose, Transfer, TransferState
from stations.models.upgrades import ProfileUpgrade, UpgradeOutcome, UpgradeStep

__all__ = [
    "KNOBS",
    "REPAIRS",
    "AssignmentState",
    "BatchItem",
    "CaptureState",
    "CardCapture",
    "CertificateState",
    "ChangeCause",
    "ChargingProfile",
    "ChargingSession",
    "ChargingStation",
    "Command",
    "CommandBatch",
    "CommandEffect",
    "CommandStatus",
    "CompositeSchedule",
    "ConfigurationChange",
    "ConfigurationKey",
    "ConfigurationRead",
    "ConfigurationTemplate",
    "Connector",
    "ConnectorStatus",
    "EffectState",
    "EnergyHour",
    "EnergyTally",
    "ErrandReport",
    "Favourite",
    "FirmwareImage",
    "FirmwareUpdate",
    "Happening",
    "HappeningKind",
    "InstalledCertificate",
    "InstalledState",
    "ItemState",
    "KeyKind",
    "LimitKind",
    "LimitState",
    "ListPolicy",
    "ListState",
    "LocalList",
    "LocalListContent",
    "LocalListTarget",
    "LogKind",
    "LogRequest",
    "MeterValue",
    "NetworkHour",
    "Outcome",
    "ProfileAssignment",
    "ProfilePurpose",
    "ProfileUpgrade",
    "Purpose",
    "Quirk",
    "QuirkTally",
    "ReadState",
    "ReadStep",
    "Registration",
    "Reservation",
    "ReservationStatus",
    "Resolution",
    "ReviewCase",
    "ReviewKind",
    "ReviewState",
    "RootKind",
    "SecurityEvent",
    "SecurityProfile",
    "SessionLimit",
    "SessionStatus",
    "Site",
    "Snooze",
    "StationAuthority",
    "StationCertificate",
    "StatusChange",
    "Subject",
    "Transfer",
    "TransferState",
    "UnknownCard",
    "UpgradeOutcome",
    "UpgradeStep",
]
