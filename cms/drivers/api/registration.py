"""Registering over REST: POST /api/auth/register, where the operator lets people do so."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from cms.drivers import joining
from cms.drivers.api.profile import ADDRESS
from cms.shared import clock
from cms.shared.api import CamelCase


class Registration(CamelCase):
    """Who registers; the e-mail is the name they log in by."""

    name = serializers.CharField(max_length=301)
    email = serializers.CharField(max_length=150)
    password = serializers.CharField(
        trim_whitespace=False, max_length=1000, style={"input_type": "password"}
    )
    phone = serializers.CharField(required=False, allow_blank=True)
    country = serializers.CharField(required=False, allow_blank=True)
    state = serializers.CharField(required=False, allow_blank=True)
    address = serializers.CharField(required=False, allow_blank=True)
    unit = serializers.CharField(required=False, allow_blank=True)
    city = serializers.CharField(required=False, allow_blank=True)
    zip = serializers.CharField(source="postal_code", required=False, allow_blank=True)


class Register(APIView):
    """Registering."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "register"
    refusals: ClassVar[dict[str, str]] = {"409": "Nobody registers here by themselves"}

    @extend_schema(
        request=Registration,
        responses={202: OpenApiResponse(description="Taken: log in")},
        operation_id="auth_register",
        auth=[],
        examples=[
            OpenApiExample(
                "A driver", value={**ADDRESS, "password": "battery staple 7"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Register, then log in at `/api/auth/token` with the e-mail in small letters.

        202, whether the e-mail was known or not: an account that is there already stays as it is,
        its password included. Where mail is sent, its owner gets one either way: to verify the
        address (`/api/auth/verify-email`), or that there is an account already.

        Limited in how often: 429 says when to try again.
        """
        said = Registration(data=request.data)
        said.is_valid(raise_exception=True)
        fields = dict(said.validated_data)
        joining.join(password=fields.pop("password"), fields=fields, at=clock.now())
        return Response(status=202)
