"""Configuration templates over REST: /api/configuration-templates, and applying them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError as ModelError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock, scoping
from cms.shared.api import CamelCase, CamelCaseModel
from stations import selectors
from stations.api.batches import BatchSerializer, in_full
from stations.api.sites import SiteField
from stations.api.station_json import station_meant
from stations.models import ChargingStation, ConfigurationTemplate
from stations.models.templates import check_settings
from stations.services import templates

_MOST_NAMED = 1000


class TemplateSerializer(CamelCaseModel):
    """What the settings of the stations of one model should be."""

    settings = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=500, trim_whitespace=False),
        help_text="Keys with their values, all texts",
    )

    class Meta:
        model = ConfigurationTemplate
        fields = (
            "id",
            "name",
            "vendor",
            "model",
            "firmware",
            "settings",
            "note",
            "created_at",
            "updated_at",
        )

    def validate_settings(self, value: dict[str, str]) -> dict[str, str]:
        """Keys as OCPP allows them."""
        try:
            check_settings(value)
        except ModelError as error:
            raise serializers.ValidationError(error.messages) from None
        return value


class ApplySerializer(CamelCase):
    """Which stations: named ones, those of a site, or all of the template's model."""

    stations = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, max_length=_MOST_NAMED
    )
    site_id = SiteField(required=False)
    model = serializers.BooleanField(required=False, help_text="true: all the template is for")
    queue = serializers.IntegerField(
        min_value=1,
        max_value=86400,
        required=False,
        help_text="Seconds a command may wait for a station that is away; else it is passed over",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the three."""
        ways = [bool(attrs.get(name)) for name in ("stations", "site_id", "model")]
        if sum(ways) != 1:
            message = "give one of stations, siteId and model"
            raise serializers.ValidationError({"stations": [message]})
        return attrs


class PlanSerializer(CamelCase):
    """What applying a template would do."""

    stations = serializers.IntegerField()
    in_step = serializers.IntegerField(help_text="Stations that need nothing")
    away = serializers.IntegerField(help_text="Stations that are not connected")
    commands = serializers.IntegerField(help_text="Settings that would be sent")
    skipped = serializers.IntegerField(help_text="Settings that are read-only or unknown there")


class TemplateViews(GenericViewSet[ConfigurationTemplate]):
    """What stations should be."""

    model = ConfigurationTemplate
    queryset = ConfigurationTemplate.objects.all()
    serializer_class = TemplateSerializer

    def list(self, request: Request) -> Response:
        """All templates, page by page."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: TemplateSerializer})
    def create(self, request: Request) -> Response:
        """Add a template."""
        template = ConfigurationTemplate(**self._checked(request))
        return Response(self.get_serializer(templates.save(template=template)).data, status=201)

    def retrieve(self, request: Request, template_id: str) -> Response:
        """One template."""
        return Response(self.get_serializer(selectors.template(int(template_id))).data)

    def partial_update(self, request: Request, template_id: str) -> Response:
        """Change a template; what is not named stays, the settings are replaced as a whole."""
        template = selectors.template(int(template_id))
        for name, value in self._checked(request, template, partial=True).items():
            setattr(template, name, value)
        return Response(self.get_serializer(templates.save(template=template)).data)

    def destroy(self, request: Request, template_id: str) -> Response:
        """Forget a template."""
        templates.delete(template=selectors.template(int(template_id)))
        return Response(status=204)

    def _checked(self, request: Request, template: Any = None, **how: Any) -> dict[str, Any]:
        serializer = self.get_serializer(template, data=request.data, **how)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, Any] = serializer.validated_data
        return checked


class ApplyViews(GenericViewSet[ConfigurationTemplate]):
    """Make stations what a template says."""

    model = ConfigurationTemplate
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    permissions: ClassVar[dict[str, str]] = {"POST": "stations.add_commandbatch"}
    serializer_class = ApplySerializer

    @extend_schema(request=ApplySerializer, responses={200: PlanSerializer})
    def preview(self, request: Request, template_id: str) -> Response:
        """What it would do; nothing is sent."""
        template, stations, _ = self._meant(request, template_id)
        plan = templates.plan(template=template, stations=stations)
        return Response(PlanSerializer(plan).data)

    @extend_schema(request=ApplySerializer, responses={202: BatchSerializer})
    def create(self, request: Request, template_id: str) -> Response:
        """Send what differs, so many stations at a time; the batch says how it goes."""
        template, stations, queue_s = self._meant(request, template_id)
        batch = templates.apply(
            template=template,
            stations=stations,
            at=clock.now(),
            requested_by_id=request.user.pk,
            queue_s=queue_s,
        )
        return Response(in_full(batch), status=202)

    def _meant(
        self, request: Request, template_id: str
    ) -> tuple[ConfigurationTemplate, list[ChargingStation], int | None]:
        template = selectors.template(int(template_id))
        given = ApplySerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        checked = given.validated_data
        if checked.get("stations"):
            named = {cp_id.upper() for cp_id in checked["stations"]}
            stations = [station_meant(request, cp_id, "stations") for cp_id in sorted(named)]
        elif checked.get("site_id"):
            stations = list(checked["site_id"].stations.all()[: templates.MOST_STATIONS])
        else:
            stations = templates.of_model(template, limit=scoping.limit_of(request.user))
        return template, stations, checked.get("queue")
