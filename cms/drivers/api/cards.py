"""One's own cards over REST: /api/me/cards, and one that is lost."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.drivers.api.own import Own, my_id, myself
from cms.shared.api import CamelCaseModel
from cms.shared.errors import NotFound
from rfid.models import CardStatus, RfidCard
from rfid.services import cards

_LOST = "Reported lost by its driver"
_ONE = {
    **{"id": 12, "tagId": "04A2B3C4D5", "label": "Blue fob", "status": "Active"},
    **{"statusReason": "", "validFrom": None, "validUntil": None},
}


class OwnCardSerializer(CamelCaseModel):
    """A card, fob or app identity one charges by."""

    tag_id = serializers.CharField(
        source="id_tag", read_only=True, help_text="As stations read it, and `/ws` wants it"
    )

    class Meta:
        model = RfidCard
        fields = ("id", "tag_id", "label", "status", "status_reason", "valid_from", "valid_until")
        read_only_fields = fields


class OwnCardViews(Own, GenericViewSet[RfidCard]):
    """The cards one charges by, newest first."""

    queryset = RfidCard.objects.none()
    serializer_class = OwnCardSerializer
    keyset = ("-id",)

    @extend_schema(
        operation_id="me_cards_list",
        examples=[OpenApiExample("A card", value=_ONE, response_only=True)],
    )
    def list(self, request: Request) -> Response:
        """Your cards, page by page."""
        page = self.paginate_queryset(RfidCard.objects.filter(user=my_id(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request=None,
        responses=OwnCardSerializer,
        operation_id="me_cards_lost",
        examples=[
            OpenApiExample(
                "Lost",
                value={**_ONE, "status": "Blocked", "statusReason": _LOST},
                response_only=True,
            )
        ],
    )
    def lost(self, request: Request, card_id: str) -> Response:
        """It is lost: no station takes it from now on. Only an operator gives it back.

        What it charges goes on until it is stopped.
        """
        card = RfidCard.objects.filter(user=my_id(request), pk=int(card_id)).first()
        if card is None:
            raise NotFound("Card not found")
        if card.status != CardStatus.BLOCKED:
            card = cards.block(card=card, reason=_LOST, by=myself(request))
        return Response(self.get_serializer(card).data)
