"""Serializers whose fields are snake_case in Python and camelCase in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cms.shared.api.names import camel


class CamelCase(serializers.Serializer[Any]):
    """Turns the names of its fields around, and refuses members it does not know."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """The fields by the names they have in JSON."""
        return {camel(name): _sourced(name, field) for name, field in super().get_fields().items()}

    def to_internal_value(self, data: Any) -> Any:
        """Check and take over ``data``; a misspelt member is an error, not a silent nothing."""
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError({name: ["is not known here"] for name in unknown})
        return super().to_internal_value(data)


class CamelCaseModel(CamelCase, serializers.ModelSerializer[Any]):
    """The same for the fields of a model."""


@extend_schema_field(float)
class Kilo(serializers.Field[Any, Any, float, int]):
    """A whole number of units, shown in thousands of them: Wh as kWh, W as kW. Read only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> float:
        """``value`` / 1000: three decimals, and nothing is lost."""
        return round(value / 1000, 3)


class Shouted(serializers.ChoiceField):
    """A choice, shown in capitals as the prior gateway wrote it. Read only."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        shouted = [(str(value).upper(), label) for value, label in choices]
        super().__init__(shouted, read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """``value`` in capitals."""
        return str(value).upper()


def _sourced(
    name: str, field: serializers.Field[Any, Any, Any, Any]
) -> serializers.Field[Any, Any, Any, Any]:
    """``field``, knowing the snake_case name it reads and writes."""
    if camel(name) != name:
        if isinstance(field, serializers.SerializerMethodField):
            field.method_name = field.method_name or f"get_{name}"
        elif field.source is None:
            field.source = name
    return field
