"""Charging profiles over REST: /api/charging-profiles, in the words of OCPP."""

from __future__ import annotations

from typing import Any, ClassVar

from django_filters import ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCase, CamelCaseModel, Filters
from stations import selectors
from stations.models import ChargingProfile, ProfilePurpose
from stations.models.charging_profiles import ProfileKind, RateUnit, RecurrencyKind
from stations.services import charging_profiles


class PeriodSerializer(CamelCase):
    """From ``startPeriod`` on (seconds after the start) at most ``limit``."""

    start_period = serializers.IntegerField()
    limit = serializers.FloatField(help_text="In the rate unit, with one decimal at most")
    number_phases = serializers.IntegerField(required=False, help_text="1 to 3; absent: 3")

    def to_internal_value(self, data: Any) -> Any:
        """The row as it is stored and sent: in OCPP's spelling."""
        row = super().to_internal_value(data)
        limit = row["limit"]
        made = {
            "startPeriod": row["start_period"],
            "limit": int(limit) if limit.is_integer() else limit,
        }
        return {**made, "numberPhases": row["number_phases"]} if "number_phases" in row else made

    def to_representation(self, instance: Any) -> Any:
        """It is in OCPP's spelling already."""
        return instance


class ScheduleSerializer(CamelCase):
    """chargingSchedule."""

    duration = serializers.IntegerField(
        source="duration_s", required=False, allow_null=True, min_value=1, max_value=2**31 - 1
    )
    start_schedule = serializers.DateTimeField(required=False, allow_null=True)
    charging_rate_unit = serializers.ChoiceField(RateUnit.choices, source="rate_unit")
    charging_schedule_period = PeriodSerializer(many=True, source="periods")
    min_charging_rate = serializers.FloatField(source="min_rate", required=False, allow_null=True)


class ProfileSerializer(CamelCaseModel):
    """A limit over time, by a name. ``id`` is ours: each station has its own chargingProfileId."""

    stack_level = serializers.IntegerField(default=0, max_value=2**31 - 1)
    charging_profile_purpose = serializers.ChoiceField(ProfilePurpose.choices, source="purpose")
    charging_profile_kind = serializers.ChoiceField(ProfileKind.choices, source="kind")
    recurrency_kind = serializers.ChoiceField(
        RecurrencyKind.choices,
        source="recurrency",
        required=False,
        allow_blank=True,
    )
    charging_schedule = ScheduleSerializer(source="*")

    class Meta:
        model = ChargingProfile
        fields = (
            "id",
            "name",
            "stack_level",
            "charging_profile_purpose",
            "charging_profile_kind",
            "recurrency_kind",
            "valid_from",
            "valid_to",
            "charging_schedule",
            "created_at",
            "updated_at",
        )
        extra_kwargs: ClassVar[dict[str, Any]] = {
            "name": {"validators": []}
        }  # the service says who has it


class ProfileFilters(Filters):
    """Which profiles."""

    purpose = ChoiceFilter(choices=ProfilePurpose.choices)


class ProfileViews(GenericViewSet[ChargingProfile]):
    """Limits over time, to be used at any number of stations."""

    model = ChargingProfile
    queryset = ChargingProfile.objects.all()
    serializer_class = ProfileSerializer
    filterset_class = ProfileFilters
    keyset = ("name",)

    def list(self, request: Request) -> Response:
        """All profiles, page by page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: ProfileSerializer})
    def create(self, request: Request) -> Response:
        """Define one; 409 where the name is taken."""
        profile = charging_profiles.define(**self._checked(request))
        return Response(self.get_serializer(profile).data, status=201)

    def retrieve(self, request: Request, profile_id: str) -> Response:
        """One profile."""
        return Response(self.get_serializer(selectors.charging_profile(int(profile_id))).data)

    def update(self, request: Request, profile_id: str) -> Response:
        """Change it for later use; stations keep what they have of it."""
        return self._changed(request, profile_id)

    @extend_schema(request=ProfileSerializer(partial=True))
    def partial_update(self, request: Request, profile_id: str) -> Response:
        """The same; what is not named stays as it is."""
        return self._changed(request, profile_id, partial=True)

    def destroy(self, request: Request, profile_id: str) -> Response:
        """Forget it; stations keep what they have of it."""
        charging_profiles.delete(profile=selectors.charging_profile(int(profile_id)))
        return Response(status=204)

    def _changed(self, request: Request, profile_id: str, **how: Any) -> Response:
        profile = selectors.charging_profile(int(profile_id))
        profile = charging_profiles.change(
            profile=profile, **self._checked(request, profile, **how)
        )
        return Response(self.get_serializer(profile).data)

    def _checked(self, request: Request, profile: Any = None, **how: Any) -> dict[str, Any]:
        serializer = self.get_serializer(profile, data=request.data, **how)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, Any] = serializer.validated_data
        return checked
