"""Oneself over REST: /api/me and /api/me/password."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cms.accounts import passwords, people, throttle
from cms.accounts.api.login import too_often
from cms.accounts.models import User
from cms.drivers.api.own import Own, myself
from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel

ADDRESS = {
    **{"name": "Ann Berg", "email": "ann@example.com", "phone": "+1 305 555 0100"},
    **{"country": "USA", "state": "Florida", "address": "1 Ocean Drive", "unit": "12"},
    **{"city": "Miami", "zip": "33139"},
}
_SHOWN = OpenApiExample(
    "A driver",
    value={
        **{"id": 7, "username": "ann@example.com", "joinedAt": "2026-01-15T10:30:00Z"},
        **{**ADDRESS, "emailVerified": True},
    },
    response_only=True,
)
_MOVED = OpenApiExample(
    "Moved", value={"address": "2 Bay Road", "unit": "", "zip": "33140"}, request_only=True
)


class PersonSerializer(CamelCaseModel):
    """A person: who they are, how they are reached, where they live."""

    name = serializers.CharField(allow_blank=True, max_length=301, required=False)
    email = serializers.CharField(
        allow_blank=True, required=False, help_text="Who logs in by it logs in by the new one"
    )
    email_verified = serializers.BooleanField(
        read_only=True, help_text="Whether mail to this address was answered"
    )
    phone = serializers.CharField(allow_blank=True, required=False)
    zip = serializers.CharField(source="postal_code", allow_blank=True, required=False)
    joined_at = serializers.DateTimeField(source="date_joined", read_only=True)

    class Meta:
        model = User
        fields = (
            *("id", "username", "joined_at", "name", "email", "email_verified", "phone"),
            *("country", "state", "address", "unit", "city", "zip"),
        )
        read_only_fields = ("id", "username", "joined_at")


class PasswordChange(CamelCase):
    """The password one has, and the one to have."""

    current = serializers.CharField(trim_whitespace=False, max_length=1000)
    new = serializers.CharField(trim_whitespace=False, max_length=1000)


class MeViews(Own, ViewSet):
    """Who is logged in."""

    @extend_schema(responses=PersonSerializer, examples=[_SHOWN], operation_id="me")
    def retrieve(self, request: Request) -> Response:
        """Your name, address and how you are reached."""
        return Response(PersonSerializer(request.user).data)

    @extend_schema(
        request=PersonSerializer,
        responses=PersonSerializer,
        examples=[_MOVED, _SHOWN],
        operation_id="me_change",
    )
    def partial_update(self, request: Request) -> Response:
        """Change some of it; what is not named stays. 409 for an e-mail of another account."""
        said = PersonSerializer(request.user, data=request.data, partial=True)
        said.is_valid(raise_exception=True)
        user = people.change(user=myself(request), fields=said.validated_data, at=clock.now())
        return Response(PersonSerializer(user).data)


class PasswordViews(Own, ViewSet):
    """One's password."""

    refusals: ClassVar[dict[str, str]] = {**Own.refusals, "429": "It was wrong too often"}

    @extend_schema(
        request=PasswordChange,
        responses={204: None},
        operation_id="me_password",
        examples=[
            OpenApiExample(
                "Another one",
                value={"current": "correct horse", "new": "battery staple 7"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request) -> Response:
        """Change it. Every token you have is worth nothing from now on: log in anew.

        A wrong one counts as at the login: too many, and both are refused for a while (429).
        """
        said = PasswordChange(data=request.data)
        said.is_valid(raise_exception=True)
        user = myself(request)
        if throttle.is_locked(request, user.username):
            raise too_often(request, user.username)
        try:
            passwords.change(user=user, **said.validated_data)
        except passwords.WrongPassword:
            throttle.was_wrong(request, user.username)
            raise
        return Response(status=204)
