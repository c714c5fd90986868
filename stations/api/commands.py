"""Commands over REST: how one asks for them, how they are answered, and /api/commands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCase, CamelCaseModel, Filters
from cms.shared.api.idempotency import LONGEST_KEY, idempotency_key
from cms.shared.errors import Conflict
from stations import selectors, waiting
from stations.api.station_json import station_meant
from stations.models import ChargingStation, Command, CommandEffect, CommandStatus
from stations.services import configuration

_DEFAULT_WAIT, _MAX_WAIT, _MAX_QUEUE = 10.0, 60.0, 86400
WAIT = OpenApiParameter(
    "wait",
    float,
    description=f"Seconds to wait for the station's answer, 0 to {_MAX_WAIT:.0f}"
    f" (default {_DEFAULT_WAIT:.0f}; 0 answers 202 at once)",
)
QUEUE = OpenApiParameter(
    "queue",
    int,
    description="Seconds the command may wait for a station that is not connected, 1 to"
    f" {_MAX_QUEUE}. Without it an offline station is a 409",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A word of yours for this command: repeated with the same word, the command is"
    f" not sent again. At most {LONGEST_KEY} characters",
)
LOCATION = OpenApiParameter(
    "Location",
    OpenApiTypes.URI_REF,
    OpenApiParameter.HEADER,
    description="The command: GET it to see how it stands",
    response=[200, 202, 502, 504],
)


class EffectSerializer(CamelCaseModel):
    """What an accepted remote start or stop should lead to: a session that begins, or ends."""

    session_id = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = CommandEffect
        fields = ("state", "expected_before", "settled_at", "session_id")
        read_only_fields = fields


class CommandSerializer(CamelCaseModel):
    """Something a station was asked to do, and what became of it."""

    url = serializers.SerializerMethodField()
    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    payload = serializers.SerializerMethodField()
    requested_by = serializers.CharField(
        source="requested_by.username", read_only=True, allow_null=True, default=None
    )
    answer = serializers.DictField(read_only=True, allow_null=True)
    effect = EffectSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Command
        fields = (
            "id",
            "url",
            "station_identifier",
            "action",
            "payload",
            "status",
            "requested_by",
            "requested_at",
            "send_before",
            "sent_at",
            "answer_before",
            "settled_at",
            "answer",
            "answer_status",
            "error_code",
            "error_description",
            "effect",
        )
        read_only_fields = fields

    def get_payload(self, command: Command) -> dict[str, Any]:
        """What is asked, in OCPP's words; passwords are not shown."""
        shown: dict[str, Any] = configuration.masked(command.payload)
        return shown

    def get_url(self, command: Command) -> str:
        """Where it is found."""
        return url_of(command)


class StillOpen(CamelCase):
    """A command that has no answer yet."""

    id = serializers.IntegerField()
    url = serializers.CharField(help_text="GET it to see how the command stands")
    status = serializers.ChoiceField(["Waiting", "Sent"])


class CommandFailure(CamelCase):
    """A command the station refused with an error, or never answered."""

    code = serializers.ChoiceField(["station_error", "no_answer"])
    error = serializers.CharField(help_text="A sentence for people")
    id = serializers.IntegerField()
    url = serializers.CharField()
    status = serializers.ChoiceField(["Failed", "TimedOut", "Expired"])
    error_code = serializers.CharField(help_text="OCPP's own word, such as NotSupported")
    error_description = serializers.CharField()


class CommandFilters(Filters):
    """Which commands."""

    station = CharFilter(method="of_station", label="The station's identity")
    status = ChoiceFilter(choices=CommandStatus.choices)
    action = CharFilter(label="The OCPP name, such as RemoteStartTransaction")

    def of_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """For this station; one nobody knows is a 400."""
        return rows.filter(station=station_meant(self.request, value, "station"))


class CommandViews(GenericViewSet[Command]):
    """What stations were asked to do, newest first."""

    model = Command
    queryset = Command.objects.none()
    serializer_class = CommandSerializer
    filterset_class = CommandFilters
    keyset = ("-id",)

    def list(self, request: Request) -> Response:
        """All commands, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.commands()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, command_id: str) -> Response:
        """One command: how it stands, and what the station answered."""
        return Response(self.get_serializer(selectors.command(int(command_id))).data)


class Asked(NamedTuple):
    """How a caller wants a command: seconds to wait for its answer, and in which queue."""

    wait: float
    queue_for: timedelta | None
    idempotency_key: str | None


def asked(request: Request) -> Asked:
    """Read ``?wait=``, ``?queue=`` and ``Idempotency-Key``. Raises ValidationError (400)."""
    queue = _number(request, "queue", 1, _MAX_QUEUE)
    wait = _number(request, "wait", 0, _MAX_WAIT)
    return Asked(
        _DEFAULT_WAIT if wait is None else wait,
        None if queue is None else timedelta(seconds=queue),
        idempotency_key(request),
    )


def asked_now(request: Request) -> Asked:
    """The same where nothing may wait for a station: a reservation is asked for now.

    Raises ValidationError (400) for ``?queue=`` rather than pass over it.
    """
    how = asked(request)
    if how.queue_for is not None:
        raise ValidationError({"queue": ["is not offered here: a reservation is asked for now"]})
    return how


def answered(command: Command, *, wait: float) -> Response:
    """Wait for the answer of ``command`` and hand it on as the station gave it."""
    command = waiting.settled(command, seconds=wait)
    response = unanswered(command)
    if response is None:
        response = Response(command.answer or {})
    response["Location"] = url_of(command)
    return response


def unanswered(command: Command) -> Response | None:
    """What to say while or because ``command`` has no answer; None where it has one."""
    if command.status == CommandStatus.ANSWERED:
        return None
    known = {"id": command.pk, "url": url_of(command), "status": command.status}
    if command.is_open:
        return Response(known, status=202)
    code, status = _FAILURES[CommandStatus(command.status)]
    error = {
        "code": code,
        "error": f"{command.station.cp_id} {_explained(command)}",
        **known,
        "errorCode": command.error_code,
        "errorDescription": command.error_description,
    }
    return Response(error, status=status)


def same_command(command: Command, station: ChargingStation, action: str, payload: Any) -> None:
    """Raise Conflict where an idempotency key brought up another command than the one asked for."""
    # Passwords are not kept, so they cannot be compared.
    asked_for = (station.pk, action, configuration.masked(payload))
    if (command.station_id, command.action, configuration.masked(command.payload)) != asked_for:
        raise Conflict("This Idempotency-Key was used for another command")


def url_of(command: Command) -> str:
    """Where ``command`` is found."""
    return reverse("command", args=(command.pk,))


_FAILURES = {
    CommandStatus.FAILED: ("station_error", 502),
    CommandStatus.TIMED_OUT: ("no_answer", 504),
    CommandStatus.EXPIRED: ("no_answer", 504),
}


def _explained(command: Command) -> str:
    if command.status == CommandStatus.FAILED:
        reason = f"{command.error_code} {command.error_description}".strip() or "no reason given"
        return f"answered {command.action} with an error: {reason}"
    if command.status == CommandStatus.EXPIRED:
        return f"was not there in time for {command.action}; it was never sent"
    return f"did not answer {command.action} in time"


def _number(request: Request, name: str, low: float, high: float) -> float | None:
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not low <= number <= high:
        raise ValidationError({name: [f"should be a number of seconds from {low} to {high:.0f}"]})
    return number
