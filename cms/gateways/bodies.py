"""What gateways elsewhere send: members nobody knows are passed over, as their backend did."""

from __future__ import annotations

from typing import Any, Final

from rest_framework import serializers

from cms.shared.api import CamelCase
from stations.models import ChargingStation, ConnectorStatus

UNKNOWN = "Unknown"  # what such a gateway says of what it was not told
GONE: Final = None
# What it says of a whole station, and what that is of connector 0 (docs/gateways.md)
STATUSES: dict[str, ConnectorStatus | None] = {
    "online": ConnectorStatus.AVAILABLE,
    "available": ConnectorStatus.AVAILABLE,
    "charging": ConnectorStatus.CHARGING,
    "occupied": ConnectorStatus.PREPARING,
    "unavailable": ConnectorStatus.UNAVAILABLE,
    "offline": GONE,
    "disconnected": GONE,
}
INCOMING, OUTGOING = "Incoming", "Outgoing"
_MOST_OUTLETS = 50
_MOST_AMOUNT: dict[str, Any] = {"max_digits": 15, "decimal_places": 4}


class _Lenient(CamelCase):
    """Without complaint about members it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        """Check and take over what is known."""
        return serializers.Serializer.to_internal_value(self, data)


def _needed(name: str) -> Any:
    """What is said where it is missing, in the words of that system."""
    return dict.fromkeys(("required", "null", "blank"), f"{name} is required")


def _as_of_a_socket(value: str) -> None:
    """No folder, and nothing that turns a line of the log around."""
    if not (value.strip(". ") and value.isprintable()):
        raise serializers.ValidationError("should be printable, and more than dots")


def _text(**options: Any) -> serializers.CharField:
    return serializers.CharField(
        **{"max_length": 255, "required": False, "allow_blank": True, "allow_null": True, **options}
    )


class EnsureBody(_Lenient):
    """A station, and what is known of it."""

    device_id = serializers.CharField(
        max_length=100,
        validators=[*ChargingStation._meta.get_field("cp_id").validators, _as_of_a_socket],
        error_messages=_needed("deviceId"),
    )
    name = _text(max_length=100)
    vendor = _text()
    model = _text()
    serial_number = _text()
    firmware_version = _text()
    meter_serial_number = _text()
    connector_count = serializers.IntegerField(
        min_value=0, max_value=_MOST_OUTLETS, required=False, allow_null=True
    )


class StatusBody(_Lenient):
    """How a station is; online, offline and disconnected are taken, too."""

    status = serializers.CharField(max_length=50, error_messages=_needed("status"))


class StopBody(_Lenient):
    """How a session ended. Amounts and energy are kept as what was said; the bill is ours."""

    status = _text(max_length=50)
    energy_consumed = serializers.DecimalField(**_MOST_AMOUNT, required=False, allow_null=True)
    final_amount = serializers.DecimalField(**_MOST_AMOUNT, required=False, allow_null=True)
    refund_amount = serializers.DecimalField(**_MOST_AMOUNT, required=False, allow_null=True)
    meter_start = serializers.IntegerField(
        min_value=-(2**53), max_value=2**53, required=False, allow_null=True, help_text="Wh"
    )
    meter_end = serializers.IntegerField(
        min_value=-(2**53), max_value=2**53, required=False, allow_null=True, help_text="Wh"
    )
    end_time = _text(max_length=64, help_text="ISO 8601; default: now")
    stop_reason = _text()


class MessageBody(_Lenient):
    """A frame; ``raw`` as it was on the wire, or what is needed to write it."""

    type = _text(help_text="OCPP")
    message = serializers.CharField(
        max_length=255, help_text="An action, or Response", error_messages=_needed("message")
    )
    message_id = _text()
    connector_id = serializers.IntegerField(required=False, allow_null=True)
    message_data = serializers.JSONField(required=False, allow_null=True)
    raw = serializers.JSONField(required=False, allow_null=True)
    direction = serializers.ChoiceField([INCOMING, OUTGOING], default=INCOMING)
    timestamp = _text(max_length=64, help_text="ISO 8601; default: now")
