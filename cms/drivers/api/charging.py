"""Charging over REST: POST /api/me/sessions begins a session, POST …/stop ends one."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cms.drivers import beginning, verbs
from cms.drivers.api.asked import (
    ACCEPTED,
    EXAMPLES,
    OUTCOMES,
    Asked,
    AskedSerializer,
    told,
)
from cms.drivers.api.own import my_id
from cms.drivers.api.sessions import OwnSessionViews, own_session
from cms.shared import clock
from cms.shared.api import CamelCase
from rfid.models import RfidCard
from stations import waiting
from stations.api.commands import IDEMPOTENCY_KEY, WAIT, asked_now, same_command
from stations.api.station_json import station_meant
from stations.models.connectors import MAX_CONNECTOR_ID
from stations.services.assignments import Asker
from stations.services.limits import Limit

_ANSWERS: dict[int, Any] = {200: AskedSerializer, 202: AskedSerializer, **OUTCOMES}


class LimitRequest(CamelCase):
    """How much the session may take; whichever comes first ends it."""

    energy_kwh = serializers.FloatField(required=False, min_value=0.001, max_value=10_000)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=10_080)
    amount = serializers.DecimalField(
        required=False, min_value=0, max_digits=12, decimal_places=4, help_text="With tax"
    )


class StartRequest(CamelCase):
    """Where to charge, and by which card."""

    ocpp_identifier = serializers.CharField(max_length=200)
    connector_id = serializers.IntegerField(min_value=1, max_value=MAX_CONNECTOR_ID)
    tag_id = serializers.CharField(
        required=False, max_length=20, help_text="One of your cards; needless where you have one"
    )
    limit = LimitRequest(required=False)


class OwnChargingViews(OwnSessionViews):
    """What one charged and charges, begun and ended."""

    @extend_schema(
        request=StartRequest,
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses=_ANSWERS,
        operation_id="me_sessions_start",
        examples=[
            OpenApiExample(
                "At most 20 kWh",
                value={
                    **{"ocppIdentifier": "CP-1", "connectorId": 1, "tagId": "04A2B3C4D5"},
                    "limit": {"energyKwh": 20},
                },
                request_only=True,
            ),
            *EXAMPLES,
        ],
    )
    def create(self, request: Request) -> Response:
        """Ask a station for a session, and wait for it as long as `wait` says.

        200 once it charges, or the station refused (`status`); 202 while it has not answered, or
        waits for the cable: the `url` says how far it is, and `/ws` tells when it begins. 409 for
        a station that is offline, or a card that may not charge there (`card_not_accepted`).
        """
        how, said = asked_now(request), StartRequest(data=request.data)
        said.is_valid(raise_exception=True)
        wanted = said.validated_data
        station = station_meant(request, wanted["ocpp_identifier"], "ocppIdentifier")
        card = card_meant(request, wanted.get("tag_id"))
        command = verbs.begin(
            card=card,
            station=station,
            connector_id=wanted["connector_id"],
            asker=asker(request),
            limit=_limit(wanted.get("limit", {})),
        )
        payload = {"connectorId": wanted["connector_id"], "idTag": card.id_tag}
        same_command(command, station, verbs.START, payload)
        return told(*beginning.awaited(command, seconds=how.wait))

    @extend_schema(
        request=None,
        parameters=[WAIT, IDEMPOTENCY_KEY],
        responses=_ANSWERS,
        operation_id="me_sessions_stop",
    )
    def stop(self, request: Request, transaction_id: str) -> Response:
        """Ask the station to end a session of yours; 200 also where it is over already."""
        how, session = asked_now(request), own_session(request, transaction_id)
        command = verbs.end(session=session, asker=asker(request))
        if command is None:
            over = Asked(None, ACCEPTED, "Charging had stopped already", session.pk)
            return Response(AskedSerializer(over).data)
        same_command(command, session.station, verbs.STOP, {"transactionId": session.pk})
        return told(waiting.settled(command, seconds=how.wait), session.pk)


def asker(request: Request) -> Asker:
    """Who asks, now. Raises ValidationError (400)."""
    return Asker(
        at=clock.now(),
        requested_by_id=my_id(request),
        idempotency_key=asked_now(request).idempotency_key,
    )


def card_meant(request: Request, tag_id: str | None) -> RfidCard:
    """The caller's card with this id tag; None: the one they have. Raises ValidationError."""
    if tag_id is not None:
        card = verbs.card_of(my_id(request), tag_id)
        if card is None:
            raise ValidationError({"tagId": ["should be a card of yours"]})
        return card
    own = list(RfidCard.objects.filter(user=my_id(request)).order_by("pk")[:2])
    if len(own) != 1:
        why = "is needed: you have several cards" if own else "you have no card yet"
        raise ValidationError({"tagId": [why]})
    return own[0]


def _limit(said: dict[str, Any]) -> Limit | None:
    if not said:
        return None
    energy = said.get("energy_kwh")
    return Limit(
        energy_wh=None if energy is None else round(energy * 1000),
        minutes=said.get("minutes"),
        amount=said.get("amount"),
    )
