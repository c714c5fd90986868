"""OCPP 1.6 as three tables: CALLS we answer, COMMANDS we ask, ANSWERS and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from ocpp_gateway.dispatch import Alone, AtOnce, Payload, Route, Shared
from ocpp_gateway.v16 import (
    charging_profiles,
    configuration,
    connectors,
    firmware,
    local_lists,
    logs,
    metering,
    remote,
    reservations,
    security,
    sessions,
    stations,
    vendors,
)
from stations.models import Command

CALLS: dict[str, Route] = {
    "Authorize": Alone(sessions.authorize),
    "BootNotification": Alone(stations.boot_notification),
    "DataTransfer": Alone(vendors.data_transfer),
    "DiagnosticsStatusNotification": Alone(logs.diagnostics_status_notification),
    "FirmwareStatusNotification": Alone(firmware.firmware_status_notification),
    "Heartbeat": AtOnce(stations.heartbeat),
    "LogStatusNotification": Alone(logs.log_status_notification),
    "MeterValues": Shared(metering.meter_values, metering.record),
    "SecurityEventNotification": Alone(security.security_event_notification),
    "SignCertificate": Alone(security.sign_certificate, security.sign_certificate_answered),
    "SignedFirmwareStatusNotification": Alone(firmware.signed_firmware_status_notification),
    "StartTransaction": Alone(sessions.start_transaction),
    "StatusNotification": Alone(connectors.status_notification),
    "StopTransaction": Alone(sessions.stop_transaction),
}
# Not OCPP 1.6, but what the prior gateway offered its stations (OCPP_STATION_RESERVATIONS).
STATION_RESERVATIONS: dict[str, Route] = {
    "CancelReservation": Alone(reservations.cancel_reservation),
    "ReserveNow": Alone(reservations.reserve_now),
}


class CommandRoute(NamedTuple):
    """Something we ask of a station: its names in the API, and what an empty body means."""

    path: tuple[str, ...]
    defaults: dict[str, Any] = {}


COMMANDS: dict[str, CommandRoute] = {
    "CancelReservation": CommandRoute(("cancel-reservation",)),
    "CertificateSigned": CommandRoute(("certificate-signed",)),
    "ChangeAvailability": CommandRoute(("change-availability",)),
    "ChangeConfiguration": CommandRoute(("change-configuration",)),
    "ClearCache": CommandRoute(("clear-cache",)),
    "ClearChargingProfile": CommandRoute(("clear-charging-profile",)),
    "DataTransfer": CommandRoute(("data-transfer",)),
    "DeleteCertificate": CommandRoute(("delete-certificate",)),
    "ExtendedTriggerMessage": CommandRoute(("extended-trigger-message",)),
    "GetCompositeSchedule": CommandRoute(("get-composite-schedule",)),
    "GetConfiguration": CommandRoute(("get-configuration",)),
    "GetDiagnostics": CommandRoute(("get-diagnostics",)),
    "GetInstalledCertificateIds": CommandRoute(("get-installed-certificate-ids",)),
    "GetLocalListVersion": CommandRoute(("get-local-list-version",)),
    "GetLog": CommandRoute(("get-log",)),
    "InstallCertificate": CommandRoute(("install-certificate",)),
    "RemoteStartTransaction": CommandRoute(("start-transaction", "remote-start-transaction")),
    "RemoteStopTransaction": CommandRoute(("stop-transaction", "remote-stop-transaction")),
    "ReserveNow": CommandRoute(("reserve-now",)),
    "Reset": CommandRoute(("reset",), {"type": "Soft"}),
    "SendLocalList": CommandRoute(("send-local-list",)),
    "SetChargingProfile": CommandRoute(("set-charging-profile",)),
    "SignedUpdateFirmware": CommandRoute(("signed-update-firmware",)),
    "TriggerMessage": CommandRoute(("trigger-message",)),
    "UnlockConnector": CommandRoute(("unlock-connector",)),
    "UpdateFirmware": CommandRoute(("update-firmware",)),
}

ANSWERS: dict[str, Callable[[Command, Payload, datetime], None]] = {
    "CancelReservation": reservations.cancel_reservation_answered,
    "CertificateSigned": security.certificate_signed_answered,
    "ClearChargingProfile": charging_profiles.clear_charging_profile_answered,
    "ChangeConfiguration": configuration.change_configuration_answered,
    "DeleteCertificate": security.delete_certificate_answered,
    "GetCompositeSchedule": charging_profiles.get_composite_schedule_answered,
    "GetConfiguration": configuration.get_configuration_answered,
    "GetDiagnostics": logs.get_diagnostics_answered,
    "GetInstalledCertificateIds": security.get_installed_certificate_ids_answered,
    "GetLocalListVersion": local_lists.get_local_list_version_answered,
    "GetLog": logs.get_log_answered,
    "InstallCertificate": security.install_certificate_answered,
    "ReserveNow": reservations.reserve_now_answered,
    "SendLocalList": local_lists.send_local_list_answered,
    "SignedUpdateFirmware": firmware.signed_update_firmware_answered,
    "UpdateFirmware": firmware.update_firmware_answered,
    "RemoteStartTransaction": remote.remote_start_transaction_answered,
    "RemoteStopTransaction": remote.remote_stop_transaction_answered,
    "SetChargingProfile": charging_profiles.profile_answered,
}
