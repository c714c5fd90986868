"""What a driver asked of a station, and what came of it: /api/me/commands/{commandId}."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cms.drivers import verbs
from cms.drivers.api.own import Own, my_id
from cms.shared.api import CamelCase
from cms.shared.errors import NotFound
from stations import selectors
from stations.api.commands import CommandFailure, unanswered
from stations.models import ChargingSession, Command, EffectState

ACCEPTED, UNDER_WAY, REJECTED = "Accepted", "InProgress", "Rejected"
OUTCOMES: dict[int, Any] = {502: CommandFailure, 504: CommandFailure}
_UNDER_WAY = {verbs.START: "The station has accepted: plug in to begin"}
_DONE = {verbs.START: "Charging began", verbs.STOP: "The station ends the session"}


class Asked(NamedTuple):
    """How far it is."""

    command: Command | None
    status: str
    message: str
    session_id: int | None


class AskedSerializer(CamelCase):
    """What was asked, and how far it is."""

    id = serializers.IntegerField(source="command.pk", allow_null=True, default=None)
    url = serializers.SerializerMethodField(help_text="GET it to see how far it is")
    status = serializers.ChoiceField([ACCEPTED, UNDER_WAY, REJECTED])
    message = serializers.CharField(help_text="A sentence for people")
    session_id = serializers.IntegerField(allow_null=True)

    def get_url(self, asked: Asked) -> str | None:
        """None where nothing had to be asked."""
        return url_of(asked.command) if asked.command else None


EXAMPLES = [
    OpenApiExample(
        "It charges",
        value={
            **{"id": 41, "url": "/api/me/commands/41", "status": ACCEPTED},
            **{"message": "Charging began", "sessionId": 4711},
        },
        response_only=True,
        status_codes=["200"],
    ),
    OpenApiExample(
        "Plug in",
        value={
            **{"id": 41, "url": "/api/me/commands/41", "status": UNDER_WAY},
            **{"message": _UNDER_WAY[verbs.START], "sessionId": None},
        },
        response_only=True,
        status_codes=["202"],
    ),
]


def seen(command: Command, session_id: int | None) -> Asked:
    """How far a command is that led to this session, or to none yet; of a stop: ended it."""
    if command.is_open:
        return Asked(command, UNDER_WAY, "The station has not answered yet", session_id)
    if not verbs.is_accepted(command) or _came_to_nothing(command, session_id):
        return Asked(command, REJECTED, _why(command), session_id)
    if session_id is None and command.action == verbs.START:
        return Asked(command, UNDER_WAY, _UNDER_WAY[verbs.START], None)
    return Asked(command, ACCEPTED, _DONE.get(command.action, "The station accepted"), session_id)


def told(command: Command, session_id: int | None) -> Response:
    """The answer to who asked: 200 once it is done or refused, 202 while it is under way."""
    failed = None if command.is_open else unanswered(command)
    if failed is not None:
        failed.data = {**(failed.data or {}), "url": url_of(command)}
        return failed
    asked = seen(command, session_id)
    response = Response(
        AskedSerializer(asked).data, status=202 if asked.status == UNDER_WAY else 200
    )
    response["Location"] = url_of(command)
    return response


def url_of(command: Command) -> str:
    """Where a driver finds their own."""
    return reverse("me-command", args=(command.pk,))


class OwnCommandViews(Own, ViewSet):
    """What one asked of stations."""

    @extend_schema(
        responses=AskedSerializer, operation_id="me_commands_retrieve", examples=EXAMPLES[:1]
    )
    def retrieve(self, request: Request, command_id: str) -> Response:
        """How far it is: a start is Accepted once its session began."""
        rows = selectors.commands().filter(requested_by=my_id(request))
        command = rows.filter(pk=int(command_id)).first()
        if command is None:
            raise NotFound("Command not found")
        return Response(AskedSerializer(seen(command, _session(command))).data)


def _session(command: Command) -> int | None:
    if command.action == verbs.START:
        return verbs.started(command) if verbs.is_accepted(command) else None
    number = command.payload.get("transactionId")
    return ChargingSession.objects.filter(pk=number).values_list("pk", flat=True).first()


def _came_to_nothing(command: Command, session_id: int | None) -> bool:
    effect = getattr(command, "effect", None)
    missing = effect is not None and effect.state == EffectState.MISSING
    return missing and not (command.action == verbs.START and session_id)


def _why(command: Command) -> str:
    if not verbs.is_accepted(command):
        return verbs.why_not(command)
    return "The station accepted, and nothing followed"
