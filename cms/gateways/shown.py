"""Stations and sessions as the OCPP WebSocket Service's backend showed them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing import selectors
from billing.models import SessionTariff
from billing.rating.terms import ALWAYS, Kind, Terms
from billing.services import holds, tariffs
from cms.gateways.bodies import UNKNOWN
from cms.shared.api import CamelCase
from stations import by_now
from stations.models import ChargingSession, ChargingStation, ConnectorStatus

AVAILABLE, CHARGING, OCCUPIED, UNAVAILABLE = "Available", "Charging", "Occupied", "Unavailable"
_TAKEN = {
    ConnectorStatus.PREPARING,
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
    ConnectorStatus.FINISHING,
    ConnectorStatus.RESERVED,
}
_OUT = {ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED}
_BY_ITSELF = ("Local", "EVDisconnected")
_NO_ERROR = ("", "NoError")


class ChargerSerializer(CamelCase):
    """A station (``selectors.station_in_full``). What is not kept here is null."""

    id = serializers.IntegerField(source="pk")
    device_id = serializers.CharField(source="cp_id")
    name = serializers.SerializerMethodField()
    location = serializers.SerializerMethodField(help_text="The name of its site")
    vendor = serializers.SerializerMethodField(help_text="Unknown where nobody said")
    model = serializers.SerializerMethodField()
    serial_number = serializers.SerializerMethodField()
    firmware_version = serializers.SerializerMethodField()
    meter_serial_number = serializers.SerializerMethodField()
    connector_count = serializers.SerializerMethodField()
    power_rating = serializers.SerializerMethodField(help_text="kW, of its strongest connector")
    voltage = serializers.FloatField(default=None, allow_null=True)
    current = serializers.FloatField(default=None, allow_null=True)
    energy_consumption = serializers.FloatField(default=None, allow_null=True)
    status = serializers.SerializerMethodField()
    error_code = serializers.SerializerMethodField()
    vendor_id = serializers.SerializerMethodField()
    installation_date = serializers.DateTimeField(default=None, allow_null=True)
    last_seen = serializers.DateTimeField(source="last_seen_at", allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_name(self, station: ChargingStation) -> str:
        """What it is called; else its identity."""
        return station.name or station.cp_id

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_location(self, station: ChargingStation) -> str | None:
        """Where it stands."""
        return station.site.name if station.site else None

    def get_vendor(self, station: ChargingStation) -> str:
        """Who made it."""
        return station.vendor or UNKNOWN

    def get_model(self, station: ChargingStation) -> str:
        """Which one of theirs."""
        return station.model or UNKNOWN

    def get_serial_number(self, station: ChargingStation) -> str:
        """Of the station."""
        return station.serial_number or UNKNOWN

    def get_firmware_version(self, station: ChargingStation) -> str:
        """Its firmware."""
        return station.firmware_version or UNKNOWN

    def get_meter_serial_number(self, station: ChargingStation) -> str:
        """Of its meter."""
        return station.meter_serial_number or UNKNOWN

    def get_connector_count(self, station: Any) -> int:
        """How many outlets are known."""
        return len(station.outlets)

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_power_rating(self, station: Any) -> float | None:
        """The most that one of its connectors gives."""
        most = max((outlet.max_power_w or 0 for outlet in station.outlets), default=0)
        return most / 1000 if most else None

    @extend_schema_field(serializers.ChoiceField([AVAILABLE, CHARGING, OCCUPIED, UNAVAILABLE]))
    def get_status(self, station: ChargingStation) -> str:
        """One word for all of it."""
        return status(station)

    def get_error_code(self, station: Any) -> str:
        """The first one that an outlet has."""
        codes = (outlet.error_code for outlet in station.outlets)
        return next((code for code in codes if code not in _NO_ERROR), "NoError")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_vendor_id(self, station: Any) -> str | None:
        """The first one that an outlet named."""
        return next((outlet.vendor_id for outlet in station.outlets if outlet.vendor_id), None)


class GatewayTariffSerializer(CamelCase):
    """The price of a kWh and the tax on it (percent); null where the tariff is not that simple."""

    base_charges = serializers.FloatField(allow_null=True)
    tax = serializers.FloatField(allow_null=True)


class GatewayPointSerializer(CamelCase):
    """The connector of a session."""

    device_id = serializers.CharField()
    connector_id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    tariff = GatewayTariffSerializer(allow_null=True)


class GatewaySessionSerializer(CamelCase):
    """A session. Registers are Wh; ``amountDeducted`` is what is held for it."""

    id = serializers.IntegerField()
    session_id = serializers.CharField()
    device_id = serializers.CharField()
    connector_id = serializers.IntegerField(allow_null=True)
    transaction_id = serializers.IntegerField()
    customer_id = serializers.IntegerField(allow_null=True)
    amount_deducted = serializers.FloatField()
    meter_start = serializers.IntegerField(allow_null=True)
    meter_end = serializers.IntegerField(allow_null=True)
    energy_consumed = serializers.FloatField(help_text="kWh")
    status = serializers.ChoiceField(["active", "completed", "stopped", "failed"])
    start_time = serializers.DateTimeField(allow_null=True)
    end_time = serializers.DateTimeField(allow_null=True)
    stop_reason = serializers.CharField(allow_null=True)
    charging_point = GatewayPointSerializer()


def status(station: Any) -> str:
    """What a station, with its outlets, is in the four words of that system."""
    said = {station.own_status, *(outlet.status for outlet in station.outlets)}
    outlets = {outlet.status for outlet in station.outlets}
    if not station.online or station.own_status in _OUT or (outlets and outlets <= _OUT):
        return UNAVAILABLE
    if ConnectorStatus.CHARGING in said:
        return CHARGING
    return OCCUPIED if said & _TAKEN else AVAILABLE


def sessions(rows: Sequence[ChargingSession]) -> list[dict[str, Any]]:
    """``rows`` (with station, connector and card) as they are shown; three queries for all."""
    by_now.catch_up(rows)
    held = selectors.held_for(holds.reference(row.pk) for row in rows)
    frozen = SessionTariff.objects.filter(session__in=[row.pk for row in rows])
    prices = {row.session_id: row.version for row in frozen.select_related("version__tariff")}
    return [
        dict(GatewaySessionSerializer(_session(row, held, prices.get(row.pk))).data) for row in rows
    ]


def _session(row: ChargingSession, held: dict[str, Decimal], version: Any) -> dict[str, Any]:
    number = row.connector.connector_id if row.connector else None
    return {
        "id": row.pk,
        "session_id": str(row.pk),
        "device_id": row.station.cp_id,
        "connector_id": number,
        "transaction_id": row.pk,
        "customer_id": row.card.user_id if row.card else None,
        "amount_deducted": held.get(holds.reference(row.pk), Decimal(0)),
        "meter_start": row.meter_start_wh,
        "meter_end": row.meter_stop_wh,
        "energy_consumed": row.energy_wh / 1000,
        "status": _state(row),
        "start_time": row.started_at,
        "end_time": None if row.is_open else row.stopped_at,
        "stop_reason": row.stop_reason or None,
        "charging_point": {
            "device_id": row.station.cp_id,
            "connector_id": number,
            "name": row.station.name or row.station.cp_id,
            "tariff": None if version is None else _simple(tariffs.terms_of(version)),
        },
    }


def _state(row: ChargingSession) -> str:
    """Completed by who charges, or stopped by something else."""
    if row.is_open:
        return "active"
    return "completed" if row.stop_reason in _BY_ITSELF else "stopped"


def _simple(terms: Terms) -> dict[str, Any]:
    """The price of energy without tax, where it is the same at all times."""
    found = [one for _, one in terms.of_kind.get(Kind.ENERGY, ())]
    if len(found) != 1 or found[0].when != ALWAYS:
        return {"base_charges": None, "tax": None}
    [one], tax = found, terms.rate(found[0])
    net = one.price / (1 + tax / 100) if terms.tax_included else one.price
    return {"base_charges": net, "tax": tax}
