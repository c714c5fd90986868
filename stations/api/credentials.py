"""Keys and security profiles over REST: a station is given a new key, or taken to a profile."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters
from stations import selectors
from stations.api.commands import (
    IDEMPOTENCY_KEY,
    LOCATION,
    QUEUE,
    WAIT,
    CommandFailure,
    StillOpen,
    answered,
    asked,
    asked_now,
    same_command,
)
from stations.api.errands import of_station
from stations.models import Command, ProfileUpgrade, UpgradeOutcome
from stations.services import asking, rotation, upgrades

_CHANGE = "stations.change_chargingstation"


class Rotating(CamelCase):
    """Which key; left out, one nobody can guess is made."""

    authorization_key = serializers.CharField(
        min_length=16, max_length=40, required=False, trim_whitespace=False
    )


class Rotated(CamelCase):
    """What the station answered: Accepted, RebootRequired, Rejected or NotSupported."""

    status = serializers.CharField()


class Upgrading(CamelCase):
    """Which profile; higher than the one the station has."""

    security_profile = serializers.IntegerField(min_value=1, max_value=3)


class UpgradeSerializer(CamelCaseModel):
    """A station on its way to a higher profile: key or certificate first, then the profile."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    from_profile = serializers.IntegerField(read_only=True)
    to_profile = serializers.IntegerField(read_only=True)
    command_id = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="What the station is asked in this step"
    )
    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = ProfileUpgrade
        fields = (
            "id",
            "station_identifier",
            "from_profile",
            "to_profile",
            "step",
            "step_at",
            "command_id",
            "outcome",
            "reason",
            "requested_at",
            "requested_by",
            "ended_at",
        )
        read_only_fields = fields


class UpgradeFilters(Filters):
    """Which upgrades."""

    station = CharFilter(method="at_station", label="The station's identity")
    outcome = ChoiceFilter(choices=UpgradeOutcome.choices)

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class KeyRotationViews(GenericViewSet[Command]):
    """A new key for a station, sent to it."""

    model = Command
    serializer_class = Rotated
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    permissions: ClassVar[dict[str, str]] = {"POST": _CHANGE}

    @extend_schema(
        request=Rotating,
        parameters=[WAIT, QUEUE, IDEMPOTENCY_KEY, LOCATION],
        responses={
            200: Rotated,
            202: OpenApiResponse(StillOpen, "No answer yet"),
            502: OpenApiResponse(CommandFailure, "The station answered with an error"),
            504: OpenApiResponse(CommandFailure, "The station did not answer in time"),
        },
        operation_id="stations_key_rotate",
    )
    def create(self, request: Request, cp_id: str) -> Response:
        """Tell the station to use a new key; until it does, the old one is taken as well."""
        station, how = selectors.station_named(cp_id), asked(request)
        said = Rotating(data=request.data)
        said.is_valid(raise_exception=True)
        by = asking.Request(clock.now(), request.user.pk, how.queue_for, how.idempotency_key)
        key = said.validated_data.get("authorization_key")
        command = rotation.rotate(station=station, key=key, request=by)
        payload = {"key": "AuthorizationKey", "value": ""}
        same_command(command, station, "ChangeConfiguration", payload)
        return answered(command, wait=how.wait)


class UpgradeViews(GenericViewSet[ProfileUpgrade]):
    """Stations on their way to a higher security profile, newest first."""

    model = ProfileUpgrade
    queryset = ProfileUpgrade.objects.none()
    serializer_class = UpgradeSerializer
    filterset_class = UpgradeFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)
    scopes: ClassVar[dict[str, str]] = {"POST": "control"}
    permissions: ClassVar[dict[str, str]] = {"POST": _CHANGE}

    def list(self, request: Request) -> Response:
        """All of them, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.profile_upgrades()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, upgrade_id: str) -> Response:
        """One of them: the step it is at, and how it ended."""
        return self._shown(int(upgrade_id), 200)

    @extend_schema(
        request=Upgrading,
        parameters=[IDEMPOTENCY_KEY, LOCATION],
        responses={202: UpgradeSerializer},
        operation_id="stations_security_profile",
    )
    def create(self, request: Request, cp_id: str) -> Response:
        """Take the station to a higher profile; GET the Location to see how it goes."""
        station, how = selectors.station_named(cp_id), asked_now(request)
        said = Upgrading(data=request.data)
        said.is_valid(raise_exception=True)
        by = asking.Request(clock.now(), request.user.pk, None, how.idempotency_key)
        profile = said.validated_data["security_profile"]
        upgrade = upgrades.begin(station=station, profile=profile, request=by)
        return self._shown(upgrade.pk, 202)

    def _shown(self, upgrade_id: int, status: int) -> Response:
        upgrade = selectors.profile_upgrade(upgrade_id)
        response = Response(self.get_serializer(upgrade).data, status=status)
        response["Location"] = reverse("profile-upgrade", args=(upgrade.pk,))
        return response
