"""The review queue over REST: /api/review-cases, and a POST for each way to settle one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter, ModelChoiceFilter, NumberFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters, Moment
from rfid.models import CardGroup
from stations import selectors
from stations.api.sites import SiteField, sites_of
from stations.api.station_json import station_meant
from stations.models import Resolution, ReviewCase, ReviewKind, ReviewState
from stations.models.sessions import MAX_TRANSACTION_ID
from stations.services import adoption, settling
from stations.services.endings import MOST_ENERGY_WH
from stations.services.settling import Who

_SETTLE = "stations.settle_reviewcase"


class ReviewCaseSerializer(CamelCaseModel):
    """Something to settle. ``ways`` are the paths that settle it; empty once it is."""

    station_identifier = serializers.CharField(
        source="station.cp_id", read_only=True, allow_null=True, default=None
    )
    session_id = serializers.IntegerField(read_only=True, allow_null=True)
    ocpp_identifier = serializers.CharField(
        source="cp_id", read_only=True, help_text="As it was presented, by whoever did"
    )
    ways = serializers.SerializerMethodField()
    evidence = serializers.DictField(read_only=True)
    changes = serializers.DictField(
        read_only=True, help_text="Of what: each field as [before, after]"
    )
    resolution = serializers.CharField(
        read_only=True, help_text=f"Empty while it is open; else {', '.join(Resolution.values)}"
    )
    settled_by = serializers.CharField(source="settled_by_name", read_only=True)

    class Meta:
        model = ReviewCase
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "state",
            "reason",
            "ways",
            "station_identifier",
            "session_id",
            "ocpp_identifier",
            "id_tag",
            "address",
            "evidence",
            "first_seen_at",
            "last_seen_at",
            "times_seen",
            "resolution",
            "settled_at",
            "settled_by",
            "why",
            "changes",
        )
        read_only_fields = fields

    def get_ways(self, case: ReviewCase) -> list[str]:
        """As the paths spell them."""
        return [way.replace("_", "-") for way in case.ways]


class AdoptedStationSerializer(ReviewCaseSerializer):
    """The same, with the key that was made for the station: shown only now."""

    authorization_key = serializers.CharField(read_only=True, required=False)

    class Meta(ReviewCaseSerializer.Meta):
        fields: tuple[str, ...] = (*ReviewCaseSerializer.Meta.fields, "authorization_key")
        read_only_fields = fields


class Settling(CamelCase):
    """Why: kept with the case, with the caller's name."""

    why = serializers.CharField(max_length=2000)


class Attaching(Settling):
    """Which session of the same station."""

    session_id = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class Accepting(Settling):
    """What is corrected; what is left out stays as it is."""

    energy_wh = serializers.IntegerField(min_value=0, max_value=MOST_ENERGY_WH, required=False)
    started_at = serializers.DateTimeField(required=False)
    stopped_at = serializers.DateTimeField(required=False)


class Ending(Settling):
    """When it ended; left out: when it was last heard of."""

    stopped_at = serializers.DateTimeField(required=False)


class StationAdopting(Settling):
    """What the new station is called, and whether a key is made for it."""

    name = serializers.CharField(max_length=100, required=False)
    site_id = SiteField(source="site", required=False)
    make_key = serializers.BooleanField(required=False)


class CardAdopting(Settling):
    """Whose card it is."""

    label = serializers.CharField(max_length=100, required=False)  # type: ignore[assignment]
    group_id = serializers.PrimaryKeyRelatedField(
        source="group", queryset=CardGroup.objects.all(), required=False
    )
    user_id = serializers.PrimaryKeyRelatedField(
        source="user", queryset=get_user_model().objects.all(), required=False
    )


class ReviewFilters(Filters):
    """Which cases."""

    kind = ChoiceFilter(choices=ReviewKind.choices)
    state = ChoiceFilter(choices=ReviewState.choices)
    station = CharFilter(method="at_station", label="The station's identity")
    site_id = ModelChoiceFilter(field_name="station__site", queryset=sites_of)
    session_id = NumberFilter(
        max_value=MAX_TRANSACTION_ID, field_name="session", label="The session it is about"
    )
    id_tag = CharFilter(lookup_expr="iexact", label="Letter case does not count")
    seen_after = Moment(field_name="last_seen_at", lookup_expr="gte")

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """At this station; one nobody knows is a 400."""
        return rows.filter(station=station_meant(self.request, value, "station"))


