"""Cards over REST: /api/rfid."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared.api import CamelCase, CamelCaseModel, Filters
from cms.shared.errors import NotFound
from rfid.models import CardGroup, CardStatus, RfidCard
from rfid.services import cards


class CardGroupSerializer(CamelCaseModel):
    """The group of a card: its OCPP parentIdTag."""

    class Meta:
        model = CardGroup
        fields = ("id", "name", "parent_id_tag")


class CardSerializer(CamelCaseModel):
    """A card. ``group`` is read, ``groupId`` is written."""

    tag_id = serializers.CharField(
        source="id_tag",
        validators=list(RfidCard._meta.get_field("id_tag").validators),
        help_text="As the station reads it; letter case does not count",
    )
    group = CardGroupSerializer(read_only=True, allow_null=True)
    group_id = serializers.PrimaryKeyRelatedField(
        source="group",
        queryset=CardGroup.objects.all(),
        allow_null=True,
        required=False,
        write_only=True,
    )
    user_id = serializers.PrimaryKeyRelatedField(
        source="user", queryset=get_user_model().objects.all(), allow_null=True, required=False
    )

    class Meta:
        model = RfidCard
        fields = (
            "id",
            "tag_id",
            "label",
            "status",
            "status_reason",
            "valid_from",
            "valid_until",
            "group",
            "group_id",
            "user_id",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("status_reason",)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The tag of a card stays, and its validity ends after it begins."""
        card = self.instance
        if card and attrs.pop("id_tag", card.id_tag).upper() != card.id_tag.upper():
            raise serializers.ValidationError({"tagId": ["cannot be changed; make a new card"]})
        begins = attrs.get("valid_from", card and card.valid_from)
        ends = attrs.get("valid_until", card and card.valid_until)
        if begins and ends and ends <= begins:
            raise serializers.ValidationError({"validUntil": ["should be after validFrom"]})
        return attrs


class Reason(CamelCase):
    """Why a card is blocked; apps of the prior gateway send no body at all."""

    reason = serializers.CharField(max_length=200, default="No reason was given")


class CardFilters(Filters):
    """Which cards."""

    status = ChoiceFilter(choices=CardStatus.choices)
    tag_id = CharFilter(method="with_tag", label="Letter case does not count")

    def with_tag(self, rows: QuerySet[RfidCard], name: str, value: str) -> QuerySet[RfidCard]:
        """Those with this id tag."""
        return rows.filter(id_tag__iexact=value)


class CardViews(GenericViewSet[RfidCard]):
    """Who may charge."""

    model = RfidCard
    queryset = RfidCard.objects.select_related("group")
    serializer_class = CardSerializer
    filterset_class = CardFilters
    permissions: ClassVar[dict[str, str]] = {}

    def list(self, request: Request) -> Response:
        """All cards, page by page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: CardSerializer})
    def create(self, request: Request) -> Response:
        """Add a card; 409 where one with this tag exists."""
        card = cards.create(by=_who(request), **self._checked(request))
        return Response(self.get_serializer(card).data, status=201)

    def retrieve(self, request: Request, tag_id: str) -> Response:
        """One card."""
        return Response(self.get_serializer(_card(tag_id)).data)

    def partial_update(self, request: Request, tag_id: str) -> Response:
        """Change a card; what is not named stays as it is."""
        card = _card(tag_id)
        checked = self._checked(request, card, partial=True)
        card = cards.change(card=card, by=_who(request), **checked)
        return Response(self.get_serializer(card).data)

    def destroy(self, request: Request, tag_id: str) -> Response:
        """Forget a card. Sessions keep the tag they began with."""
        cards.delete(card=_card(tag_id), by=_who(request))
        return Response(status=204)

    def _checked(self, request: Request, card: Any = None, **how: Any) -> dict[str, Any]:
        serializer = self.get_serializer(card, data=request.data, **how)
        serializer.is_valid(raise_exception=True)
        checked: dict[str, Any] = serializer.validated_data
        return checked


class CardStatusViews(GenericViewSet[RfidCard]):
    """Block and activate."""

    model = RfidCard
    permissions: ClassVar[dict[str, str]] = {"POST": "rfid.change_rfidcard"}
    serializer_class = CardSerializer

    @extend_schema(request=Reason, responses={200: CardSerializer})
    def block(self, request: Request, tag_id: str) -> Response:
        """Refuse a card from now on; what is said as the reason has to say something."""
        card, reason = _card(tag_id), Reason(data=request.data)
        reason.is_valid(raise_exception=True)
        why = reason.validated_data["reason"]
        blocked = cards.block(card=card, reason=why, by=_who(request))
        return Response(self.get_serializer(blocked).data)

    @extend_schema(request=None, responses={200: CardSerializer})
    def activate(self, request: Request, tag_id: str) -> Response:
        """Accept a card again, within its validity."""
        return Response(
            self.get_serializer(cards.activate(card=_card(tag_id), by=_who(request))).data
        )


def _who(request: Request) -> Any:
    """Whom what is done is noted for: the caller, or whose key it is."""
    return request.user if request.user.is_authenticated else None


def _card(tag_id: str) -> RfidCard:
    card = cards.find(tag_id)
    if card is None:
        raise NotFound("Card not found")
    return card
