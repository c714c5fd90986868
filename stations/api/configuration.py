"""A station's configuration over REST: its history, how reading it goes, and what differs."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel
from cms.shared.errors import NotFound
from stations import selectors
from stations.models import (
    ChargingStation,
    ConfigurationChange,
    ConfigurationRead,
    ConfigurationTemplate,
)
from stations.services import configuration_reads, templates


class ConfigurationChangeSerializer(CamelCaseModel):
    """A setting that became another one."""

    command_id = serializers.IntegerField(read_only=True, allow_null=True)
    changed_by = serializers.CharField(
        source="changed_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = ConfigurationChange
        fields = ("id", "key", "old_value", "new_value", "cause", "command_id", "changed_by", "at")
        read_only_fields = fields


class ConfigurationReadSerializer(CamelCaseModel):
    """How reading a station's whole configuration goes."""

    remaining = serializers.SerializerMethodField(help_text="Keys not asked for yet")
    unknown_keys = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The station has none of them"
    )
    reboot_required = serializers.SerializerMethodField(
        help_text="A setting it took counts only after its next boot"
    )

    class Meta:
        model = ConfigurationRead
        fields = (
            "state",
            "started_at",
            "finished_at",
            "next_at",
            "remaining",
            "unknown_keys",
            "error",
            "reboot_required",
        )
        read_only_fields = fields

    def get_remaining(self, read: ConfigurationRead) -> int:
        """How many."""
        return len(read.remaining)

    def get_reboot_required(self, read: ConfigurationRead) -> bool:
        """Whether it waits for a boot."""
        return read.station.reboot_required_at is not None


class DifferenceSerializer(CamelCase):
    """One key of a template at a station."""

    key = serializers.CharField()
    wanted = serializers.CharField()
    actual = serializers.CharField(allow_null=True, help_text="null: never read")
    verdict = serializers.ChoiceField(["same", "different", "missing", "readonly", "unknown"])


class DifferencesSerializer(CamelCase):
    """What differs at a station from a template."""

    template_id = serializers.IntegerField()
    template = serializers.CharField()
    in_step = serializers.BooleanField()
    settings = DifferenceSerializer(many=True)


class ConfigurationHistoryViews(GenericViewSet[ConfigurationChange]):
    """What became of the settings of a station."""

    model = ConfigurationChange
    queryset = ConfigurationChange.objects.none()
    serializer_class = ConfigurationChangeSerializer
    keyset = ("-id",)

    def list(self, request: Request, cp_id: str) -> Response:
        """All changes we know of, newest first."""
        rows = selectors.station_named(cp_id).configuration_changes.select_related("changed_by")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ConfigurationReadViews(GenericViewSet[ConfigurationRead]):
    """Reading the whole configuration of a station."""

    model = ConfigurationRead
    serializer_class = ConfigurationReadSerializer
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    permissions: ClassVar[dict[str, str]] = {"POST": "stations.add_command"}

    @extend_schema(filters=False)
    def retrieve(self, request: Request, cp_id: str) -> Response:
        """How far it got, or when it was done last."""
        return Response(self._shown(selectors.station_named(cp_id)))

    @extend_schema(request=None, responses={202: ConfigurationReadSerializer})
    def create(self, request: Request, cp_id: str) -> Response:
        """Read it now, in small steps; 409 for a station that is away or being read already."""
        station = selectors.station_named(cp_id)
        configuration_reads.read_now(
            station=station, at=clock.now(), requested_by_id=request.user.pk
        )
        return Response(self._shown(station), status=202)

    def _shown(self, station: ChargingStation) -> Any:
        read = ConfigurationRead.objects.filter(station=station).first()
        read = read or ConfigurationRead(station=station)
        read.station = station
        return self.get_serializer(read).data


class DifferenceViews(GenericViewSet[ConfigurationTemplate]):
    """How a station differs from what it should be."""

    model = ConfigurationTemplate
    serializer_class = DifferencesSerializer

    @extend_schema(
        filters=False,
        parameters=[
            OpenApiParameter(
                "template", int, description="Its id; without it the closest to the model"
            )
        ],
    )
    def retrieve(self, request: Request, cp_id: str) -> Response:
        """Each key of a template, compared with what the station told us; 404 without one."""
        station = selectors.station_named(cp_id)
        template = _template(request.query_params.get("template", ""), station)
        rows = templates.differences(template=template, stations=[station])[station.pk]
        shown = {
            "template_id": template.pk,
            "template": template.name,
            "in_step": all(row.verdict == templates.SAME for row in rows),
            "settings": [row._asdict() for row in rows],
        }
        return Response(DifferencesSerializer(shown).data)


def _template(number: str, station: ChargingStation) -> ConfigurationTemplate:
    if not number:
        found = templates.fitting(station)
        if not found:
            raise NotFound(
                "There is no template for the model of %(station)s", station=station.cp_id
            )
        return found[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ValidationError({"template": ["should be the id of a template"]})
    return selectors.template(int(number))
