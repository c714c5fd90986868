"""Corrections that wait for another person, over REST: /api/corrections."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.api.wallets import Amount
from billing.models import CorrectionKind, CorrectionRequest, CorrectionState
from billing.services import corrections
from cms.shared import clock, scoping
from cms.shared.api import CamelCase, CamelCaseModel, Filters, HasScope
from cms.shared.api.names import camel
from cms.shared.errors import NotFound


def _of(name: str) -> Amount:
    return Amount(lambda row: (getattr(row, name), row.currency))


class CorrectionSerializer(CamelCaseModel):
    """A correction somebody asked for; nothing is booked before another person approves it."""

    url = serializers.SerializerMethodField()
    kind = serializers.ChoiceField(CorrectionKind.choices, read_only=True)
    state = serializers.ChoiceField(CorrectionState.choices, read_only=True)
    amount = _of("amount")
    before = _of("before")
    after = _of("after")
    parameters = serializers.SerializerMethodField(help_text="Exactly what is carried out")
    transaction_id = serializers.IntegerField(source="session_id", read_only=True, allow_null=True)
    asked_by = serializers.CharField(source="asked_by.username", read_only=True)
    decided_by = serializers.CharField(
        source="decided_by.username", read_only=True, allow_null=True, default=None
    )
    entry_id = serializers.IntegerField(read_only=True, allow_null=True, help_text="What it booked")

    class Meta:
        model = CorrectionRequest
        fields = (
            *("id", "url", "kind", "state", "about", "amount", "currency", "before", "after"),
            *("parameters", "transaction_id", "reason", "asked_by", "asked_at"),
            *("decided_by", "decided_at", "answer", "entry_id"),
        )
        read_only_fields = fields

    def get_url(self, row: CorrectionRequest) -> str:
        """Where to ask how it stands."""
        return reverse("correction", args=(row.pk,))

    @extend_schema_field(serializers.DictField())
    def get_parameters(self, row: CorrectionRequest) -> dict[str, Any]:
        """With names as everywhere in this API."""
        return {camel(name): value for name, value in row.parameters.items()}


class RejectRequest(CamelCase):
    """Why nothing is to be booked."""

    reason = serializers.CharField(max_length=500)


class CorrectionFilters(Filters):
    """Which corrections."""

    state = ChoiceFilter(choices=CorrectionState.choices)
    kind = ChoiceFilter(choices=CorrectionKind.choices)
    about = CharFilter(label="Such as session/4711")


class DecidesToo(HasScope):
    """Whose key decides needs the permission as well as the scope: people decide, not programs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        may = super().has_permission(request, view)
        return may and request.user.has_perm("billing.approve_correction")


class CorrectionViews(GenericViewSet[CorrectionRequest]):
    """What was asked for, newest first."""

    model = CorrectionRequest
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.view_correctionrequest"}
    scopes: ClassVar[dict[str, str]] = {"POST": "money"}
    queryset = CorrectionRequest.objects.select_related("asked_by", "decided_by")
    serializer_class: Any = CorrectionSerializer
    filterset_class = CorrectionFilters
    keyset = ("-id",)

    def get_queryset(self) -> QuerySet[CorrectionRequest]:
        """Those their reader may see."""
        return scoping.visible(self.request.user, super().get_queryset())

    def list(self, request: Request) -> Response:
        """Those that wait, and what became of the others, page by page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, correction_id: str) -> Response:
        """One of them."""
        return self._shown(self._found(correction_id))

    @extend_schema(request=None, responses={200: CorrectionSerializer})
    def withdraw(self, request: Request, correction_id: str) -> Response:
        """Take one's own back; 409 for that of another person, and where it is decided."""
        found = self._found(correction_id)
        return self._shown(corrections.withdraw(request_id=found.pk, **_now(request)))

    def _found(self, correction_id: str) -> CorrectionRequest:
        found = self.get_queryset().filter(pk=int(correction_id)).first()
        if found is None:
            raise NotFound("There is no correction %(correction_id)s", correction_id=correction_id)
        return found

    def _shown(self, row: CorrectionRequest) -> Response:
        return Response(self.get_serializer(row).data)


class DecisionViews(CorrectionViews):
    """Approved or rejected, by another person than asked."""

    permission_classes = (DecidesToo,)
    permissions: ClassVar[dict[str, str]] = {"POST": "billing.approve_correction"}

    @extend_schema(request=None, responses={200: CorrectionSerializer})
    def approve(self, request: Request, correction_id: str) -> Response:
        """Book it now, once, exactly as it was asked for.

        409 for who asked, where it was decided otherwise, and where things are not as they were
        any more: then nothing is booked, and its state is Stale.
        """
        found = self._found(correction_id)
        return self._shown(corrections.approve(request_id=found.pk, **_now(request)))

    @extend_schema(request=RejectRequest, responses={200: CorrectionSerializer})
    def reject(self, request: Request, correction_id: str) -> Response:
        """Have nothing be booked, and say why; 409 for who asked, and where it is decided."""
        wanted = RejectRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        found, why = self._found(correction_id), wanted.validated_data["reason"]
        return self._shown(corrections.reject(request_id=found.pk, reason=why, **_now(request)))


def waiting(row: CorrectionRequest) -> Response:
    """202: nothing is booked yet; the request, and where to ask how it stands."""
    shown = CorrectionSerializer(row).data
    return Response(shown, status=202, headers={"Location": shown["url"]})


def _now(request: Request) -> dict[str, Any]:
    return {"at": clock.now(), "by_id": request.user.pk}
