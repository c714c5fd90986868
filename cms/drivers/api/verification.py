"""Verifying an e-mail address over REST: /api/auth/verify-email, /api/me/verify-email."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from cms.accounts import verifying
from cms.accounts.api.resetting import Open, too_often
from cms.drivers import joining
from cms.drivers.api.own import Own, myself
from cms.shared import clock
from cms.shared.api import CamelCase


class Verification(CamelCase):
    """What the mail names."""

    token = serializers.CharField(max_length=1000)


class VerifyEmail(Open):
    """Using it."""

    @extend_schema(
        request=Verification,
        responses={204: None},
        operation_id="auth_verify_email",
        auth=[],
        examples=[
            OpenApiExample(
                "As the mail has it",
                value={"token": "WzcsImFubkBleGFtcGxlLmNvbSJd:1vMc2F:0Y8m5uq7Hn2VtqkX3yQm1w"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Say that the mail arrived: `emailVerified` is true from now on. Twice does no harm."""
        said = Verification(data=request.data)
        said.is_valid(raise_exception=True)
        joining.verify(token=said.validated_data["token"])
        return Response(status=204)


class VerificationViews(Own, ViewSet):
    """Asking for the mail once more."""

    refusals: ClassVar[dict[str, str]] = {
        **Own.refusals,
        "409": "Nothing to verify, or no mail is sent from here (`mail_is_off`)",
        "429": "Too often; Retry-After says when to come back",
    }

    @extend_schema(
        request=None,
        responses={202: OpenApiResponse(description="Taken: look into the mail box")},
        operation_id="me_verify_email",
    )
    def create(self, request: Request) -> Response:
        """Have the mail sent to the address you have now, three times an hour at most."""
        if not verifying.ask_again(user=myself(request), at=clock.now()):
            raise too_often()
        return Response(status=202)
