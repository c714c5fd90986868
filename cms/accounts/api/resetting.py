"""Forgotten passwords over REST: /api/auth/forgot-password and /api/auth/reset-password."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from cms.accounts import mails, resetting
from cms.shared import clock
from cms.shared.api import CamelCase


class ByClient(SimpleRateThrottle):
    """How often one address asks, whoever is named; shared with the pages."""

    scope = "mail"

    def get_cache_key(self, request: Any, view: Any) -> str:
        """Where the request comes from."""
        return f"throttle_mail_{self.get_ident(request)}"


class Forgotten(CamelCase):
    """Who forgot the password."""

    email = serializers.CharField(max_length=254, help_text="Letter case does not count")


class NewPassword(CamelCase):
    """What the mail names, and the password to have."""

    uid = serializers.CharField(max_length=20)
    token = serializers.CharField(max_length=200)
    new_password = serializers.CharField(
        trim_whitespace=False, max_length=1000, style={"input_type": "password"}
    )


class Open(APIView):
    """For whoever cannot log in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ByClient,)
    refusals: ClassVar[dict[str, str]] = {"429": "Too often; Retry-After says when to come back"}


class ForgotPassword(Open):
    """Asking for the mail."""

    refusals: ClassVar[dict[str, str]] = {
        **Open.refusals,
        "409": "No mail is sent from here (`mail_is_off`): the operator sets a new password",
    }

    @extend_schema(
        request=Forgotten,
        responses={202: OpenApiResponse(description="Taken: look into the mail box")},
        operation_id="auth_forgot_password",
        auth=[],
        examples=[
            OpenApiExample("A driver", value={"email": "ann@example.com"}, request_only=True)
        ],
    )
    def post(self, request: Request) -> Response:
        """Have a link, and a code for apps, sent by mail: good once, for an hour as it is set up.

        202, after the same work, whether anybody has the address or not. Limited for the client
        and for the address: 429 says when to try again.
        """
        said = Forgotten(data=request.data)
        said.is_valid(raise_exception=True)
        if not resetting.forgotten(email=said.validated_data["email"], at=clock.now()):
            raise too_often()
        return Response(status=202)


class ResetPassword(Open):
    """Using it."""

    @extend_schema(
        request=NewPassword,
        responses={204: None},
        operation_id="auth_reset_password",
        auth=[],
        examples=[
            OpenApiExample(
                "As the mail has it",
                value={
                    "uid": "7",
                    "token": "d1b2c3-9fb0c7d1a2e34f5566778899aabbccdd",
                    "newPassword": "battery staple 7",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Set a new password by the `uid` and the `token` of the mail; then log in.

        Every token and session there was ends. A second factor stays: the login asks for it.
        """
        said = NewPassword(data=request.data)
        said.is_valid(raise_exception=True)
        fields = said.validated_data
        resetting.reset(uid=fields["uid"], token=fields["token"], new=fields["new_password"])
        return Response(status=204)


def too_often() -> Throttled:
    """What is said where an address had its mails of the hour (429)."""
    wait = mails.WINDOW.total_seconds()
    return Throttled(wait=wait, detail="This address was sent several mails already.")
