"""What a station looks like in JSON, read and written."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cms.shared import scoping
from cms.shared.api import CamelCase, CamelCaseModel
from rfid.models import RfidCard
from stations.api.connectors import ConnectorSerializer
from stations.api.opening_hours import OpeningHoursSerializer
from stations.api.sites import SiteField
from stations.models import ChargingStation, ConfigurationKey, Site
from stations.services import enrolment, opening_hours

_MOST_CARDS = 500  # of one person


def station_meant(request: Any, cp_id: str, field: str) -> ChargingStation:
    """The station a filter or a body names in ``field``; one the caller cannot see is a 400.

    Raises ValidationError: a misspelt name must not look like a station without anything.
    """
    station = scoping.visible(request.user, ChargingStation.objects.named(cp_id)).first()
    if station is None:
        raise serializers.ValidationError({field: [f"there is no station {cp_id}"]})
    return station


def cards_meant(number: Any) -> list[tuple[int, str]]:
    """The cards of the user a filter names by number: theirs, and the id tags in capitals."""
    if number != int(number) or not 0 < number < 2**63:
        return []
    found = RfidCard.objects.filter(user=int(number)).order_by("pk")
    rows = found.values_list("pk", "id_tag")[:_MOST_CARDS]
    return [(card, tag.upper()) for card, tag in rows]


class SiteSerializer(CamelCaseModel):
    """The place a station stands at."""

    latitude = serializers.FloatField(read_only=True, allow_null=True)
    longitude = serializers.FloatField(read_only=True, allow_null=True)
    opening_hours = serializers.SerializerMethodField(
        help_text="As OCPI 2.2.1 Hours; null: nobody said"
    )

    @extend_schema_field(OpeningHoursSerializer(allow_null=True))
    def get_opening_hours(self, site: Site) -> Any:
        """In OCPI's shape, exceptions in UTC."""
        hours = opening_hours.as_ocpi(site.opening_hours, site.zone)
        return None if hours is None else OpeningHoursSerializer(hours).data

    class Meta:
        model = Site
        fields = (
            "id",
            "name",
            "address",
            "city",
            "postal_code",
            "country",
            "latitude",
            "longitude",
            "time_zone",
            "opening_hours",
        )


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "minLength": 16, "maxLength": 40},
            {"type": "boolean", "enum": [True]},
        ],
        "description": "The station's key, or true: one is made and shown in the answer, once",
    }
)
class KeyField(serializers.Field[Any, Any, Any, Any]):
    """A station key to set, or ``true``: make one."""

    def to_internal_value(self, data: Any) -> str:
        """The key, or GENERATE. Its length and characters are the service's to judge."""
        if data is True or data == enrolment.GENERATE:
            return enrolment.GENERATE
        if not isinstance(data, str):
            raise serializers.ValidationError('should be a text, or true for "make one"')
        return data

    def to_representation(self, value: Any) -> str:
        """Only ever a key that was just made."""
        return str(value)


class StationSerializer(CamelCaseModel):
    """A station. ``site`` is read, ``siteId`` is written."""

    ocpp_identifier = serializers.CharField(
        source="cp_id",
        validators=list(ChargingStation._meta.get_field("cp_id").validators),
        help_text="The last part of the URL the station connects to; letter case does not count",
    )
    status = serializers.SerializerMethodField()
    is_connected = serializers.SerializerMethodField()
    charge_point_status = serializers.CharField(
        source="own_status",
        read_only=True,
        allow_null=True,
        help_text="What the station last said of itself (connector 0)",
    )
    heartbeat_interval = serializers.IntegerField(
        source="heartbeat_interval_s",
        min_value=10,
        max_value=86400,
        allow_null=True,
        required=False,
        help_text="Seconds; null: the system's own",
    )
    site = SiteSerializer(read_only=True, allow_null=True)
    site_id = SiteField(source="site", allow_null=True, required=False, write_only=True)
    security_profile = serializers.IntegerField(
        min_value=0,
        max_value=3,
        allow_null=True,
        required=False,
        help_text="The least it must connect with; null: its key, where it has one",
    )
    connected_profile = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="What it proved when it connected last"
    )
    pending_profile = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="What it was told to change to, and has not yet"
    )
    has_authorization_key = serializers.SerializerMethodField()
    last_heartbeat_at = serializers.DateTimeField(
        source="last_seen_at",
        read_only=True,
        allow_null=True,
        help_text="When the station last sent anything: every message is a sign of life",
    )
    connectors = ConnectorSerializer(source="outlets", many=True, read_only=True)

    class Meta:
        model = ChargingStation
        fields: tuple[str, ...] = (
            "id",
            "ocpp_identifier",
            "name",
            "vendor",
            "model",
            "serial_number",
            "charge_box_serial_number",
            "firmware_version",
            "iccid",
            "imsi",
            "meter_type",
            "meter_serial_number",
            "status",
            "is_connected",
            "charge_point_status",
            "registration",
            "protocol",
            "heartbeat_interval",
            "time_zone",
            "site",
            "site_id",
            "has_authorization_key",
            "security_profile",
            "connected_profile",
            "pending_profile",
            "connected_at",
            "disconnected_at",
            "last_heartbeat_at",
            "last_boot_at",
            "created_at",
            "updated_at",
            "connectors",
        )
        read_only_fields = (
            "charge_box_serial_number",
            "iccid",
            "imsi",
            "meter_type",
            "meter_serial_number",
            "protocol",
            "connected_profile",
            "pending_profile",
            "connected_at",
            "disconnected_at",
            "last_boot_at",
        )

    @extend_schema_field({"type": "string", "enum": ["ONLINE", "OFFLINE"]})
    def get_status(self, station: ChargingStation) -> str:
        """Whether the station was heard from lately."""
        return "ONLINE" if station.online else "OFFLINE"

    def get_is_connected(self, station: ChargingStation) -> bool:
        """Whether it is online with an open socket."""
        return station.online and station.connection_id != ""

    def get_has_authorization_key(self, station: ChargingStation) -> bool:
        """Whether it must present a key to connect."""
        return station.key_hash != ""


class EnrolmentSerializer(StationSerializer):
    """A station to add or change, and what became of it: with its key, if one was made."""

    authorization_key = KeyField(required=False)

    class Meta(StationSerializer.Meta):
        fields: tuple[str, ...] = (*StationSerializer.Meta.fields, "authorization_key")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The identity of a station stays; a member that is only read is not written."""
        if self.instance:
            known = self.instance.cp_id
            if attrs.pop("cp_id", known).upper() != known.upper():
                message = "cannot be changed; add a new station"
                raise serializers.ValidationError({"ocppIdentifier": [message]})
        return attrs


class ConnectedSerializer(CamelCase):
    """Who is connected."""

    connected_stations = serializers.ListField(child=serializers.CharField())


class StationKeySerializer(CamelCase):
    """A station's key, shown once."""

    authorization_key = serializers.CharField()


class ConfigurationKeySerializer(CamelCaseModel):
    """A setting of a station, as it last told us."""

    class Meta:
        model = ConfigurationKey
        fields = ("key", "value", "readonly", "read_at")
