"""Charging profiles of a station over REST: assigned, answered, cleared, and read back."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import reverse
from django_filters import ChoiceFilter, NumberFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters
from cms.shared.errors import Conflict
from stations import selectors, waiting
from stations.api.commands import (
    IDEMPOTENCY_KEY,
    QUEUE,
    WAIT,
    CommandFailure,
    asked,
    unanswered,
)
from stations.models import (
    AssignmentState,
    ChargingProfile,
    Command,
    CommandStatus,
    CompositeSchedule,
    ProfileAssignment,
    ProfilePurpose,
)
from stations.models.connectors import MAX_CONNECTOR_ID
from stations.services import assignments
from stations.services.assignments import Asker


class AssignmentSerializer(CamelCaseModel):
    """A profile as a station got it. ``connectorId`` 0 is the whole station."""

    charging_profile_id = serializers.IntegerField(
        source="number", read_only=True, help_text="OCPP's number of it at this station"
    )
    profile_id = serializers.IntegerField(read_only=True, allow_null=True)
    profile_name = serializers.CharField(
        source="profile.name", read_only=True, allow_null=True, default=None
    )
    connector_id = serializers.IntegerField(
        source="connector.connector_id", read_only=True, allow_null=True, default=None
    )
    charging_profile_purpose = serializers.ChoiceField(
        ProfilePurpose.choices, source="purpose", read_only=True
    )
    session_id = serializers.IntegerField(read_only=True, allow_null=True)
    command_id = serializers.IntegerField(read_only=True, allow_null=True)
    sent = serializers.DictField(read_only=True, help_text="csChargingProfiles")

    class Meta:
        model = ProfileAssignment
        fields = (
            "id",
            "charging_profile_id",
            "profile_id",
            "profile_name",
            "connector_id",
            "session_id",
            "charging_profile_purpose",
            "stack_level",
            "state",
            "answer",
            "sent",
            "requested_at",
            "answered_at",
            "ended_at",
            "command_id",
        )
        read_only_fields = fields


class AssignmentRequest(CamelCase):
    """Which profile, and where."""

    profile_id = serializers.PrimaryKeyRelatedField(
        source="profile", queryset=ChargingProfile.objects.all()
    )
    connector_id = serializers.IntegerField(
        min_value=0, max_value=MAX_CONNECTOR_ID, help_text="0: the whole station"
    )


class AssignmentFilters(Filters):
    """Which of them."""

    state = ChoiceFilter(choices=AssignmentState.choices)
    purpose = ChoiceFilter(choices=ProfilePurpose.choices)
    connector_id = NumberFilter(field_name="connector__connector_id")


_LOCATION = OpenApiParameter(
    "Location",
    OpenApiTypes.URI_REF,
    OpenApiParameter.HEADER,
    description="The assignment",
    response=[200, 201, 202],
)
_FAILURES: dict[int, Any] = {502: CommandFailure, 504: CommandFailure}
_HOW = [WAIT, QUEUE, IDEMPOTENCY_KEY, _LOCATION]


class AssignmentViews(GenericViewSet[ProfileAssignment]):
    """The charging profiles a station was given, newest first."""

    model = ProfileAssignment
    queryset = ProfileAssignment.objects.none()
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilters
    keyset = ("-id",)
    scopes: ClassVar[dict[str, str]] = {"POST": "control", "DELETE": "control"}
    permissions: ClassVar[dict[str, str]] = {
        "POST": "stations.add_command",
        "DELETE": "stations.add_command",
    }

    def list(self, request: Request, cp_id: str) -> Response:
        """All of them, page by page; ``?state=Accepted`` shows those in force."""
        rows = selectors.profile_assignments().filter(station=selectors.station_named(cp_id))
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=AssignmentRequest,
        parameters=_HOW,
        responses={201: AssignmentSerializer, 202: AssignmentSerializer, **_FAILURES},
    )
    def create(self, request: Request, cp_id: str) -> Response:
        """Assign a profile (SetChargingProfile) and wait for the station's answer.

        201 once it answered; `state` says whether it is in force (Accepted) or why not. A
        TxProfile is for the session under way at the connector.
        """
        station, how = selectors.station_named(cp_id), asked(request)
        wanted = AssignmentRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        profile = wanted.validated_data["profile"]
        connector_id = wanted.validated_data["connector_id"]
        made = assignments.assign(
            profile=profile,
            station=station,
            connector_id=connector_id,
            asker=asker(request),
        )
        number = made.connector.connector_id if made.connector else None
        if (made.station_id, made.profile_id, number) != (station.pk, profile.pk, connector_id):
            raise Conflict("This Idempotency-Key was used for another profile")
        return self._shown(made, made.command, how.wait, done=201)

    def retrieve(self, request: Request, cp_id: str, assignment_id: str) -> Response:
        """One of them."""
        return Response(self.get_serializer(_assignment(cp_id, assignment_id)).data)

    @extend_schema(
        parameters=_HOW,
        responses={200: AssignmentSerializer, 202: AssignmentSerializer, **_FAILURES},
    )
    def destroy(self, request: Request, cp_id: str, assignment_id: str) -> Response:
        """Clear it by its number (ClearChargingProfile). The row stays, as the record of it."""
        row, how = _assignment(cp_id, assignment_id), asked(request)
        command = assignments.clear(
            station=row.station, criteria={"id": row.number}, asker=asker(request)
        )
        return self._shown(row, command, how.wait, done=200)

    def _shown(
        self, row: ProfileAssignment, command: Command | None, wait: float, *, done: int
    ) -> Response:
        """The assignment as it is after the station answered ``command``."""
        if command is not None:
            command = waiting.settled(command, seconds=wait)
            done = 202 if command.is_open else done
            if not command.is_open and command.status != CommandStatus.ANSWERED:
                return unanswered(command) or Response(status=done)
        row = selectors.profile_assignments().get(pk=row.pk)
        response = Response(self.get_serializer(row).data, status=done)
        response["Location"] = reverse("station-charging-profile", args=(row.station.cp_id, row.pk))
        return response


class CompositeScheduleSerializer(CamelCaseModel):
    """What a connector makes of all its profiles, as the station last told."""

    connector_id = serializers.IntegerField(source="connector.connector_id", read_only=True)
    duration = serializers.IntegerField(source="duration_s", read_only=True)
    schedule_start = serializers.DateTimeField(source="starts_at", read_only=True)
    charging_schedule = serializers.DictField(source="schedule", read_only=True, allow_null=True)

    class Meta:
        model = CompositeSchedule
        fields = (
            "id",
            "connector_id",
            "status",
            "duration",
            "schedule_start",
            "charging_schedule",
            "read_at",
        )
        read_only_fields = fields


class CompositeScheduleViews(GenericViewSet[CompositeSchedule]):
    """What the connectors of a station really do; `get-composite-schedule` asks anew."""

    model = CompositeSchedule
    queryset = CompositeSchedule.objects.none()
    serializer_class = CompositeScheduleSerializer

    def list(self, request: Request, cp_id: str) -> Response:
        """The last answer of each connector."""
        rows = selectors.composite_schedules().filter(
            connector__station=selectors.station_named(cp_id)
        )
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def asker(request: Request) -> Asker:
    """Who asks, and how. Raises ValidationError (400) for parameters that are wrong."""
    how = asked(request)
    return Asker(clock.now(), request.user.pk, how.queue_for, how.idempotency_key)


def _assignment(cp_id: str, assignment_id: str) -> ProfileAssignment:
    return selectors.profile_assignment(selectors.station_named(cp_id), int(assignment_id))
