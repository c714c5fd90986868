"""Tariffs over REST: /api/tariffs with their versions, and what they are assigned to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing import selectors
from billing.models import LEVELS, PLACES, Tariff, TariffAssignment, TariffVersion
from billing.services import tariffs
from cms.shared import clock, scoping
from cms.shared.api import CamelCaseModel
from rfid.models import CardGroup
from stations.models import ChargingStation, Connector, Site

_TARGETS: dict[str, Any] = {
    "connector": Connector,
    "station": ChargingStation,
    "site": Site,
    "card_group": CardGroup,
}


class TariffVersionSerializer(CamelCaseModel):
    """The terms of a tariff from a moment on; they never change (docs/tariffs.md)."""

    terms = serializers.DictField(help_text="The document of docs/tariffs.md")

    class Meta:
        model = TariffVersion
        fields = ("id", "number", "terms", "valid_from", "published_at")
        read_only_fields = ("number", "published_at")
        extra_kwargs: ClassVar[dict[str, Any]] = {"valid_from": {"required": False}}


class TariffAssignmentSerializer(CamelCaseModel):
    """Where a tariff counts; the number of its target, none for ``everywhere``."""

    level = serializers.ChoiceField([(level, level) for level in LEVELS])
    target_id = serializers.IntegerField(
        min_value=1, required=False, allow_null=True, help_text="Absent for everywhere"
    )

    class Meta:
        model = TariffAssignment
        fields = ("id", "level", "target_id", "created_at")

    def to_representation(self, instance: TariffAssignment) -> Any:
        """With the number of what it is assigned to."""
        instance.target_id = (  # type: ignore[attr-defined]
            None if instance.everywhere else getattr(instance, f"{instance.level}_id")
        )
        return super().to_representation(instance)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The target itself."""
        level, number = attrs["level"], attrs.get("target_id")
        user = self.context["request"].user
        if level not in PLACES and scoping.limit_of(user) is not None:
            message = f"should be one of {', '.join(PLACES)}"  # the rest counts at every site
            raise serializers.ValidationError({"level": [message]})
        if level == LEVELS[-1]:
            return {"level": level}
        model = get_user_model() if level == "user" else _TARGETS[level]
        target = scoping.visible(user, model.objects.filter(pk=number or 0)).first()
        if target is None:
            raise serializers.ValidationError({"targetId": [f"should be the id of a {level}"]})
        return {"level": level, "target": target}


class TariffSerializer(CamelCaseModel):
    """A tariff with the version that was published last."""

    terms = serializers.DictField(write_only=True, help_text="The document of docs/tariffs.md")
    valid_from = serializers.DateTimeField(
        write_only=True, required=False, help_text="From when on; absent: now"
    )
    version = serializers.SerializerMethodField()

    class Meta:
        model = Tariff
        fields = ("id", "name", "currency", "note", "terms", "valid_from", "version", "created_at")
        read_only_fields = ("currency",)
        extra_kwargs: ClassVar[dict[str, Any]] = {"name": {"validators": []}}

    @extend_schema_field(TariffVersionSerializer(allow_null=True))
    def get_version(self, tariff: Tariff) -> Any:
        """The newest one."""
        versions = tariff.newest  # type: ignore[attr-defined]
        return TariffVersionSerializer(versions[0]).data if versions else None


class TariffViews(GenericViewSet[Tariff]):
    """What charging costs."""

    model = Tariff
    queryset = Tariff.objects.all()
    serializer_class = TariffSerializer
    keyset = ("name",)

    def get_queryset(self) -> Any:
        """With the newest version of each."""
        return selectors.tariffs()

    def list(self, request: Request) -> Response:
        """All tariffs, page by page."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: TariffSerializer})
    def create(self, request: Request) -> Response:
        """A new tariff with its first version; 409 where the name is taken."""
        given = self._checked(request, TariffSerializer)
        made = tariffs.define(**given, at=clock.now(), by_id=request.user.pk)
        return Response(self.get_serializer(selectors.tariff(made.tariff_id)).data, status=201)

    def retrieve(self, request: Request, tariff_id: str) -> Response:
        """One tariff."""
        return Response(self.get_serializer(selectors.tariff(int(tariff_id))).data)

    def _checked(self, request: Request, kind: Any) -> dict[str, Any]:
        serializer = kind(data=request.data)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, Any] = serializer.validated_data
        return checked


class VersionViews(GenericViewSet[TariffVersion]):
    """The versions of a tariff."""

    model = TariffVersion
    queryset = TariffVersion.objects.all()
    keyset = ("-number",)
    serializer_class = TariffVersionSerializer

    def list(self, request: Request, tariff_id: str) -> Response:
        """All of them, the newest first."""
        page = self.paginate_queryset(selectors.versions(int(tariff_id)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: TariffVersionSerializer})
    def create(self, request: Request, tariff_id: str) -> Response:
        """Publish new terms, for sessions that begin from then on."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        version = tariffs.publish(
            tariff_id=int(tariff_id),
            **serializer.validated_data,
            at=clock.now(),
            by_id=request.user.pk,
        )
        return Response(self.get_serializer(version).data, status=201)


class AssignmentViews(GenericViewSet[TariffAssignment]):
    """Where a tariff counts."""

    model = TariffAssignment
    queryset = TariffAssignment.objects.all()
    serializer_class = TariffAssignmentSerializer

    def list(self, request: Request, tariff_id: str) -> Response:
        """What it is assigned to."""
        page = self.paginate_queryset(selectors.assignments(int(tariff_id)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: TariffAssignmentSerializer})
    def create(self, request: Request, tariff_id: str) -> Response:
        """Let it count there for new sessions; what was assigned there before gives way."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        tariff = selectors.tariff(int(tariff_id))
        made = tariffs.assign(tariff=tariff, **serializer.validated_data)
        return Response(self.get_serializer(made).data, status=201)

    def destroy(self, request: Request, tariff_id: str, assignment_id: str) -> Response:
        """New sessions there have the next less specific tariff, if any."""
        tariffs.unassign(assignment=selectors.assignment(int(tariff_id), int(assignment_id)))
        return Response(status=204)