class ReviewViews(GenericViewSet[ReviewCase]):
    """What waits for a decision and what was decided, newest first."""

    model = ReviewCase
    queryset = ReviewCase.objects.none()
    serializer_class = ReviewCaseSerializer
    filterset_class = ReviewFilters
    keyset = ("-id",)
    permissions: ClassVar[dict[str, str]] = {"POST": _SETTLE}

    def list(self, request: Request) -> Response:
        """All cases, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.review_cases()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, case_id: str) -> Response:
        """One case."""
        return self._shown(case_id)

    def _shown(self, case_id: str) -> Response:
        return Response(self.get_serializer(selectors.review_case(int(case_id))).data)

    def _asked(self, request: Request, body: type[Settling], case_id: str) -> dict[str, Any]:
        """What the services take: the case, who decides, when, and what the body says."""
        read = body(data=request.data, context={"request": request})
        read.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(read.validated_data)
        who = Who(request.user, said.pop("why"))  # type: ignore[arg-type]
        return {"case_id": int(case_id), "who": who, "at": clock.now(), **said}


class SettlingViews(ReviewViews):
    """Settling: each once, and 409 for whoever comes second, saying who settled it."""

    @extend_schema(
        request=Attaching,
        responses={200: ReviewCaseSerializer},
        operation_id="review_cases_attach",
    )
    def attach(self, request: Request, case_id: str) -> Response:
        """Give an orphaned stop, or meter values of no session, to a session of its station."""
        asked = self._asked(request, Attaching, case_id)
        settling.attach(transaction_id=asked.pop("session_id"), **asked)
        return self._shown(case_id)

    @extend_schema(
        request=Accepting,
        responses={200: ReviewCaseSerializer},
        operation_id="review_cases_accept",
    )
    def accept(self, request: Request, case_id: str) -> Response:
        """Confirm the energy of a session, or correct it and its times: it may be billed."""
        settling.accept(**self._asked(request, Accepting, case_id))
        return self._shown(case_id)

    @extend_schema(
        request=Ending, responses={200: ReviewCaseSerializer}, operation_id="review_cases_end"
    )
    def end(self, request: Request, case_id: str) -> Response:
        """End a session under way at a station that is away: its card may charge elsewhere."""
        settling.end(**self._asked(request, Ending, case_id))
        return self._shown(case_id)

    @extend_schema(
        request=Settling,
        responses={200: ReviewCaseSerializer},
        operation_id="review_cases_discard",
    )
    def discard(self, request: Request, case_id: str) -> Response:
        """Nothing comes of it; a session stays readable and is not billable."""
        settling.discard(**self._asked(request, Settling, case_id))
        return self._shown(case_id)

    @extend_schema(
        request=Settling,
        responses={200: ReviewCaseSerializer},
        operation_id="review_cases_acknowledge",
    )
    def acknowledge(self, request: Request, case_id: str) -> Response:
        """Say what came of a security event."""
        settling.acknowledge(**self._asked(request, Settling, case_id))
        return self._shown(case_id)


class AdoptionViews(ReviewViews):
    """Adopting; people also need the permission to add what they adopt."""

    @extend_schema(
        request=StationAdopting,
        responses={200: AdoptedStationSerializer},
        operation_id="review_cases_adopt_station",
    )
    def adopt_station(self, request: Request, case_id: str) -> Response:
        """Serve the station that was turned away; with `makeKey` its key is shown here, once."""
        _needs(request, "stations.add_chargingstation")
        adopted = adoption.adopt_station(**self._asked(request, StationAdopting, case_id))
        response = self._shown(case_id)
        if adopted.key is not None:
            response.data["authorizationKey"] = adopted.key
        return response

    @extend_schema(
        request=CardAdopting,
        responses={200: ReviewCaseSerializer},
        operation_id="review_cases_adopt_card",
    )
    def adopt_card(self, request: Request, case_id: str) -> Response:
        """Let the card that was presented charge from now on."""
        _needs(request, "rfid.add_rfidcard")
        adoption.adopt_card(**self._asked(request, CardAdopting, case_id))
        return self._shown(case_id)


def _needs(request: Request, permission: str) -> None:
    """Raise PermissionDenied where a person lacks ``permission``; keys go by their scopes."""
    by_scope = getattr(request.auth, "scopes", None) is not None
    if not by_scope and not request.user.has_perm(permission):
        raise PermissionDenied(f"You lack the permission {permission}.")
